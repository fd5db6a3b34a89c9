"""What the server tells of itself, and the few addresses that are outside its API."""

from __future__ import annotations

from email.utils import formatdate

from .formats import listing
from .messages import Request, Response, crash
from .service import Service

NEVER_KEPT = "max-age=0, no-cache, no-store, must-revalidate, private"


def about(service: Service, request: Request) -> Response:
    """`GET /api/server/about`: open to everybody."""
    told = {
        "name": "Computer Vision Annotation Tool",
        "description": "Answers like the annotation server, from memory, for demonstration and tests.",
        "version": f"{service.version}.0",
    }
    if not service.is_old:
        told |= {"logo_url": f"{request.base()}/static/logo.svg", "subtitle": "Open Data Annotation Platform"}
    return Response(data=told)


def health(service: Service, request: Request) -> Response:
    """`GET /api/server/health/`: answers plain JSON, whatever is asked for."""
    parts = ["Cache backend: default", "Cache backend: media", "DatabaseBackend", "DatabaseBackend[default]"]
    parts = [*(parts[:3] if service.is_old else parts), "DiskUsage", "MemoryUsage", "OPAHealthCheck"]
    words = ", ".join(f'"{part}": "working"' for part in parts)
    headers = [("Expires", formatdate(usegmt=True)), ("Cache-Control", NEVER_KEPT)]
    return Response(body=("{" + words + "}").encode(), content_type="application/json", headers=headers)


def formats(service: Service, request: Request) -> Response:
    """`GET /api/server/annotation/formats`: only what the sandbox really reads and writes."""
    return Response(data=listing(service.is_old))


def plugins(service: Service, request: Request) -> Response:
    """`GET /api/server/plugins`: what else the server can do; nothing here."""
    return Response(data={"GIT_INTEGRATION": False, "ANALYTICS": False, "MODELS": False, "PREDICT": False})


def api_root(service: Service, request: Request) -> Response:
    """`GET /api/`: upstream its own list of addresses breaks it."""
    raise crash()


def root(service: Service, request: Request) -> Response:
    """`GET /`: there is no user interface here."""
    return Response(410, body=b"", content_type="text/html; charset=utf-8")


def user_interface(service: Service, request: Request) -> Response:
    """`GET /tasks/{id}/jobs/{id}`: where CVAT's own user interface would open the job."""
    words = "This is a stand-in server without pages of its own. A real CVAT would open the job for annotation here."
    html = f'<!doctype html><html lang="en"><title>Stand-in CVAT</title><h1>Stand-in CVAT</h1><p>{words}</p></html>'
    return Response(body=html.encode(), content_type="text/html; charset=utf-8")
