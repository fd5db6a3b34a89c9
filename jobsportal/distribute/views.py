"""The page on which jobs are handed out."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect

from jobsportal.accounts.person import PortalRequest


def create(request: PortalRequest) -> HttpResponse:
    return redirect("jobs:list")


def plan(request: PortalRequest, key: UUID) -> HttpResponse:
    return redirect("jobs:list")
