"""Saving, opening, sharing and deleting views."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect

from jobsportal.accounts.person import PortalRequest


def open_view(request: PortalRequest, key: UUID) -> HttpResponse:
    return redirect("jobs:list")
