from django.urls import path

from jobsportal.bundles import views

app_name = "bundles"
urlpatterns = [
    path("downloads/bundles/<uuid:key>/", views.bundle, name="bundle"),
    path("downloads/bundles/<uuid:key>/file", views.file, name="file"),
    path("downloads/bundles/<uuid:key>/stop", views.stop, name="stop"),
    path("downloads/bundles/<uuid:key>/again", views.again, name="again"),
    path("downloads/bundles/<uuid:key>/remove", views.remove, name="remove"),
]
