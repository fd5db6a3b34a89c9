from django.urls import path

from jobsportal.workload import views

app_name = "workload"
urlpatterns = [
    path("", views.people, name="people"),
]
