"""What the services of the rules refuse, in words for the page."""

from collections.abc import Mapping


class LendingRefused(Exception):
    """A delegation cannot be made or ended as it stands. `fields` maps a form field to its message."""

    def __init__(self, message: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = dict(fields or {})
