from django.urls import path

from jobsportal.annotations import upload_views, views

app_name = "annotations"
urlpatterns = [
    path("<id:job_id>/annotations/", views.counts, name="counts"),
    path("<id:job_id>/annotations.json", views.copy, name="copy"),
    path("<id:job_id>/upload/", upload_views.upload, name="upload"),
    path("<id:job_id>/upload/progress", upload_views.progress, name="progress"),
]
