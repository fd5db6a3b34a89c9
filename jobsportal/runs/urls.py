from django.urls import path

from jobsportal.runs import planning_views, views

app_name = "runs"
urlpatterns = [
    path("", views.run_list, name="list"),
    path("new", planning_views.create, name="create"),
    path("<uuid:key>/", views.run, name="run"),
    path("<uuid:key>/begin", views.begin, name="begin"),
    path("<uuid:key>/stop", views.stop, name="stop"),
    path("<uuid:key>/again", views.again_view, name="again"),
    path("<uuid:key>/undo", views.undo, name="undo"),
    path("<uuid:key>/outcomes.csv", views.outcomes, name="outcomes"),
]
