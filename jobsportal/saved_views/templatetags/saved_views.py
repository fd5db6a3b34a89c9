"""The tabs of saved views beside the list's presets, and how many jobs a list finds."""

from typing import Any

from django import template

from jobsportal.saved_views import counts, lists

register = template.Library()

TABS_SHOWN = 5


@register.inclusion_tag("saved_views/_tab_list.html", takes_context=True)
def saved_view_tabs(context: template.Context) -> dict[str, Any]:
    """The views of the organization that is looked at; many fold into a menu, the current one never."""
    request = context["request"]
    list_query = request.GET.urlencode()
    tabs = sorted(lists.tabs_for(request.person, list_query), key=lambda tab: not tab.is_current)
    shown = sorted(tabs[:TABS_SHOWN], key=lambda tab: (tab.view.name, tab.view.pk))
    return {
        "request": request,
        "csrf_token": context.get("csrf_token"),
        "person": request.person,
        "shown": shown,
        "more": tabs[TABS_SHOWN:],
        "list": list_query,
        "is_saved": any(tab.is_current and tab.is_own for tab in tabs),
        "may_share": lists.may_share(request.person.org),
        "shows_mine": lists.shows_mine(list_query),
    }


@register.inclusion_tag("saved_views/_list_count.html", takes_context=True)
def list_count(context: template.Context, list_query: str, when: str = "load") -> dict[str, Any]:
    """How many jobs the list with this query string finds: what is known still, or a place that asks when it loads."""
    known = counts.known_count(context["request"].person, list_query)
    return {"list": list_query, "number": known, "when": when}
