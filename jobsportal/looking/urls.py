from django.urls import path

from jobsportal.looking import views

app_name = "looking"
urlpatterns = [
    path("<id:job_id>/look", views.look_inside, name="look"),
]
