"""The table of endpoints, and the order in which the upstream looks at a request.

Type of the answer, then who asks, then the throttle, then the organization, then the method, then the handler.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import (
    about,
    auth,
    cloud_storages,
    data,
    directory,
    downloads,
    exports,
    ground_truth,
    issues,
    job_options,
    jobs,
    legacy,
    people,
    requests_,
    tus,
    validation,
)
from . import annotations as job_annotations
from .messages import NOT_FOUND_PAGE, NOTHING, SERVER_ERROR_PAGE, Refusal, Request, Response, crash, detail, page
from .negotiation import browsable, negotiate
from .permissions import resolve_organization
from .service import Service

Handler = Callable[..., Response]


@dataclass(frozen=True)
class Route:
    """One path: its methods, what `Allow` says, and who may come in."""

    pattern: re.Pattern[str]
    methods: dict[str, Handler]
    allow: str
    name: str
    open: bool = False  # for everybody, counted by the throttle
    plain: bool = False  # outside the API framework: no negotiation, nobody is asked who they are
    newer: bool = False  # unknown to the older generation
    actions: Callable[[Request], dict[str, Any]] | None = None  # what OPTIONS tells of the fields to send


ANY_ID = r"([^/]+)"
THINGS = "(jobs|tasks|projects)"
WHOLES = "(tasks|projects)"


def _route(path: str, name: str, allow: str, **more: Any) -> Route:
    """`more` are methods with their handlers, in capitals, and what else a route has."""
    methods = {key: handler for key, handler in more.items() if key.isupper()}
    rest = {key: value for key, value in more.items() if not key.isupper()}
    return Route(re.compile(path), methods, allow, name, **rest)


READ = "GET, HEAD, OPTIONS"
LIST = "GET, POST, HEAD, OPTIONS"
INSTANCE = "GET, PATCH, DELETE, HEAD, OPTIONS"
ANNOTATIONS = "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS"

ROUTES = [
    _route("/", "Root", READ, plain=True, GET=about.root),
    _route(r"/tasks/\d+/jobs/\d+", "User Interface", READ, plain=True, GET=about.user_interface),
    _route("/api/server/health/", "Health", READ, plain=True, GET=about.health),
    _route("/api/", "Api Root", READ, plain=True, GET=about.api_root),
    _route("/api/auth/signing", "Signing", "POST, OPTIONS", POST=auth.sign),
    _route("/api/auth/login", "Login", "POST, OPTIONS", open=True, POST=auth.login),
    _route("/api/auth/logout", "Logout", LIST, open=True, POST=auth.logout),
    _route("/api/server/about", "About", READ, open=True, GET=about.about),
    _route("/api/server/annotation/formats", "Annotation Formats", READ, GET=about.formats),
    _route("/api/server/plugins", "Plugins", READ, GET=about.plugins),
    _route("/api/users/self", "Self", READ, GET=people.self_user),
    _route("/api/users", "User List", READ, GET=people.list_users),
    _route(f"/api/users/{ANY_ID}", "User Instance", INSTANCE, GET=people.retrieve_user),
    _route("/api/organizations", "Organization List", LIST, GET=people.list_organizations),
    _route(
        f"/api/organizations/{ANY_ID}",
        "Organization Instance",
        INSTANCE,
        GET=people.retrieve_organization,
    ),
    _route("/api/memberships", "Membership List", READ, GET=people.list_memberships),
    _route("/api/tasks", "Task List", LIST, GET=directory.list_tasks),
    _route(f"/api/tasks/{ANY_ID}", "Task Instance", INSTANCE, GET=directory.retrieve_task),
    _route(
        f"/api/tasks/{ANY_ID}/validation_layout",
        "Validation Layout",
        "GET, PATCH, HEAD, OPTIONS",
        GET=validation.of_task,
        PATCH=validation.update_of_task,
        newer=True,
    ),
    _route("/api/projects", "Project List", LIST, GET=directory.list_projects),
    _route(
        f"/api/projects/{ANY_ID}",
        "Project Instance",
        INSTANCE,
        GET=directory.retrieve_project,
    ),
    _route("/api/labels", "Label List", READ, GET=directory.list_labels),
    _route("/api/issues", "Issue List", LIST, GET=issues.list_issues, POST=issues.create_issue),
    _route(
        f"/api/issues/{ANY_ID}",
        "Issue Instance",
        INSTANCE,
        GET=issues.retrieve_issue,
        PATCH=issues.update_issue,
        DELETE=issues.delete_issue,
    ),
    _route("/api/comments", "Comment List", LIST, GET=issues.list_comments, POST=issues.create_comment),
    _route(
        f"/api/comments/{ANY_ID}",
        "Comment Instance",
        INSTANCE,
        GET=issues.retrieve_comment,
        PATCH=issues.update_comment,
        DELETE=issues.delete_comment,
    ),
    _route("/api/cloudstorages", "Cloud Storage List", LIST, GET=cloud_storages.list_all),
    _route(f"/api/cloudstorages/{ANY_ID}", "Cloud Storage Instance", INSTANCE, GET=cloud_storages.retrieve),
    _route(f"/api/cloudstorages/{ANY_ID}/content-v2", "Content V2", READ, GET=cloud_storages.content),
    _route("/api/jobs", "Job List", LIST, GET=jobs.list_jobs, POST=ground_truth.create, actions=job_options.actions),
    _route(
        f"/api/jobs/{ANY_ID}",
        "Job Instance",
        INSTANCE,
        GET=jobs.retrieve_job,
        PATCH=jobs.update_job,
        DELETE=jobs.delete_job,
    ),
    _route(
        f"/api/jobs/{ANY_ID}/validation_layout",
        "Validation Layout",
        "GET, PATCH, HEAD, OPTIONS",
        GET=validation.of_job,
        PATCH=validation.update_of_job,
        newer=True,
    ),
    _route(f"/api/jobs/{ANY_ID}/preview", "Preview", READ, GET=data.preview),
    _route(f"/api/jobs/{ANY_ID}/data", "Data", READ, GET=data.data),
    _route(
        f"/api/jobs/{ANY_ID}/data/meta", "Metadata", "GET, PATCH, HEAD, OPTIONS", GET=data.meta, PATCH=data.update_meta
    ),
    _route(
        f"/api/jobs/{ANY_ID}/annotations/?",
        "Annotations",
        ANNOTATIONS,
        GET=legacy.retrieve_annotations,
        PUT=legacy.replace_annotations,
        PATCH=job_annotations.patch,
        DELETE=job_annotations.clear,
        POST=legacy.import_annotations,
        OPTIONS=tus.options,
    ),
    _route(
        f"/api/jobs/{ANY_ID}/annotations/{ANY_ID}",
        "Append Annotations Chunk",
        "PATCH, HEAD, OPTIONS",
        PATCH=tus.append,
        HEAD=tus.offset,
        OPTIONS=tus.options,
    ),
    _route(f"/api/{THINGS}/{ANY_ID}/dataset", "Dataset", READ, GET=legacy.dataset),
    _route(f"/api/(projects)/{ANY_ID}/dataset/", "Dataset", READ, GET=legacy.dataset),
    _route(f"/api/{WHOLES}/{ANY_ID}/annotations/?", "Annotations", ANNOTATIONS, GET=legacy.export_annotations),
    _route(f"/api/{THINGS}/{ANY_ID}/dataset/export", "Export", "POST, OPTIONS", POST=exports.start),
    _route(f"/api/{THINGS}/{ANY_ID}/dataset/download", "Download", READ, GET=downloads.download),
    _route("/api/requests", "Request List", READ, GET=requests_.list_requests),
    _route("/api/requests/(.+)/cancel", "Cancel", "POST, OPTIONS", POST=requests_.cancel),
    _route("/api/requests/(.+)", "Request Instance", READ, GET=requests_.retrieve),
]


def handle(service: Service, request: Request) -> Response:
    """Answers one request; whatever goes wrong becomes an answer too."""
    request.is_old = service.is_old
    if request.method == "OPTIONS" and "access-control-request-method" in request.headers:
        return _dressed(Response(content_type="text/html; charset=utf-8"), "Origin")
    for route in ROUTES:
        found = route.pattern.fullmatch(request.path)
        if found and not (route.newer and service.is_old):
            return _answer(service, request, route, found.groups())
    return _outside(request, page(404, NOT_FOUND_PAGE))


def _answer(service: Service, request: Request, route: Route, parts: tuple[str, ...]) -> Response:
    kind = "application/vnd.cvat+json"
    try:
        if route.plain:
            return _plain(service, request, route)
        kind = negotiate(request)
        response = _checked(service, request, route, parts)
    except Refusal as refusal:
        response = refusal.response
    except Exception:  # the upstream's crash, not the sandbox's
        response = page(500, SERVER_ERROR_PAGE)
    return _finished(request, route, response, kind)


def _plain(service: Service, request: Request, route: Route) -> Response:
    handler = route.methods.get(request.method)
    response = handler(service, request) if handler else Response(405, body=b"", content_type="text/html")
    return _dressed(response, "Origin, Cookie") if route.name == "Health" else _outside(request, response)


def _checked(service: Service, request: Request, route: Route, parts: tuple[str, ...]) -> Response:
    auth.identify(service.store, request)
    if request.user is None:
        if not route.open:
            raise auth.unauthorized()
        service.throttle.check(request)
    else:
        resolve_organization(service.store, request)
    handler = route.methods.get(request.method)
    if handler is not None:
        return handler(service, request, *parts)
    if request.method == "OPTIONS":
        return _describe(request, route)
    if request.method == "HEAD" and "HEAD" in route.allow:
        return page(500, SERVER_ERROR_PAGE)  # HEAD isn't mapped to anything upstream can do
    if service.is_old and route.name == "Job List":
        raise crash()  # asked whether one may do what nobody has thought of
    raise detail(405, f'Method "{request.method}" not allowed.')


def _describe(request: Request, route: Route) -> Response:
    kinds: dict[str, Any] = {"renders": ["application/vnd.cvat+json", "text/html"], "parses": ["application/json"]}
    more = route.actions(request) if route.actions else {}
    return Response(data={"name": route.name, "description": ""} | kinds | more)


def _finished(request: Request, route: Route, response: Response, kind: str) -> Response:
    """Puts on what every answer of the framework carries, and the page for browsers."""
    if response.bare:
        return response
    if response.status == 500 and response.data is NOTHING:
        return _dressed(response, "Origin")
    if kind == "text/html" and isinstance(response.data, (dict, list)):
        response.body, response.content_type = browsable(response.data, route.name)
        response.data = Response().data
        response.headers.append(auth.csrf_cookie(request))
    cookie = ", Cookie" if response.status < 400 or (request.user is None and not _names_token(request)) else ""
    response.headers.append(("Allow", route.allow))
    return _dressed(response, f"Accept, Origin{cookie}")


def _names_token(request: Request) -> bool:
    """A token is looked at first; what else there is needs a look at the session before."""
    return request.headers.get("authorization", "").lower().startswith("token")


def _outside(request: Request, response: Response) -> Response:
    """What is answered before the framework has a say; only the newer generation looks at the session even there."""
    return _dressed(response, "Origin" if request.is_old else "Origin, Cookie")


def _dressed(response: Response, vary: str) -> Response:
    response.headers.append(("Vary", vary))
    return response
