from django.urls import path

from jobsportal.activity import views

app_name = "activity"
urlpatterns = [
    path("activity/", views.activity_list, name="list"),
    path("activity/changes.csv", views.activity_csv, name="csv"),
    path("jobs/<id:job_id>/history/", views.history, name="history"),
]
