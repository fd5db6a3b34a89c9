"""Every address of the portal."""

from django.urls import include, path, register_converter

from jobsportal.web import views
from jobsportal.web.converters import IdConverter

register_converter(IdConverter, "id")

urlpatterns = [
    path("", views.home, name="home"),
    path("", include("jobsportal.accounts.urls")),
    path("jobs/", include("jobsportal.jobs.urls")),
    path("runs/", include("jobsportal.runs.urls")),
    path("", include("jobsportal.activity.urls")),
    path("views/", include("jobsportal.saved_views.urls")),
    path("workload/", include("jobsportal.workload.urls")),
    path("distribute/", include("jobsportal.distribute.urls")),
    path("jobs/", include("jobsportal.annotations.urls")),
    path("upload/", include("jobsportal.annotations.many_urls")),
    path("jobs/", include("jobsportal.ground_truth.urls")),
    path("jobs/", include("jobsportal.frames.urls")),
    path("jobs/", include("jobsportal.looking.urls")),
    path("", include("jobsportal.exports.urls")),
    path("", include("jobsportal.bundles.urls")),
    path("", include("jobsportal.shares.urls")),
    path("server/", include("jobsportal.server.urls")),
]

handler400 = views.bad_request
handler404 = views.not_found
handler500 = views.server_error
