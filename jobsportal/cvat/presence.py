"""On which frames of a job something shows, in little memory."""

from array import array
from dataclasses import dataclass, field


@dataclass
class Presence:
    """On which of so many frames, counted from 0, something shows: stretches of them while that is smaller, from then
    on a bit for each frame."""

    frames: int
    ends: "array[int]" = field(default_factory=lambda: array("q"))
    bits: bytearray | None = None

    def add(self, start: int, end: int) -> None:
        """From start to end, both included."""
        if self.bits is not None:
            mark(self.bits, start, end)
        elif self.ends and self.ends[-2] <= start <= self.ends[-1] + 1:
            self.ends[-1] = max(self.ends[-1], end)
        else:
            self.ends.extend((start, end))
            if self.ends.itemsize * len(self.ends) > self.frames // 8:
                self.bits, self.ends = self.marked(bytearray(self.frames // 8 + 1)), array("q")

    def marked(self, bits: bytearray) -> bytearray:
        for start, end in zip(self.ends[::2], self.ends[1::2], strict=True):
            mark(bits, start, end)
        return bits

    @property
    def weight(self) -> int:
        return self.ends.itemsize * len(self.ends) + len(self.bits or b"") + 300


def mark(bits: bytearray, start: int, end: int) -> None:
    """Set the bits from start to end, both included."""
    if end - start < 16:
        for place in range(start, end + 1):
            bits[place >> 3] |= 1 << (place & 7)
        return
    low, high = (start + 7) >> 3, (end + 1) >> 3
    bits[low:high] = b"\xff" * (high - low)
    mark(bits, start, (low << 3) - 1)
    mark(bits, high << 3, end)
