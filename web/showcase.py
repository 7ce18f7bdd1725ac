"""What the style page shows. Names and numbers are examples; nothing is read from the database."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils import timezone

from web.clock import page_now
from web.conflicts import Conflict, Difference
from web.fields import INPUT_FORMAT, IconRadioSelect, LocalDateTimeField, MinutesField
from web.forms import BelayForm
from web.marks import MOOD_ICONS, Chip, Part
from web.pagination import Page

CLOCKS = [
    ("On time", Chip("ok", "2 h 54 min left", "Resolve at L2 · 17:26"), "more than 30 min left"),
    ("Soon", Chip("soon", "9 min left", "Acknowledge · 14:41"), "30 min or less left"),
    ("Breached", Chip("late", "18 min late", "Status update · 14:14"), "deadline passed"),
    ("Paused", Chip("pause", "Paused 3 h", "Waiting for customer"), "always with its reason"),
    ("Met", Chip("met", "Met in 7 min", "Target 15 min"), "stopped in time"),
    ("Stopped", Chip("stopped", "Stopped", "Ticket was merged"), "no longer counts"),
]
MOODS = [("satisfied", "Satisfied"), ("neutral", "Neutral"), ("frustrated", "Frustrated"), ("upset", "Upset")]
HOPS = [
    Part("m1", 78, "L1 Delta, Tomasz Wrede", "1 h 18 min"),
    Part("m-wait", 20, "Waiting for acceptance", "20 min"),
    Part("m2", 66, "L2 Integrations, you", "1 h 06 min"),
    Part("m4", 316),
]
CONFLICT = Conflict(
    "Noor Haddad",
    "14:30",
    "handoff",
    [
        Difference("urgency", "Urgency", "Today, before 16:00", "This week", "theirs"),
        Difference("cause", "Likely cause", "Key cache is never dropped", "Rotation event is not consumed"),
    ],
)


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person of the examples."""

    name: str
    initials: str

    def __str__(self) -> str:
        return self.name


class SampleForm(BelayForm):
    """One field of every kind."""

    half = ("scope", "urgency", "told_at", "minutes", "reproduced", "workaround")
    optional_marks = ("context",)

    words = forms.CharField(label="In the customer’s own words", widget=forms.Textarea)
    scope = forms.ChoiceField(label="Scope", choices=[("all", "All users of one customer"), ("one", "One user")])
    urgency = forms.ChoiceField(label="Urgency", choices=[("", "Choose"), ("today", "Today")])
    reproduced = forms.ChoiceField(
        label="Reproduced", widget=forms.RadioSelect, choices=[("yes", "Yes"), ("no", "No"), ("partial", "Partial")]
    )
    workaround = forms.ChoiceField(
        label="Workaround given", widget=forms.RadioSelect, choices=[("y", "Yes"), ("n", "No")]
    )
    told_at = LocalDateTimeField(label="Told at")
    minutes = MinutesField(label="Minutes", help_text="Your effort so far.")
    mood = forms.ChoiceField(label="Customer sentiment", choices=MOODS, widget=IconRadioSelect(icons=MOOD_ICONS))
    email = forms.EmailField(label="Contact’s e-mail")
    context = forms.CharField(label="Additional context", required=False, widget=forms.Textarea)
    told = forms.BooleanField(label="The customer knows of the escalation", required=False)


def samples(request: HttpRequest) -> dict[str, Any]:
    """Everything the style page's templates name."""
    now = page_now(request)
    return {
        "clocks": CLOCKS,
        "moods": MOODS,
        "someone": Somebody("Priya Raman", "PR"),
        "me": getattr(request, "user", None),
        "hops": HOPS,
        "volume": HOPS[:3],
        "conflict_panel": CONFLICT,
        "tab_items": [
            {"label": "Mine", "url": "#", "count": "7"},
            {"label": "L2 and onward", "url": "#", "count": "23", "current": True},
            {"label": "All", "url": "#"},
        ],
        "crumbs": [("Queue", "#"), ("Integrations", "#")],
        "page": Page([], 12, next="x"),
        "moments": [now - timedelta(minutes=12), now - timedelta(days=2), now + timedelta(minutes=34)],
        "now": now,
        "form": _filled(now),
    }


def _filled(now: datetime) -> SampleForm:
    """The sample form: some fields filled, one wrong, one missing with its reason."""
    local = timezone.localtime(now - timedelta(hours=1))
    data = {
        "words": "Since we rotated the signing key not one delivery has reached us.",
        "scope": "all",
        "urgency": "today",
        "reproduced": "yes",
        "workaround": "n",
        "told_at": local.strftime(INPUT_FORMAT),
        "minutes": "12",
        "mood": "frustrated",
        "email": "hanna@",
    }
    return SampleForm(
        {f"sample-{name}": value for name, value in data.items()},
        origins={"words": "from message 13:47"},
        needs={"context": "Without it the receiver starts from nothing."},
        prefix="sample",
    )
