from django.urls import path

from jobsportal.jobs import rule_views, views

app_name = "jobs"
urlpatterns = [
    path("", views.job_list, name="list"),
    path("list.csv", views.job_csv, name="csv"),
    path("people", views.people, name="people"),
    path("suggestions/<str:kind>", views.suggestions, name="suggestions"),
    path("rule", rule_views.rule, name="rule"),
    path("undo", views.undo, name="undo"),
    path("<id:job_id>/", views.job, name="job"),
    path("<id:job_id>/edit/<str:field>", views.edit_field, name="edit"),
    path("<id:job_id>/preview", views.preview, name="preview"),
]
