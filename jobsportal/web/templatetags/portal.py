"""What templates need beyond Django's own: marks, relative times, sizes."""

from datetime import UTC, datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from jobsportal.cvat.types import STAGES

register = template.Library()

# Drawn on a 16 × 16 grid, in the colour of the text around them.
ICONS = {
    "new": '<circle cx="8" cy="8" r="5.5" fill="none" stroke="currentColor" stroke-width="2"/>',
    "in progress": '<circle cx="8" cy="8" r="5.5" fill="none" stroke="currentColor" stroke-width="2"/>'
    '<path d="M8 2.5a5.5 5.5 0 0 1 0 11z" fill="currentColor"/>',
    "completed": '<path d="M2.5 8.5 6.5 12.5 13.5 4" fill="none" stroke="currentColor" stroke-width="2.4"/>',
    "rejected": '<path d="M3.5 3.5l9 9M12.5 3.5l-9 9" stroke="currentColor" stroke-width="2.4"/>',
    "close": '<path d="M4 4l8 8M12 4l-8 8" stroke="currentColor" stroke-width="1.6"/>',
    "chevron": '<path d="M4 6l4 4 4-4" fill="none" stroke="currentColor" stroke-width="1.6"/>',
    "left": '<path d="M10 3.500 5.500 8l4.500 4.500" fill="none" stroke="currentColor" stroke-width="1.8"/>',
    "right": '<path d="M6 3.500 10.500 8 6 12.500" fill="none" stroke="currentColor" stroke-width="1.8"/>',
    "first": '<path d="M12 3.500 7.500 8l4.500 4.500M4 3.500v9" fill="none" stroke="currentColor" stroke-width="1.8"/>',
    "last": '<path d="M4 3.500 8.500 8 4 12.500M12 3.500v9" fill="none" stroke="currentColor" stroke-width="1.8"/>',
    "out": '<path d="M6 3H3v10h10v-3M9 3h4v4M13 3 7.5 8.5" fill="none" stroke="currentColor" stroke-width="1.6"/>',
    "down": '<path d="M8 2v8M4.5 7 8 10.5 11.5 7M3 13.5h10" fill="none" stroke="currentColor" stroke-width="1.6"/>',
    "up": '<path d="M8 11V3M4.5 6.5 8 3l3.5 3.5M3 13.5h10" fill="none" stroke="currentColor" stroke-width="1.6"/>',
    "plus": '<path d="M8 3v10M3 8h10" stroke="currentColor" stroke-width="1.6"/>',
    "search": '<circle cx="7" cy="7" r="4.5" fill="none" stroke="currentColor" stroke-width="1.6"/>'
    '<path d="M10.5 10.5 14 14" stroke="currentColor" stroke-width="1.6"/>',
    "filter": '<path d="M2 4h12M4 8h8M6.5 12h3" stroke="currentColor" stroke-width="1.6"/>',
    "warn": '<path d="M8 2 14.5 13.5h-13z" fill="none" stroke="currentColor" stroke-width="1.6"/>'
    '<path d="M8 6.5v3M8 11v1" stroke="currentColor" stroke-width="1.6"/>',
    "person": '<circle cx="8" cy="5.5" r="2.7" fill="none" stroke="currentColor" stroke-width="1.6"/>'
    '<path d="M3 13.5c.6-2.6 2.6-3.8 5-3.8s4.400 1.2 5 3.800" fill="none" stroke="currentColor" stroke-width="1.6"/>',
    "image": '<rect x="2" y="3" width="12" height="10" rx="1" fill="none" stroke="currentColor" stroke-width="1.6"/>'
    '<path d="M3 11l3.500-3.500 3 3 1.500-1.500 2.500 2.500" fill="none" stroke="currentColor" stroke-width="1.4"/>',
}
STATE_TINTS = {"new": "calm", "in progress": "warn", "completed": "good", "rejected": "bad"}
MINUTE, HOUR, DAY = 60, 3600, 86400


@register.simple_tag
def icon(name: str) -> SafeString:
    """A mark; the words beside it say what it means, so screen readers skip it."""
    drawing = mark_safe(ICONS.get(name, ICONS["new"]))  # noqa: S308 - drawn above
    return format_html('<svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">{}</svg>', drawing)


