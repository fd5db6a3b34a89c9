"""The pages of the record."""

from django.http import HttpResponse
from django.shortcuts import render

from jobsportal.accounts.person import PortalRequest


def activity_list(request: PortalRequest) -> HttpResponse:
    return render(request, "activity/list.html")
