"""What a file is taken for."""

from collections.abc import Callable
from dataclasses import dataclass

from jobsportal.looking.findings import Tally
from jobsportal.looking.sources import Source


@dataclass(frozen=True, slots=True)
class Guess:
    """The names under which servers import it, the likeliest first; `is_certain` where nothing else looks like this."""

    formats: tuple[str, ...]
    is_certain: bool = True


# Reads what is in a file of its family into a tally, and says which of the family's formats it is.
Reader = Callable[[Source, Tally], Guess]

UNKNOWN = Guess((), is_certain=False)