@register.inclusion_tag("components/state.html")
def state(value: str) -> dict[str, str]:
    """A state: mark, name, tint."""
    return {"state": value, "tint": STATE_TINTS.get(value, "calm")}


@register.inclusion_tag("components/stage.html")
def stage(value: str) -> dict[str, Any]:
    """A stage: three segments filled up to it, and its name."""
    reached = STAGES.index(value) if value in STAGES else -1
    return {"stage": value, "segments": [position <= reached for position in range(len(STAGES))]}


@register.inclusion_tag("components/person.html")
def person_chip(user: Any) -> dict[str, Any]:
    """A person: initials and user name; nobody is said in words."""
    return {"user": user, "initials": initials(user) if user else ""}


@register.filter
def initials(user: Any) -> str:
    words = user.name.split()
    return (words[0][0] + words[-1][0] if len(words) > 1 else user.name[:2]).upper()


def localtime(moment: datetime | None) -> datetime | None:
    """The time where the portal stands; None for one at the ends of the calendar, which has none."""
    try:
        return timezone.localtime(moment) if moment else None
    except (OverflowError, ValueError):
        return None


@register.simple_tag
def ago(moment: datetime | None) -> SafeString | str:
    """How long ago, with the exact time on hover. Older than a week: the date."""
    local = localtime(moment)
    if moment is None or local is None:
        return "–"
    exact = f"{local:%Y-%m-%d %H:%M:%S %Z}"
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), exact, ago_in_words(moment))


def ago_in_words(moment: datetime, now: datetime | None = None) -> str:
    now = now or datetime.now(UTC)
    seconds = (now - moment).total_seconds()
    local = timezone.localtime(moment)
    if seconds < MINUTE:
        return "just now"
    if seconds < HOUR:
        return f"{seconds / MINUTE:.0f} min ago"
    if seconds < DAY:
        return f"{seconds / HOUR:.0f} h ago"
    if seconds < 7 * DAY:
        days = round(seconds / DAY)
        return "yesterday" if days == 1 else f"{days} days ago"
    return (
        f"{local:%b} {local.day}"
        if local.year == timezone.localtime(now).year
        else f"{local:%b} {local.day}, {local.year}"
    )


@register.simple_tag
def until(moment: datetime | None) -> SafeString | str:
    """When something will be: today and tomorrow with the time, later with the date."""
    local, today = localtime(moment), timezone.localtime()
    if moment is None or local is None:
        return ""
    days = (local.date() - today.date()).days
    words = (
        f"{local:%H:%M}"
        if days == 0
        else f"tomorrow at {local:%H:%M}"
        if days == 1
        else f"{local:%b} {local.day}, {local:%H:%M}"
    )
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', moment.isoformat(), f"{local:%Y-%m-%d %H:%M:%S %Z}", words
    )


@register.simple_tag
def when(moment: datetime | None) -> SafeString | str:
    """The same within a sentence: "at 10:42", "tomorrow at 10:42", "on Nov 23, 18:00"."""
    local = localtime(moment)
    if local is None:
        return ""
    days = (local.date() - timezone.localdate()).days
    before = "at " if days == 0 else "" if days == 1 else "on "
    return format_html("{}{}", before, until(moment))


@register.filter
def thousands(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


@register.filter
def size(value: Any) -> str:
    """Bytes as people read them."""
    number = float(value or 0)
    for unit in ("bytes", "kB", "MB", "GB"):
        if number < 1000 or unit == "GB":
            return f"{number:.0f} {unit}" if unit == "bytes" else f"{number:.1f} {unit}"
        number /= 1000
    return ""


@register.filter
def readable(value: Any) -> str:
    """An upstream word such as ground_truth, for reading."""
    return str(value).replace("_", " ")


@register.inclusion_tag("jobs/_column.html")
def column(query: Any, name: str, title: str, css: str) -> dict[str, str]:
    """The head of a column that the list can be sorted by."""
    return {"title": title, "class": css, "link": query.sort_link(name), "mark": query.sort_mark(name)}
