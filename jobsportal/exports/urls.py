from django.urls import path

from jobsportal.exports import file_views, views

app_name = "exports"
urlpatterns = [
    path("jobs/<id:job_id>/export/", views.export, name="export"),
    path("downloads/", views.downloads, name="downloads"),
    path("downloads/again", views.again, name="again"),
    path("downloads/cancel", views.cancel, name="cancel"),
    path("downloads/file", file_views.file, name="file"),
]
