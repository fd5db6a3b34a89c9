from django.urls import path

from jobsportal.ground_truth import deleting, views

app_name = "ground_truth"
urlpatterns = [
    path("new/", views.create, name="create"),
    path("new/picture/<id:job_id>/<id:frame>", views.picture, name="picture"),
    path("<id:job_id>/delete/", deleting.delete, name="delete"),
]
