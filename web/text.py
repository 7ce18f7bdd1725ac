"""What text a form takes in. Nothing is silently changed but line ends; what cannot be kept is named."""

import re

from django.core.exceptions import ValidationError

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
LINE_BREAK = re.compile(r"[\t\n\r\u2028\u2029]")
SURROGATE = re.compile(r"[\ud800-\udfff]")
# Characters that can make a line read differently from what it says (Unicode TR 36).
BIDI = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
NOT_SHOWN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def unify_line_ends(text: str) -> str:
    """Browsers send CRLF; the database and every length count LF."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def check_text(text: str, *, multiline: bool = True) -> None:
    """Raise ValidationError for characters that cannot be stored or would mislead.

    Text of several lines may hold direction marks (it is shown isolated); one line may not.
    """
    if SURROGATE.search(text):
        raise ValidationError(
            "Half of a character is missing at position %(at)s. Delete it and type it again.",
            code="surrogate",
            params={"at": _position(SURROGATE, text)},
        )
    if CONTROL.search(text):
        raise ValidationError(
            "An invisible control character is at position %(at)s. Delete it; it often comes with pasted text.",
            code="control",
            params={"at": _position(CONTROL, text)},
        )
    if multiline:
        return
    if LINE_BREAK.search(text):
        raise ValidationError("Write this on one line.", code="line_break")
    if BIDI.search(text):
        raise ValidationError(
            "A character that changes the reading direction is at position %(at)s. Delete it.",
            code="bidi",
            params={"at": _position(BIDI, text)},
        )


def check_length(text: str, limit: int) -> None:
    """Raise ValidationError when `text` has more than `limit` characters."""
    over = len(text) - limit
    if over > 0:
        raise ValidationError(
            "%(over)s too long: the limit is %(limit)s characters.",
            code="max_length",
            params={"over": f"{over:,} character{'' if over == 1 else 's'}", "limit": f"{limit:,}"},
        )


def showable(text: str) -> str:
    """The text with what cannot be sent to a browser replaced by U+FFFD, so that an error page can show the rest."""
    return NOT_SHOWN.sub("\ufffd", text)


def _position(pattern: re.Pattern[str], text: str) -> int:
    found = pattern.search(text)
    return found.start() + 1 if found else 0
