from django.urls import path

from jobsportal.distribute import views

app_name = "distribute"
urlpatterns = [
    path("", views.create, name="create"),
    path("<uuid:key>/", views.plan, name="plan"),
    path("<uuid:key>/move", views.move, name="move"),
    path("<uuid:key>/begin", views.begin, name="begin"),
]
