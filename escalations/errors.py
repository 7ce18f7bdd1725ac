"""What a service refuses, in words for the page. Each has its HTTP answer: see `escalations.views.answers`."""

from accounts.errors import NotAllowed, Overtaken, Refused

__all__ = ["NotAllowed", "Overtaken", "Refused"]
