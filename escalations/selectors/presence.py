"""Who else has a ticket open just now, in words. Only shown to those who see the ticket."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from accounts.models import Presence, User
from accounts.services.presence import STAYS
from escalations.models import Ticket

TICKET, HANDOFF = "ticket", "handoff"
# The strongest says what somebody does who has both pages open.
DOES = ((HANDOFF, "writing a handoff"), ("writing", "writing here"), (TICKET, "reading this"))


def subject_of(ticket: Ticket, page: str) -> str:
    """The name of a page of the ticket: the ticket itself, or the form of its handoff."""
    return f"{page}:{ticket.pk}"


@dataclass(frozen=True, slots=True)
class Present:
    """Who does what, as lines; `key` is equal for equal lines."""

    lines: tuple[str, ...] = ()
    writes_handoff: str = ""

    @property
    def key(self) -> str:
        return " ".join(self.lines)


def present(ticket: Ticket, *, but: User, now: datetime) -> Present:
    """Everybody else with the ticket or the form of its handoff open. One statement."""
    rows = (
        Presence.objects.filter(
            subject__in=[subject_of(ticket, HANDOFF), subject_of(ticket, TICKET)], seen_at__gt=now - STAYS
        )
        .exclude(user=but)
        .select_related("user")
        .order_by("user__full_name", "user_id")
    )
    return said((row.user.full_name, _does(row)) for row in rows)


def _does(row: Presence) -> str:
    page = row.subject.partition(":")[0]
    return "writing" if page == TICKET and row.is_writing else page


def said(people: Iterable[tuple[str, str]]) -> Present:
    """Pairs of name and what they do as lines, each person once: "Ines Halvorsen and Noor Haddad are reading this"."""
    ranks = [what for what, _ in DOES]
    strongest: dict[str, str] = {}
    for name, what in people:
        known = strongest.get(name)
        strongest[name] = what if known is None or ranks.index(what) < ranks.index(known) else known
    lines = []
    for what, words in DOES:
        names = [name for name, does in strongest.items() if does == what]
        if names:
            lines.append(f"{listed(names)} {'is' if len(names) == 1 else 'are'} {words}")
    return Present(tuple(lines), listed([name for name, does in strongest.items() if does == HANDOFF]))


def listed(names: list[str]) -> str:
    """ "Ines", "Ines and Noor", "Ines, Noor and 3 others"."""
    if len(names) > 3:
        names = [*names[:2], f"{len(names) - 2} others"]
    *first, last = names or [""]
    return f"{', '.join(first)} and {last}" if first else last
