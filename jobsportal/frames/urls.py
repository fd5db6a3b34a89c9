from django.urls import path

from jobsportal.frames import data_views, views

app_name = "frames"
urlpatterns = [
    path("<id:job_id>/frames/", views.viewer, name="first"),
    path("<id:job_id>/frames/<id:number>/", views.viewer, name="frame"),
    path("<id:job_id>/frames/<id:number>/picture", views.picture, name="picture"),
    path("<id:job_id>/data/", data_views.data, name="data"),
    path("<id:job_id>/data/frames.csv", data_views.frames_csv, name="csv"),
]
