"""The pages of the workload."""

from django.http import HttpResponse
from django.shortcuts import render

from jobsportal.accounts.person import PortalRequest


def people(request: PortalRequest) -> HttpResponse:
    return render(request, "workload/people.html")
