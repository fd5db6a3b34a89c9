"""What `.env.example` says is what the code reads."""

import re
from itertools import pairwise

from tests.server import ROOT

READERS = [
    "jobsportal/settings.py",
    "jobsportal/serve.py",
    "gunicorn.conf.py",
    "jobsportal/sandbox/management/commands/sandbox.py",
]


def read_by_the_code() -> set[str]:
    calls = re.compile(r'(?:\benv\.\w+|environ\.get|from_environment|\w*setting\w*)\(\s*["\']([A-Z][A-Z_]+)["\']')
    return {name for path in READERS for name in calls.findall((ROOT / path).read_text())} - {"ENV_FILE"}


def listed() -> set[str]:
    return set(re.findall(r"^# ([A-Z][A-Z_]+)=", (ROOT / ".env.example").read_text(), re.M))


def test_every_setting_is_listed_with_a_line_of_its_own():
    assert len(read_by_the_code()) > 30, "the pattern finds what is read"
    assert read_by_the_code() == listed()


def test_every_setting_is_explained_in_the_line_before_it():
    lines = (ROOT / ".env.example").read_text().splitlines()
    is_setting = re.compile(r"# [A-Z][A-Z_]+=")
    for before, line in pairwise(lines):
        if is_setting.match(line):
            assert before.startswith("# ") and not before.startswith("# ---"), line
