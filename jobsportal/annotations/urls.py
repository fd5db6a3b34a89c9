from django.urls import path

from jobsportal.annotations import change_views, json_views, many_views, piece_views, upload_views, views

app_name = "annotations"
urlpatterns = [
    path("<id:job_id>/annotations/", views.counts, name="counts"),
    path("<id:job_id>/annotations.json", views.copy, name="copy"),
    path("<id:job_id>/annotations/edit/", json_views.edit, name="edit"),
    path("<id:job_id>/annotations/edit/<uuid:key>/", change_views.draft, name="draft"),
    path("<id:job_id>/annotations/clear/", change_views.clear, name="clear"),
    path("<id:job_id>/annotations/backups/<uuid:key>.json", json_views.backup_file, name="backup"),
    path("<id:job_id>/annotations/backups/<uuid:key>/restore/", change_views.restore, name="restore"),
    path("<id:job_id>/upload/", upload_views.upload, name="upload"),
    path("<id:job_id>/upload/progress", upload_views.progress, name="progress"),
    path("<id:job_id>/upload/begin", piece_views.begin, name="begin"),
    path("<id:job_id>/upload/piece", piece_views.piece, name="piece"),
    path("<id:job_id>/upload/finish", piece_views.finish, name="finish"),
    path("<id:job_id>/upload/now", many_views.now, name="now"),
    path("<id:job_id>/upload/stands", many_views.stands, name="stands"),
]
