from django.urls import path

from jobsportal.saved_views import views

app_name = "saved_views"
urlpatterns = [
    path("", views.views, name="views"),
    path("new", views.new, name="new"),
    path("count", views.count, name="count"),
    path("<uuid:key>/", views.open_view, name="open"),
    path("<uuid:key>/count", views.view_count, name="view_count"),
    path("<uuid:key>/edit", views.edit, name="edit"),
    path("<uuid:key>/update", views.update, name="update"),
    path("<uuid:key>/copy", views.copy, name="copy"),
    path("<uuid:key>/delete", views.delete, name="delete"),
]
