"""The pages of runs."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render

from jobsportal.accounts.person import PortalRequest


def run_list(request: PortalRequest) -> HttpResponse:
    return render(request, "runs/list.html")


def create(request: PortalRequest) -> HttpResponse:
    return render(request, "runs/list.html")


def run(request: PortalRequest, key: UUID) -> HttpResponse:
    return render(request, "runs/list.html")


begin = stop = again = undo = outcomes = run
