"""Saving, opening, sharing and deleting views. Nothing here asks the upstream but the counts."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from jobsportal.accounts.person import Person, PortalRequest, look_at
from jobsportal.cvat.errors import CVATError
from jobsportal.saved_views import counts, lists
from jobsportal.saved_views.forms import ViewForm
from jobsportal.saved_views.models import SavedView
from jobsportal.web import toasts


@require_http_methods(["GET", "HEAD", "POST"])
def views(request: PortalRequest) -> HttpResponseBase:
    """GET /views/: one's views, and those that others share. POST: save a list as a view. Upstream: nothing."""
    if request.method == "POST":
        return create(request)
    person, came_from = request.person, request.GET.get("list", "")[: lists.MAX_QUERY]
    rows = [described(view, request) for view in lists.visible(person)[: lists.MOST_VIEWS + lists.MOST_SHARED_SHOWN]]
    context = {
        "own": [row for row in rows if row["is_own"]],
        "shared": [row for row in rows if not row["is_own"]],
        "came_from": came_from,
        "came_from_org": lists.organization_in(came_from, person),
        "came_from_words": lists.in_words(came_from) if came_from else "",
    }
    return render(request, "saved_views/views.html", context)


def described(view: SavedView, request: PortalRequest) -> dict[str, Any]:
    names = {choice.value: choice.name for choice in request.person.choices}
    return {
        "view": view,
        "is_own": view.person_id == request.person.id,
        "list": lists.list_of(view),
        "words": lists.in_words(view.query),
        "organization": names.get(view.organization, view.organization),
        "shows_mine": lists.shows_mine(view.query),
        "link": request.build_absolute_uri(reverse("saved_views:open", args=[view.key])),
    }


def create(request: PortalRequest) -> HttpResponseBase:
    """Save a list under a name; asked twice, it is saved once. With `replace`, an own view takes the list over."""
    form = ViewForm(request.POST, person=request.person)
    if not form.is_valid():
        return show_save(request, form, status=422)
    values = form.values()
    if replaced := request.POST.get("replace"):
        return take_over(request, lists.find_own(request.person, as_key(replaced)), values["query"])
    view = stored(request.person, values)
    if (view.query, view.is_shared) != (values["query"], values["is_shared"]):
        form.say_taken()
        return show_save(request, form, status=422, taken=view)
    return back_to_list(request, view, f"Saved as “{view.name}”.")


def as_key(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)


def stored(person: Person, values: dict[str, Any]) -> SavedView:
    """A new view, or the one of this name that is there."""
    named = {"organization": values["organization"], "name": values["name"]}
    view, _ = SavedView.objects.get_or_create(
        upstream=settings.CVAT_URL,
        person_id=person.id,
        **named,
        defaults={"username": person.username, "query": values["query"], "is_shared": values["is_shared"]},
    )
    return view


def show_save(request: PortalRequest, form: ViewForm, status: int = 200, **more: Any) -> HttpResponse:
    list_query = str(form["list"].value() or "")
    context = {"form": form, "list": list_query, "words": lists.in_words(list_query), **more}
    context["shows_mine"] = lists.shows_mine(list_query)
    context["may_share"] = lists.may_share(lists.organization_in(list_query, request.person))
    return render(request, "saved_views/save.html", context, status=status)


@require_safe
def new(request: PortalRequest) -> HttpResponse:
    """GET /views/new?list=: the form that saves a list, as a page. Upstream: nothing."""
    given = {name: request.GET.get(name, "")[: lists.MAX_QUERY] for name in ("list", "name", "shared")}
    return show_save(request, ViewForm(initial=given, person=request.person))


def back_to_list(request: PortalRequest, view: SavedView, words: str) -> HttpResponse:
    toasts.on_next_page(request, toasts.Toast(words))
    return see_other(lists.address_of(view))


def see_other(place: str) -> HttpResponse:
    response = HttpResponseRedirect(place)
    response.status_code = 303
    return response


@require_safe
def open_view(request: PortalRequest, key: UUID) -> HttpResponse:
    """GET /views/{key}/: on to the list, in the view's own organization. Upstream: nothing."""
    view = lists.find(request.person, key)
    if lists.shows_mine(view.query) and view.person_id != request.person.id:
        words = f"“{view.name}” shows each person their own jobs: these are yours."
        toasts.on_next_page(request, toasts.Toast(words, kind="note"))
    if request.person.is_superuser and not request.person.may_look_at(view.organization):
        # The address may name one's own organizations only; a superuser may look at the others too.
        look_at(request, view.organization)
        return redirect(f"{reverse('jobs:list')}?{view.query}")
    return redirect(lists.address_of(view))


