"""JSON Logic as the upstream's `filter` parameter understands it: build, check, and say in words.

Real servers answer 500 to a wrong type, a bad date, a list, a number or an empty `and`, and 400 to `!=`. So every rule
is checked here, and nothing that would fail is sent. A rule is the plain JSON object.
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus

import msgspec

from jobsportal.cvat.errors import Invalid
from jobsportal.cvat.types import DIMENSIONS, JOB_TYPES, STAGES, STATES

Rule = dict[str, Any]

MAX_LENGTH = 4000
MAX_QUOTED = 7000  # as part of an address, of which servers take about 8,000 characters
MAX_DEPTH = 20
COMPARISONS = {"==": "is", "<": "is below", ">": "is above", "<=": "is at most", ">=": "is at least"}
DATE_COMPARISONS = {"==": "is", "<": "before", ">": "after", "<=": "up to", ">=": "since"}


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
    if not (value is None and operation == "==" and name in ("assignee", "project_id", "project_name")):
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


def explain(rule: Rule) -> str:
    """The rule as a sentence, for a checked rule."""
    (operation, arguments), *_ = rule.items()
    if operation in ("and", "or"):
        parts = [explain(part) for part in arguments]
        joined = f" {operation} ".join(f"({part})" if " and " in part or " or " in part else part for part in parts)
        return joined
    if operation in ("!", "!!"):
        inner = arguments[0] if isinstance(arguments, list) else arguments
        return explain_presence(inner, negated=operation == "!")
    if operation == "var":
        return explain_presence(rule, negated=False)
    if operation == "in":
        return explain_in(*arguments)
    if len(arguments) == 3:
        name = arguments[1]["var"]
        least, most = (value_words(name, value) for value in (arguments[0], arguments[2]))
        return f"{words_for(name)} from {least} to {most}"
    name, value = arguments[0]["var"], arguments[1]
    verbs = DATE_COMPARISONS if name == "updated_date" else COMPARISONS
    return f"{words_for(name)} {verbs[operation]} {value_words(name, value)}"


def value_words(name: str, value: Any) -> str:
    if value is None:
        return "nobody" if name == "assignee" else "none"
    text = str(value)
    return text if text and text == text.strip() else f"“{text}”"


def explain_presence(rule: Rule, *, negated: bool) -> str:
    if "var" in rule:
        name = words_for(rule["var"])
        return (
            f"{name} is {'nobody' if negated else 'somebody'}"
            if name == "assignee"
            else f"{name} is {'un' * negated}set"
        )
    return f"not ({explain(rule)})" if negated else explain(rule)


def explain_in(first: Any, second: Any) -> str:
    if isinstance(second, list):
        return f"{words_for(first['var'])} is {' or '.join(value_words(first['var'], value) for value in second)}"
    return f"{words_for(second['var'])} contains “{first}”"


def words_for(name: str) -> str:
    return {"updated_date": "updated", "id": "job id"}.get(name, name.replace("_", " "))
