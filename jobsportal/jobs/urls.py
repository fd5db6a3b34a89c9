from django.urls import path

from jobsportal.jobs import edit_views, list_views, live, palette, rule_views, views

app_name = "jobs"
urlpatterns = [
    path("", list_views.job_list, name="list"),
    path("list.csv", list_views.job_csv, name="csv"),
    path("list.xlsx", list_views.job_excel, name="excel"),
    path("usual", list_views.keep_usual, name="usual"),
    path("rows", live.rows, name="rows"),
    path("go", palette.go, name="go"),
    path("people", list_views.people, name="people"),
    path("suggestions/<str:kind>", list_views.suggestions, name="suggestions"),
    path("rule", rule_views.rule, name="rule"),
    path("undo", edit_views.undo, name="undo"),
    path("<id:job_id>/", edit_views.job, name="job"),
    path("<id:job_id>/edit/<str:field>", edit_views.edit_field, name="edit"),
    path("<id:job_id>/preview", views.preview, name="preview"),
]
