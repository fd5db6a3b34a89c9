from django.urls import path

from jobsportal.annotations import many_views

app_name = "upload"
urlpatterns = [
    path("", many_views.many, name="many"),
    path("match", many_views.match, name="match"),
]
