"""What every page knows of one's downloads."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from jobsportal.exports import news


def downloads(request: HttpRequest) -> dict[str, Any]:
    """What was asked for and not looked at since, read from the cache once a page shows it. No upstream call."""
    person = getattr(request, "person", None)
    return {"news_of_downloads": SimpleLazyObject(lambda: news.known(person)) if person else None}
