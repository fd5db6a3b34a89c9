"""The table at the end of `make contract`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from tests.contract.ledger import Ledger, Result

# The operations of the Jobs API; a test is about the one it is named after.
OPERATIONS = (
    "create",
    "create_annotations",
    "create_dataset_export",
    "destroy",
    "destroy_annotations",
    "list",
    "partial_update",
    "partial_update_annotations",
    "retrieve",
    "retrieve_annotations",
    "retrieve_data",
    "retrieve_data_meta",
    "retrieve_dataset",
    "retrieve_preview",
    "update_annotations",
)
AND_ALSO = (
    "export",
    "import_file",
    "upload",
    "requests",
    "errors",
    "filter",
    "sorting",
    "paging",
    "organization",
    "directory",
    "tasks",
    "validation_layout",
    "credentials",
)


def operation_of(test: str) -> str:
    """`test_retrieve_data_meta_tells_…[…]` is about `retrieve_data_meta`."""
    name = test.removeprefix("test_")
    fitting = [told for told in (*OPERATIONS, *AND_ALSO) if re.match(rf"{told}(?=_|\[|$)", name)]
    return max(fitting, key=len, default="other")


def lines(results: Sequence[Result], ledgers: Sequence[Ledger]) -> Iterator[str]:
    for server in dict.fromkeys(result.server for result in results if result.server):
        yield ""
        yield f"{server}"
        yield f"  {'operation':28} passed failed skipped"
        here = [result for result in results if result.server == server]
        for operation in (*OPERATIONS, *AND_ALSO):
            yield from row(operation, [result for result in here if result.operation == operation])
    yield ""
    for ledger in ledgers:
        yield from ledger.lines()


def alarms(ledgers: Sequence[Ledger]) -> Iterator[str]:
    return (line for ledger in ledgers if ledger.not_put_back for line in ledger.lines())


def row(operation: str, results: Sequence[Result]) -> Iterator[str]:
    counted = Counter(result.outcome for result in results)
    yield f"  {operation:28} {counted['passed']:6} {counted['failed']:6} {counted['skipped']:7}"
    reasons = Counter(" ".join(result.reason.split()) for result in results if result.outcome == "skipped")
    for reason, count in reasons.items():
        yield f"      skipped{f' ({count})' if count > 1 else ''}: {reason[:160]}"
