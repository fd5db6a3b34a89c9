from django.urls import path

from jobsportal.saved_views import views

app_name = "saved_views"
urlpatterns = [
    path("<uuid:key>/", views.open_view, name="open"),
]
