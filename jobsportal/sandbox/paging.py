"""Pages of lists as the upstream cuts them, and the absolute links between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from .messages import Request, Response, detail

T = TypeVar("T")
DEFAULT_SIZE = 10


def page_size(request: Request, total: int) -> int:
    """`all` means everything; what isn't a positive number falls back to ten. There is no maximum."""
    asked = request.param("page_size") or ""
    if asked == "all":
        return max(total, 1)
    try:
        size = int(asked)
    except ValueError:
        return DEFAULT_SIZE
    return size if size > 0 else DEFAULT_SIZE


def paginate(request: Request, rows: Sequence[T], render: Callable[[T], dict[str, Any]]) -> Response:
    """One page of `rows`, each rendered, with count and links."""
    size = page_size(request, len(rows))
    pages = max(1, -(-len(rows) // size))
    number = _page_number(request, pages)
    part = rows[(number - 1) * size : number * size]
    return Response(
        data={
            "count": len(rows),
            "next": _link(request, number + 1) if number < pages else None,
            "previous": _link(request, number - 1) if number > 1 else None,
            "results": [render(row) for row in part],
        }
    )


def _page_number(request: Request, pages: int) -> int:
    asked = request.param("page")
    if asked == "last":
        return pages
    try:
        number = int(asked) if asked else 1
    except ValueError:
        number = 0
    if not 1 <= number <= pages:
        raise detail(404, "Invalid page.")
    return number


def _link(request: Request, number: int) -> str:
    """The first page is spelled without its number; parameters are sorted by name."""
    query = {name: values for name, values in request.query.items() if name != "page"}
    if number > 1:
        query["page"] = [str(number)]
    words = urlencode(sorted(query.items()), doseq=True)
    return f"{request.base()}{request.path}" + (f"?{words}" if words else "")
