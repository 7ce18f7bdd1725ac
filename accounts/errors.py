"""What a service refuses, in words for the page. Each has its HTTP answer: see `accounts.views.answers`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


class NotAllowed(Exception):
    """The person may see the thing but not do this to it (403). The text says who may."""


class Refused(Exception):
    """The request cannot be met as it stands (422). `fields` maps a form field to its message.

    `way_out` is the reference of another ticket on which it could be met, if there is one.
    """

    def __init__(self, message: str, fields: Mapping[str, str] | None = None, *, way_out: str = "") -> None:
        super().__init__(message)
        self.fields = dict(fields or {})
        self.way_out = way_out


class Overtaken(Exception):
    """Somebody else was first (409). The text says who did what and when; nothing was changed."""


@dataclass(eq=False)
class EditConflict(Exception):
    """Somebody else changed the same thing since the page was opened (409, both versions). `current` is what is
    stored now."""

    who: str
    at: datetime
    current: Mapping[str, Any]
