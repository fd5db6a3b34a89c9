"""What the address of the viewer says: which labels and kinds are shown, which frames stepped through, how large."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from jobsportal.cvat.spans import Pair
from jobsportal.web.addresses import whole_number

FIT, ZOOMS = "fit", ("fit", "100", "200")
NONE = "none"
MOST = 500


@dataclass(frozen=True)
class View:
    """`labels` and `kinds`: those that are shown, None for all. `annotated`: step through annotated frames only."""

    labels: frozenset[int] | None = None
    kinds: frozenset[str] | None = None
    annotated: bool = False
    zoom: str = FIT

    @classmethod
    def of(cls, given: QueryDict) -> "View":
        """What can't be read is as if it weren't there."""
        labels, kinds = given.getlist("label")[:MOST], given.getlist("kind")[:MOST]
        ids = frozenset(id for id in map(whole_number, labels) if id is not None)
        zoom = given.get("zoom", FIT)
        return cls(
            labels=ids if ids or NONE in labels else None,
            kinds=frozenset(kinds) - {NONE} if kinds else None,
            annotated=given.get("annotated") == "1",
            zoom=zoom if zoom in ZOOMS else FIT,
        )

    def shows(self, pair: Pair) -> bool:
        label_id, kind = pair
        return (self.labels is None or label_id in self.labels) and (self.kinds is None or kind in self.kinds)

    @property
    def is_filtered(self) -> bool:
        return self.labels is not None or self.kinds is not None

    def plain(self, labels: set[int], kinds: set[str]) -> "View":
        """The same without a filter that leaves nothing out."""
        return replace(
            self,
            labels=None if self.labels is not None and self.labels >= labels else self.labels,
            kinds=None if self.kinds is not None and self.kinds >= kinds else self.kinds,
        )

    def items(self) -> list[tuple[str, str]]:
        """Names and values, as forms and addresses carry them: only what is not as usual."""
        items: list[tuple[str, str]] = []
        if self.labels is not None:
            items += [("label", value) for value in [str(id) for id in sorted(self.labels)] or [NONE]]
        if self.kinds is not None:
            items += [("kind", value) for value in sorted(self.kinds) or [NONE]]
        if self.annotated:
            items.append(("annotated", "1"))
        if self.zoom != FIT:
            items.append(("zoom", self.zoom))
        return items

    def query(self, **changes: Any) -> str:
        """As an address carries it, with its question mark; "" for nothing special."""
        items = replace(self, **changes).items()
        return f"?{urlencode(items)}" if items else ""
