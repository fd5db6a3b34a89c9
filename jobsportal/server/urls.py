from django.urls import path

from jobsportal.server import views

app_name = "server"
urlpatterns = [path("", views.about, name="about")]
