"""JSON Logic as the upstream's `filter` parameter understands it: build, check, and say in words.

Real servers answer 500 to a wrong type, a bad date, a list, a number or an empty `and`, and 400 to `!=`. So every rule
is checked here, and nothing that would fail is sent. A rule is the plain JSON object.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, tzinfo
from typing import Any
from urllib.parse import quote_plus

import msgspec

from jobsportal.cvat.errors import Invalid
from jobsportal.cvat.types import DIMENSIONS, JOB_TYPES, STAGES, STATES

Rule = dict[str, Any]

MAX_LENGTH = 4000
MAX_QUOTED = 7000  # as part of an address, of which servers take about 8,000 characters
MAX_DEPTH = 20
# What a comparison is called, and its opposite.
COMPARISONS = {
    "==": ("is", "is not"),
    "<": ("is below", "is not below"),
    ">": ("is above", "is not above"),
    "<=": ("is at most", "is not at most"),
    ">=": ("is at least", "is not at least"),
}
DATE_COMPARISONS = {
    "==": ("is", "is not"),
    "<": ("before", "not before"),
    ">": ("after", "not after"),
    "<=": ("up to", "not up to"),
    ">=": ("since", "not since"),
}
END_OF_DAY = time(23, 59, 59, 999999)

# The upstream's Python is older than ours, and reads fewer of the ISO formats.
DATE = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?"
)


def is_text(value: Any) -> bool:
    """Whether a database can compare with it: no NUL, no half of a character."""
    return isinstance(value, str) and "\0" not in value and not any("\ud800" <= char <= "\udfff" for char in value)


def is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31


def is_date(value: Any) -> bool:
    try:
        # The first and the last year may leave the calendar when the time zone is taken off.
        return bool(DATE.fullmatch(value)) and 1 < datetime.fromisoformat(value).year < 9999
    except (TypeError, ValueError):
        return False


def one_of(choices: Sequence[str]) -> Callable[[Any], bool]:
    return lambda value: value in choices


CHOICES: dict[str, Sequence[str]] = {"state": STATES, "stage": STAGES, "type": JOB_TYPES, "dimension": DIMENSIONS}
FIELDS: dict[str, Callable[[Any], bool]] = {
    "task_name": is_text,
    "project_name": is_text,
    "assignee": is_text,
    "state": one_of(STATES),
    "stage": one_of(STAGES),
    "type": one_of(JOB_TYPES),
    "dimension": one_of(DIMENSIONS),
    "id": is_number,
    "task_id": is_number,
    "project_id": is_number,
    "updated_date": is_date,
}
TEXT_FIELDS = ("task_name", "project_name", "assignee")
NULLABLE = ("assignee", "project_id", "project_name")


def var(name: str) -> Rule:
    return {"var": name}


def equals(name: str, value: Any) -> Rule:
    return {"==": [var(name), value]}


def one_of_values(name: str, values: Sequence[Any]) -> Rule:
    return {"in": [var(name), list(values)]}


def until(name: str, moment: datetime) -> Rule:
    return {"<=": [var(name), moment.isoformat()]}


def nobody() -> Rule:
    """Jobs without an assignee."""
    return {"!": var("assignee")}


def both(*rules: Rule) -> Rule:
    """All of the rules; a single one stays itself."""
    return rules[0] if len(rules) == 1 else {"and": list(rules)}


def dumps(rule: Rule) -> str:
    return msgspec.json.encode(rule).decode()


def parse(text: str) -> Rule:
    """The checked rule that a text holds. Raises Invalid with words for the person who typed it."""
    if len(text) > MAX_LENGTH:
        raise complaint(f"The rule is longer than {MAX_LENGTH:,} characters.")
    try:
        rule = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        words = str(error) if isinstance(error, msgspec.DecodeError) else "it can't be read"
        raise complaint(f"The rule is not valid JSON: {words}.") from None
    return check(rule)


def check(rule: Any) -> Rule:
    """The rule as the upstream can answer it. Raises Invalid for one that it can't.

    It is the same rule, but for `{"!": [x]}`, which JSON Logic allows and the upstream fails at: `{"!": x}`.
    """
    checked = checked_part(rule, 0)
    if len(quote_plus(dumps(checked))) > MAX_QUOTED:
        raise complaint("The rule is longer than servers accept.")
    return checked


def checked_part(rule: Any, depth: int) -> Rule:
    if depth > MAX_DEPTH:
        raise complaint("The rule is nested too deeply.")
    if not isinstance(rule, dict) or len(rule) != 1:
        raise complaint('Each part of a rule is one operation, such as {"==": [{"var": "state"}, "new"]}.')
    (operation, arguments), *_ = rule.items()
    if operation in ("and", "or"):
        if not isinstance(arguments, list) or not arguments:
            raise complaint(f"“{operation}” needs at least one rule in a list.")
        return {operation: [checked_part(part, depth + 1) for part in arguments]}
    if operation in ("!", "!!"):
        inner = arguments[0] if isinstance(arguments, list) and len(arguments) == 1 else arguments
        return {operation: checked_part(inner, depth + 1)}
    if operation == "var":
        field_of(rule)
    elif operation == "in":
        check_in(arguments)
    elif operation in COMPARISONS:
        check_comparison(operation, arguments)
    else:
        raise complaint(f"The upstream does not know the operation “{shown(operation)}”.")
    return rule


def check_in(arguments: Any) -> None:
    if not isinstance(arguments, list) or len(arguments) != 2:
        raise complaint("“in” needs two parts: a field and a list, or a text and a field.")
    first, second = arguments
    if isinstance(second, list):
        name = field_of(first)
        if not second:
            raise complaint("“in” needs at least one value in its list.")
        for value in second:
            check_value(name, value)
    elif not is_text(first) or field_of(second) not in TEXT_FIELDS:
        raise complaint(f"A text can only be looked for in {', '.join(TEXT_FIELDS)}.")


def check_comparison(operation: str, arguments: Any) -> None:
    if not isinstance(arguments, list) or len(arguments) not in ((2, 3) if operation == "<=" else (2,)):
        raise complaint(f"“{operation}” needs a field and a value.")
    if len(arguments) == 3:
        name = field_of(arguments[1])
        check_value(name, arguments[0])
        check_value(name, arguments[2])
        return
    name, value = field_of(arguments[0]), arguments[1]
    if not (value is None and operation == "==" and name in NULLABLE):
        check_value(name, value)


def check_value(name: str, value: Any) -> None:
    if not FIELDS[name](value):
        raise complaint(f"“{shown(value)}” is not a value that {name} can have.")


def field_of(part: Any) -> str:
    name = part.get("var") if isinstance(part, dict) and len(part) == 1 else None
    if not isinstance(name, str) or name not in FIELDS:
        raise complaint(f"The upstream can filter on {', '.join(FIELDS)}; not on “{shown(name or part)}”.")
    return name


def shown(part: Any) -> str:
    """A piece of somebody's rule, short enough for a message, and without what no message can hold."""
    text = str(part).encode("utf-8", "replace").decode()
    return text if len(text) <= 80 else f"{text[:79]}…"


