"""Handing a bundle over: written while it is sent, in an order that never changes, so that it can be gone on with."""

from django.http import HttpRequest, HttpResponseBase

from jobsportal.accounts.person import Person
from jobsportal.bundles.models import Bundle


def handed_over(request: HttpRequest, person: Person, bundle: Bundle) -> HttpResponseBase:
    """The answer to GET or HEAD of a bundle's file, read from the upstream as `person` (its owner, or whoever shared
    it). Heeds Range and If-Range where the file's length is known. Raises what the upstream answers to the first part.

    Parts that are still being made are waited for while the others are sent."""
    raise NotImplementedError


def filename_of(bundle: Bundle) -> str:
    """Such as `Street-scenes-finished-work-86-jobs-coco-2026-11-23.zip`."""
    raise NotImplementedError
