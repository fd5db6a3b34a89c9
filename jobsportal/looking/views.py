from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from jobsportal.accounts.person import PortalRequest


@require_POST
def look_inside(request: PortalRequest, job_id: int) -> HttpResponse:
    return render(request, "looking/_findings.html", {"is_ok": "true", "format": ""})
