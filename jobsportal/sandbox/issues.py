"""`/api/issues` and `/api/comments`: what reviewers point out in a job, and what is said about it."""

from __future__ import annotations

from typing import Any

from .checks import Check, boolean, checked, integer, listed, number, text
from .filters import Field, json_logic, keep, ordering, search
from .jobs import existing_user
from .jobtable import Job
from .messages import Request, Response, crash, forbidden, missing, refuse
from .paging import paginate
from .permissions import (
    in_context,
    may_change_issue,
    may_delete_issue,
    may_see_issue,
    may_work_on_job,
    require_membership,
)
from .service import Service, path_id
from .store import Comment, Issue, Store

Pair = tuple[Issue, Comment]
POSITION = listed(number)
REQUIRED = ("frame", "position", "job", "message")


def _name(store: Store, user_id: int | None) -> str | None:
    return store.users[user_id].username if user_id else None


def _visible(service: Service, request: Request) -> list[Issue]:
    """In the organization that is named, or everywhere, by ascending id."""
    store, me = service.store, request.person()
    require_membership(store, request)
    rows = [issue for issue in store.issues if in_context(request, store.jobs[issue.job_id].organization_id)]
    return sorted((issue for issue in rows if may_see_issue(store, me, issue)), key=lambda issue: issue.id)


def list_issues(service: Service, request: Request) -> Response:
    """`GET /api/issues?job_id=`."""
    store = service.store
    fields: dict[str, Field[Issue]] = {
        "id": Field(lambda issue: issue.id, int),
        "job_id": Field(lambda issue: issue.job_id, int),
        "task_id": Field(lambda issue: store.jobs[issue.job_id].task_id, int),
        "frame_id": Field(lambda issue: issue.frame, int),
        "owner": Field(lambda issue: _name(store, issue.owner_id)),
        "assignee": Field(lambda issue: _name(store, issue.assignee_id)),
        "resolved": Field(lambda issue: issue.resolved, bool),
    }
    rows = _asked(request, _visible(service, request), fields)
    rows = keep(rows, search(request, [fields[name].read for name in ("owner", "assignee")]))
    return paginate(request, ordering(request, rows, fields), service.renderer(request).issue)


def list_comments(service: Service, request: Request) -> Response:
    """`GET /api/comments?job_id=|issue_id=`."""
    store = service.store
    pairs = [(issue, comment) for issue in _visible(service, request) for comment in issue.comments]
    fields: dict[str, Field[Pair]] = {
        "id": Field(lambda pair: pair[1].id, int),
        "job_id": Field(lambda pair: pair[0].job_id, int),
        "issue_id": Field(lambda pair: pair[0].id, int),
        "frame_id": Field(lambda pair: pair[0].frame, int),
        "owner": Field(lambda pair: _name(store, pair[1].owner_id)),
    }
    rows = _asked(request, sorted(pairs, key=lambda pair: pair[1].id), fields)
    rows = keep(rows, search(request, [fields["owner"].read]))
    renderer = service.renderer(request)
    return paginate(request, ordering(request, rows, fields), lambda pair: renderer.comment(*pair))


def _asked(request: Request, rows: list[Any], fields: dict[str, Field[Any]]) -> list[Any]:
    """The parameters that name a column, and JSON Logic."""
    for name, field in fields.items():
        wanted = request.param(name)
        if wanted and name != "id":
            rows = [row for row in rows if str(field.read(row)).lower() == wanted.lower()]
    return keep(rows, json_logic(request, fields))


def _find_issue(service: Service, request: Request, issue_id: object) -> Issue:
    number = path_id(str(issue_id))
    issue = next((issue for issue in service.store.issues if issue.id == number), None)
    if issue is None:
        raise missing(request, "Issue")
    if not may_see_issue(service.store, request.person(), issue):
        raise forbidden()
    return issue


def _find_comment(service: Service, request: Request, comment_id: str) -> Pair:
    number = path_id(comment_id)
    pairs = ((issue, comment) for issue in service.store.issues for comment in issue.comments)
    found = next((pair for pair in pairs if pair[1].id == number), None)
    if found is None:
        raise missing(request, "Comment")
    if not may_see_issue(service.store, request.person(), found[0]):
        raise forbidden()
    return found


def retrieve_issue(service: Service, request: Request, issue_id: str) -> Response:
    """`GET /api/issues/{id}`."""
    return Response(data=service.renderer(request).issue(_find_issue(service, request, issue_id)))


