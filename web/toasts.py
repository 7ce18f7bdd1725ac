"""The line that says what was done, in the past tense, with its way back. Never for errors.

It travels with Django's messages; their `extra_tags` hold the address that takes the act back, or "".
"""

from django.contrib import messages
from django.http import HttpRequest


def toast(request: HttpRequest, text: str, *, undo: str = "") -> None:
    """Say on the next page what was done. `undo` is an address of this site that a POST goes to."""
    messages.success(request, text, extra_tags=undo)