@require_safe
def count(request: PortalRequest) -> HttpResponse:
    """GET /views/count?list=: how many jobs a list finds; nothing where that can't be told. Upstream: jobs.list with
    page_size=1, once in WORKLOAD_CACHE_SECONDS and person."""
    return counted(request, request.GET.get("list", "")[: lists.MAX_QUERY])


def counted(request: PortalRequest, list_query: str) -> HttpResponse:
    try:
        number = counts.count(request.person, list_query)
    except CVATError:
        number = None
    if number is None:
        return HttpResponse(status=204)
    return render(request, "saved_views/_number.html", {"number": number, "unit": request.GET.get("unit") == "jobs"})


@require_safe
def view_count(request: PortalRequest, key: UUID) -> HttpResponse:
    """GET /views/{key}/count: the same for a saved view. Upstream: as `count`."""
    return counted(request, lists.list_of(lists.find(request.person, key)))


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: PortalRequest, key: UUID) -> HttpResponseBase:
    """GET, POST /views/{key}/edit: its name, and whether it is shared. Upstream: nothing."""
    view = lists.find_own(request.person, key)
    if request.method != "POST":
        form = ViewForm(initial={"name": view.name, "shared": view.is_shared}, person=request.person, view=view)
        return show_edit(request, view, form)
    form = ViewForm(request.POST, person=request.person, view=view)
    if not form.is_valid():
        return show_edit(request, view, form, status=422)
    try:
        with transaction.atomic():
            lists.own(request.person).filter(pk=view.pk).update(**form.values())
    except IntegrityError:
        form.say_taken()
        return show_edit(request, view, form, status=422)
    toasts.on_next_page(request, toasts.Toast(f"Saved “{form.cleaned_data['name']}”."))
    return see_other(reverse("saved_views:views"))


def show_edit(request: PortalRequest, view: SavedView, form: ViewForm, status: int = 200) -> HttpResponse:
    context = {"form": form, **described(view, request), "may_share": lists.may_share(view.organization)}
    return render(request, "saved_views/edit.html", context, status=status)


@require_POST
def update(request: PortalRequest, key: UUID) -> HttpResponse:
    """POST /views/{key}/update: the view takes over another list. Upstream: nothing."""
    view = lists.find_own(request.person, key)
    taken = request.POST.get("list", "")[: lists.MAX_QUERY]
    if not lists.is_readable(taken) or lists.organization_in(taken, request.person) != view.organization:
        words = "That list can’t be read, or is of another organization; the view stays as it was."
        toasts.on_next_page(request, toasts.Toast(words, kind="problem"))
        return see_other(reverse("saved_views:views"))
    return take_over(request, view, lists.canonical(taken))


def take_over(request: PortalRequest, view: SavedView, query: str) -> HttpResponse:
    view.query = query
    view.save(update_fields=["query"])
    return back_to_list(request, view, f"“{view.name}” shows this list now.")


@require_POST
def copy(request: PortalRequest, key: UUID) -> HttpResponse:
    """POST /views/{key}/copy: a view of one's own like one that may be opened. Upstream: nothing."""
    view = lists.find(request.person, key)
    if lists.own(request.person).count() >= lists.MOST_VIEWS:
        words = f"You have {lists.MOST_VIEWS} views, which is the most. Delete one first."
        toasts.on_next_page(request, toasts.Toast(words, kind="problem"))
        return see_other(reverse("saved_views:views"))
    values = {"organization": view.organization, "query": view.query, "is_shared": False}
    made = stored(request.person, values | {"name": free_name(request.person, view)})
    toasts.on_next_page(request, toasts.Toast(f"Copied as “{made.name}”, for you alone."))
    return see_other(reverse("saved_views:views"))


def free_name(person: Person, view: SavedView) -> str:
    taken = set(lists.own(person).filter(organization=view.organization).values_list("name", flat=True))
    numbered = (f"{view.name[:74]} ({number})" for number in range(2, lists.MOST_VIEWS + 3))
    return next(name for name in (view.name, *numbered) if name not in taken)


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: PortalRequest, key: UUID) -> HttpResponseBase:
    """GET, POST /views/{key}/delete: asks first. Upstream: nothing."""
    view = lists.find_own(request.person, key)
    if request.method != "POST":
        return render(request, "saved_views/delete.html", described(view, request))
    view.delete()
    toasts.on_next_page(request, toasts.Toast(f"“{view.name}” is deleted. No job was changed."))
    return see_other(reverse("saved_views:views"))
