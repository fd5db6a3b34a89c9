"""Content negotiation: the upstream offers its own JSON type and a browsable HTML page, nothing else."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass

from .messages import HTML, VENDOR, Request, detail

OFFERED = (VENDOR, "text/html")


@dataclass(frozen=True)
class MediaType:
    main: str
    sub: str
    params: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, text: str) -> MediaType:
        parts = [part.strip() for part in text.split(";")]
        main, _, sub = parts[0].partition("/")
        pairs = [part.partition("=") for part in parts[1:]]
        kept = tuple((name.strip(), value.strip()) for name, _, value in pairs if name.strip() != "q")
        return cls(main.strip(), sub.strip(), kept)

    @property
    def precedence(self) -> int:
        if self.main == "*":
            return 0
        if self.sub == "*":
            return 1
        return 3 if self.params else 2

    def matches(self, offered: str) -> bool:
        main, _, sub = offered.partition("/")
        return self.main in ("*", main) and self.sub in ("*", sub)


def negotiate(request: Request) -> str:
    """The type to answer in. Weights (`q`) are ignored: only how exactly a type is named counts."""
    header = request.headers.get("accept", "*/*") or "*/*"
    asked = [MediaType.parse(part) for part in header.split(",")]
    for precedence in (3, 2, 1, 0):
        for offered in OFFERED:
            for media in asked:
                if media.precedence == precedence and media.matches(offered):
                    _check_version(media)
                    return offered
    raise detail(406, "Could not satisfy the request Accept header.")


def _check_version(media: MediaType) -> None:
    if dict(media.params).get("version", "2.0") != "2.0":
        raise detail(406, 'Invalid version in "Accept" header.')


def browsable(data: object, name: str) -> tuple[bytes, str]:
    """The page a browser gets instead of bare JSON: a stand-in for the framework's."""
    words = html.escape(json.dumps(data, indent=4, ensure_ascii=False))
    title = html.escape(name)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n  <head>\n    <meta charset="utf-8"/>\n'
        f'    <meta name="robots" content="NONE,NOARCHIVE" />\n    <title>{title} – Django REST framework</title>\n'
        f"  </head>\n  <body>\n    <h1>{title}</h1>\n    <pre>{words}</pre>\n  </body>\n</html>\n"
    ).encode(), HTML
