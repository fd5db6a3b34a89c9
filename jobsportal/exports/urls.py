from django.urls import path

from jobsportal.exports import again_views, downloads_views, file_views, get_confirm, get_views, views

app_name = "exports"
urlpatterns = [
    path("jobs/<id:job_id>/export/", views.export, name="export"),
    path("downloads/", downloads_views.downloads, name="downloads"),
    path("downloads/news", downloads_views.look_for_news, name="news"),
    path("downloads/again", again_views.again, name="again"),
    path("downloads/cancel", again_views.cancel, name="cancel"),
    path("downloads/file", file_views.file, name="file"),
    path("downloads/get/", get_views.what, name="get"),
    path("downloads/get/for", get_views.what_for, name="get_for"),
    path("downloads/get/images", get_views.images, name="get_images"),
    path("downloads/get/confirm", get_confirm.confirm, name="get_confirm"),
]
