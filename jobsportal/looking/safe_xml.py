"""XML as a stream of elements, with all that makes XML dangerous refused: no entities, no depth, no end."""

from collections.abc import Callable, Iterable
from xml.parsers import expat

from jobsportal.looking.findings import TooLarge, Unreadable, few

MOST_ELEMENTS = 1_500_000
MOST_DEPTH = 50
MOST_TEXT = 2_000
LONGEST_TAG = 8 << 20

Start = Callable[[str, dict[str, str]], None]
End = Callable[[str, str], None]


class Elements:
    """Tells of each element as it begins and, with its text, as it ends. `path` holds those that are open."""

    def __init__(self, start: Start, end: End) -> None:
        self.path: list[str] = []
        self._start, self._end = start, end
        self._left = MOST_ELEMENTS
        self._text = ""

    def read(self, pieces: Iterable[bytes], name: str) -> None:
        """Raises Unreadable, TooLarge."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._finish
        parser.CharacterDataHandler = self._gather
        fed = 0
        try:
            for piece in pieces:
                parser.Parse(piece, False)
                fed += len(piece)
                # What isn't over yet is kept and gone through again with each piece.
                if fed - parser.CurrentByteIndex > LONGEST_TAG:
                    raise TooLarge
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            what = f"line {error.lineno}: {expat.ErrorString(error.code)}"
            raise Unreadable(f"{few([name])} can't be read as XML ({what}). It is damaged or cut short.") from error
        except (ValueError, LookupError) as error:
            raise Unreadable(f"{few([name])} can't be read as XML: its encoding is not known.") from error

    def _doctype(self, name: str, system: str | None, public: str | None, has_own: int) -> None:
        """A document type may only be named: what it declares itself may swell without end."""
        if has_own:
            raise Unreadable("This XML declares entities of its own, which files of annotations have no need of.")

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._left -= 1
        if not self._left or len(self.path) >= MOST_DEPTH:
            raise TooLarge
        self._text = ""
        self._start(name, attributes)
        self.path.append(name)

    def _finish(self, name: str) -> None:
        self.path.pop()
        self._end(name, self._text.strip())
        self._text = ""

    def _gather(self, text: str) -> None:
        if len(self._text) < MOST_TEXT:
            self._text += text[:MOST_TEXT]