def retrieve_comment(service: Service, request: Request, comment_id: str) -> Response:
    """`GET /api/comments/{id}`."""
    return Response(data=service.renderer(request).comment(*_find_comment(service, request, comment_id)))


def create_issue(service: Service, request: Request) -> Response:
    """`POST /api/issues`: by whoever works on the job. The message becomes the first comment."""
    store, me, data = service.store, request.person(), request.json()
    with store.lock:
        job = _job_of(store, data)
        if job is not None and not may_work_on_job(store, me, job):
            raise forbidden()
        checks: dict[str, Check] = {"frame": integer(0), "position": POSITION, "job": integer(), "message": text}
        fields = checked(data, checks | {"resolved": boolean}, REQUIRED)
        if job is None:
            raise refuse(400, {"job": [f'Invalid pk "{fields["job"]}" - object does not exist.']})
        assignee = existing_user(store, data["assignee"]) if data.get("assignee") is not None else None
        now = store.now()
        issue = Issue(
            store.new_id(), job.id, fields["frame"], fields["position"], me.id, assignee, now,
            fields.get("resolved", False), [Comment(store.new_id(), me.id, fields["message"], now)],
        )  # fmt: skip
        store.issues.append(issue)
        return Response(201, data=service.renderer(request).issue(issue))


def _job_of(store: Store, data: Any) -> Job | None:
    """Looked up while asking for permission."""
    if not isinstance(data, dict):
        raise crash()
    number = data.get("job")
    return store.jobs.get(number) if isinstance(number, int) else None


def update_issue(service: Service, request: Request, issue_id: str) -> Response:
    """`PATCH /api/issues/{id}`: assignee (an id or null), position, resolved."""
    store = service.store
    with store.lock:
        issue, data = _find_issue(service, request, issue_id), request.json()
        if not may_change_issue(store, request.person(), issue):
            raise forbidden()
        fields = checked(data, {"position": POSITION, "resolved": boolean})
        if "assignee" in data:
            issue.assignee_id = existing_user(store, data["assignee"]) if data["assignee"] is not None else None
        issue.position = fields.get("position", issue.position)
        issue.resolved = fields.get("resolved", issue.resolved)
        issue.updated = store.now()
        return Response(data=service.renderer(request).issue(issue))


def delete_issue(service: Service, request: Request, issue_id: str) -> Response:
    """`DELETE /api/issues/{id}`, with what was said about it."""
    store = service.store
    with store.lock:
        issue = _find_issue(service, request, issue_id)
        if not may_delete_issue(store, request.person(), issue):
            raise forbidden()
        store.issues.remove(issue)
        return Response(204)


def create_comment(service: Service, request: Request) -> Response:
    """`POST /api/comments`: by whoever works on the job or has to do with the issue."""
    store, me = service.store, request.person()
    with store.lock:
        fields = checked(request.json(), {"issue": integer(), "message": text}, ("issue", "message"))
        issue = _find_issue(service, request, fields["issue"])
        if not may_change_issue(store, me, issue):
            raise forbidden()
        comment = Comment(store.new_id(), me.id, fields["message"], store.now())
        issue.comments.append(comment)
        return Response(201, data=service.renderer(request).comment(issue, comment))


def update_comment(service: Service, request: Request, comment_id: str) -> Response:
    """`PATCH /api/comments/{id}`: one's own."""
    store = service.store
    with store.lock:
        issue, comment = _own_comment(service, request, comment_id)
        comment.message = checked(request.json(), {"message": text}).get("message", comment.message)
        comment.updated = store.now()
        return Response(data=service.renderer(request).comment(issue, comment))


def delete_comment(service: Service, request: Request, comment_id: str) -> Response:
    """`DELETE /api/comments/{id}`: one's own."""
    with service.store.lock:
        issue, comment = _own_comment(service, request, comment_id)
        issue.comments.remove(comment)
        return Response(204)


def _own_comment(service: Service, request: Request, comment_id: str) -> Pair:
    """A comment belongs to whoever wrote it, and to whoever may delete the issue."""
    issue, comment = _find_comment(service, request, comment_id)
    me = request.person()
    if comment.owner_id != me.id and not may_delete_issue(service.store, me, issue):
        raise forbidden()
    return issue, comment
