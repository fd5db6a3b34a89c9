from django.urls import path

from jobsportal.workload import views

app_name = "workload"
urlpatterns = [
    path("", views.people, name="people"),
    path("projects", views.projects, name="projects"),
    path("tasks", views.tasks, name="tasks"),
    path("unlisted", views.unlisted, name="unlisted"),
    path("refresh", views.refresh, name="refresh"),
    path("<str:page>.<str:suffix>", views.file, name="file"),
    path("<str:kind>/<str:key>", views.row, name="row"),
]
