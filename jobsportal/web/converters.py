"""Path converters."""


class IdConverter:
    """An id of the upstream's: digits, of a length that can be a number there."""

    regex = "[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)