def complaint(words: str) -> Invalid:
    return Invalid(detail=words, fields={"filter": [words]})


def normalized(rule: Rule) -> Rule:
    """A checked rule in its shortest form, which finds the same: no `!!`, double negation, group of one or value twice;
    values of a known few in their own order; and `== null` as the `!` of the field that the upstream takes it for."""
    ((operation, arguments),) = rule.items()
    if operation in ("and", "or"):
        parts = [normalized(part) for part in arguments]
        return parts[0] if len(parts) == 1 else {operation: parts}
    if operation in ("!", "!!"):
        inner = normalized(arguments[0] if isinstance(arguments, list) else arguments)
        return opposite(inner) if operation == "!" else inner
    if operation == "in" and isinstance(arguments[1], list):
        values = list(dict.fromkeys(arguments[1]))
        known = CHOICES.get(arguments[0]["var"], values)
        return one_of_values(arguments[0]["var"], [value for value in known if value in values])
    return {"!": arguments[0]} if operation == "==" and arguments[1] is None else rule


def opposite(rule: Rule) -> Rule:
    inner: Rule = rule.get("!", {"!": rule})
    return inner


def moment_of(value: str) -> datetime:
    """The moment that a checked date is for the upstream: one without a zone is in UTC."""
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def explain(rule: Rule, zone: tzinfo = UTC) -> str:
    """The rule as a sentence, for a checked rule; dates as they are in that zone."""
    return sentence(normalized(rule), zone)


def sentence(rule: Rule, zone: tzinfo, *, negated: bool = False) -> str:
    ((operation, arguments),) = rule.items()
    if operation == "!":
        return sentence(arguments, zone, negated=True)
    if operation in ("and", "or"):
        parts = [f"({said})" if is_group(part) else said for part in arguments for said in [sentence(part, zone)]]
        joined = f" {operation} ".join(parts)
        return f"not ({joined})" if negated else joined
    if operation == "var":
        words = ("is somebody", "is nobody") if arguments == "assignee" else ("is not empty", "is empty")
        return f"{words_for(arguments)} {words[negated]}"
    return comparison_words(operation, arguments, zone, negated)


def is_group(rule: Rule) -> bool:
    return "and" in rule or "or" in rule


def comparison_words(operation: str, arguments: list[Any], zone: tzinfo, negated: bool) -> str:
    first, second, *_ = arguments
    if operation == "in" and isinstance(second, list):
        name = first["var"]
        return f"{words_for(name)} {among([value_words(name, value, zone) for value in second], negated)}"
    if operation == "in":
        return f"{words_for(second['var'])} {('contains', 'does not contain')[negated]} “{first}”"
    if len(arguments) == 3:
        name = second["var"]
        least, most = (value_words(name, value, zone) for value in (first, arguments[2]))
        return f"{words_for(name)} {'not ' * negated}from {least} to {most}"
    verbs = DATE_COMPARISONS if first["var"] == "updated_date" else COMPARISONS
    return f"{words_for(first['var'])} {verbs[operation][negated]} {value_words(first['var'], second, zone)}"


def among(values: list[str], negated: bool) -> str:
    if len(values) == 1:
        return f"{('is', 'is not')[negated]} {values[0]}"
    if negated:
        return f"is none of {', '.join(values)}"
    return f"is {', '.join(values[:-1])} or {values[-1]}"


def value_words(name: str, value: Any, zone: tzinfo) -> str:
    if name == "updated_date":
        return moment_words(value, zone)
    text = str(value)
    if name in CHOICES:
        return text.replace("_", " ")
    return text if text and not any(char.isspace() for char in text) else f"“{text}”"


def moment_words(value: str, zone: tzinfo) -> str:
    """A day where the moment is its beginning or its last microsecond, else the minute, or what was written."""
    local = moment_of(value).astimezone(zone)
    if local.time() == time.min:
        return local.date().isoformat()
    if local.time() == END_OF_DAY:
        return f"the end of {local.date().isoformat()}"
    clock = f"{local:%H:%M}" if not (local.second or local.microsecond) else f"{local:%H:%M:%S}"
    return f"{local.date().isoformat()} {clock} {local.tzname()}"


def words_for(name: str) -> str:
    return {"updated_date": "updated", "id": "job id"}.get(name, name.replace("_", " "))
