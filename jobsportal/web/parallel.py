"""Upstream calls that don't need each other's answers run side by side."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

from jobsportal.cvat.errors import CVATError

pool = ThreadPoolExecutor(max_workers=64, thread_name_prefix="upstream")


def side_by_side(*calls: Callable[[], Any]) -> list[Any]:
    """What each call returned, or the CVATError that it raised, in order. The first runs in the caller's thread."""
    futures = [pool.submit(copy_context().run, attempt, call) for call in calls[1:]]
    first = [attempt(call) for call in calls[:1]]
    return first + [future.result() for future in futures]


def attempt(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except CVATError as error:
        return error
