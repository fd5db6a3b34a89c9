"""`/api/users`, `/api/organizations` and `/api/memberships`: who there is, and who belongs where."""

from __future__ import annotations

from typing import Any

from .filters import Field, Test, json_logic, keep, ordering, search
from .messages import Request, Response, forbidden, missing
from .paging import paginate
from .permissions import in_context, require_membership
from .service import Service, path_id
from .store import Membership, Organization, User


def self_user(service: Service, request: Request) -> Response:
    """`GET /api/users/self`."""
    return Response(data=service.renderer(request).full_user(request.person()))


def list_users(service: Service, request: Request) -> Response:
    """`GET /api/users`: colleagues of the organization, or oneself; a superuser sees everybody, in full."""
    store, me = service.store, request.person()
    require_membership(store, request)
    people: list[User] = list(store.users.values())
    if request.organization:
        members = {item.user_id for item in store.memberships if item.organization_id == request.organization.id}
        people = [user for user in people if user.id in members]
    elif not me.is_superuser:
        people = [me]
    fields: dict[str, Field[User]] = {
        "id": Field(lambda user: user.id, int),
        "username": Field(lambda user: user.username),
        "first_name": Field(lambda user: user.first_name),
        "last_name": Field(lambda user: user.last_name),
        "is_active": Field(lambda user: user.is_active, bool),
    }
    names = [fields[name].read for name in ("username", "first_name", "last_name")]
    people = keep(people, search(request, names), json_logic(request, fields), *_user_tests(request))
    renderer = service.renderer(request)

    def render(user: User) -> dict[str, Any]:
        return renderer.full_user(user) if me.is_superuser else renderer.brief_user(user)

    return paginate(request, ordering(request, people, fields), render)


def _user_tests(request: Request) -> list[Test[User]]:
    tests: list[Test[User]] = []
    active = {"true": True, "false": False}.get((request.param("is_active") or "").lower())
    if active is not None:
        tests.append(lambda user: user.is_active is active)
    for name in ("username", "first_name", "last_name"):
        if value := request.param(name):
            tests.append(lambda user, name=name, value=value: getattr(user, name) == value)  # type: ignore[misc]
    return tests


def retrieve_user(service: Service, request: Request, user_id: str) -> Response:
    """`GET /api/users/{id}`: oneself, or anybody for a superuser."""
    me = request.person()
    user = service.store.users.get(path_id(user_id))
    if user is None:
        raise missing(request, "User")
    if not me.is_superuser and user is not me:
        raise forbidden()
    return Response(data=service.renderer(request).full_user(user))


def list_organizations(service: Service, request: Request) -> Response:
    """`GET /api/organizations`: those one belongs to; a superuser sees all."""
    store, me = service.store, request.person()
    fields: dict[str, Field[Organization]] = {
        "id": Field(lambda org: org.id, int),
        "name": Field(lambda org: org.name),
        "slug": Field(lambda org: org.slug),
        "owner": Field(lambda org: store.users[org.owner_id].username),
    }
    rows = [org for org in store.organizations.values() if me.is_superuser or store.role(me, org.id)]
    rows = keep(rows, search(request, [fields["name"].read, fields["owner"].read]), json_logic(request, fields))
    return paginate(request, ordering(request, rows, fields), service.renderer(request).organization)


def retrieve_organization(service: Service, request: Request, org_id: str) -> Response:
    """`GET /api/organizations/{id}`."""
    store, me = service.store, request.person()
    organization = store.organizations.get(path_id(org_id))
    if organization is None:
        raise missing(request, "Organization")
    if not me.is_superuser and store.role(me, organization.id) is None:
        raise forbidden()
    return Response(data=service.renderer(request).organization(organization))


def list_memberships(service: Service, request: Request) -> Response:
    """`GET /api/memberships`: of the organization in context, else one's own (all for a superuser)."""
    store, me = service.store, request.person()
    require_membership(store, request)
    fields: dict[str, Field[Membership]] = {
        "id": Field(lambda item: item.id, int),
        "user": Field(lambda item: store.users[item.user_id].username),
        "role": Field(lambda item: item.role),
    }
    rows = [item for item in store.memberships if in_context(request, item.organization_id)]
    if request.organization is None and not me.is_superuser:
        rows = [item for item in rows if item.user_id == me.id]
    role, username = request.param("role"), request.param("user")
    rows = [item for item in rows if not role or item.role == role]
    rows = [item for item in rows if not username or store.users[item.user_id].username == username]
    rows = keep(rows, search(request, [fields["user"].read, fields["role"].read]), json_logic(request, fields))
    return paginate(request, ordering(request, rows, fields), service.renderer(request).membership)
