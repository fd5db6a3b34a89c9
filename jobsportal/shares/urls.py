from django.urls import path

from jobsportal.shares import owner_views, visitor_views

app_name = "shares"
urlpatterns = [
    path("downloads/share/", owner_views.share, name="share"),
    path("downloads/links/", owner_views.own_links, name="links"),
    path("downloads/links/<uuid:key>/withdraw", owner_views.revoke, name="revoke"),
    path("s/<str:token>", visitor_views.visit, name="visit"),
    path("s/<str:token>/download", visitor_views.download, name="download"),
    path("s/<str:token>/wait", visitor_views.wait, name="wait"),
    path("s/<str:token>/file", visitor_views.file, name="file"),
    path("s/", visitor_views.elsewhere),
    path("s/<path:rest>", visitor_views.elsewhere),
]
