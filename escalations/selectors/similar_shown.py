"""How a ticket that was solved before is shown: who solved it, what they did, and why it is like this one."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Subquery, Sum
from django.db.models.expressions import RawSQL

from accounts.models import User
from escalations.domain.similar import Match, at_least
from escalations.models import Effort, Resolution, SimilarUse, Ticket
from web.formats import counted, format_hours

# Control characters: no form takes them in, so no text of ours has them.
MARK, END = "\x02", "\x03"
LONGEST = 420  # characters of what was done; all of it stands on the ticket
WORDS_NAMED = 4


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text; `is_shared` where it is a word that both tickets have."""

    text: str
    is_shared: bool = False


@dataclass(frozen=True, slots=True)
class Use:
    """Somebody said that it answers the ticket."""

    by: User
    at: datetime


@dataclass(frozen=True, slots=True)
class Solved:
    """A ticket that was solved before. `minutes`: the effort that was logged, None for none."""

    ticket: Ticket
    resolution: Resolution
    match: Match
    done: list[Piece]
    minutes: int | None
    answered: int
    use: Use | None

    @property
    def effort(self) -> str:
        return f"in {format_hours(self.minutes * 60)}" if self.minutes else ""

    @property
    def reasons(self) -> list[str]:
        """Why it is shown, the strongest reason first."""
        match = self.match
        words = ", ".join(f"“{word}”" for word in match.words[:WORDS_NAMED])
        said = [
            (match.same_issue, "Same issue"),
            (bool(words), f"Both say {words}"),
            (match.same_type, "Same issue type"),
            (match.same_area, "Same product area"),
            (match.same_customer, "Same customer"),
            (bool(self.answered), f"Answered {counted(self.answered, 'other ticket')}"),
            (bool(self.resolution.satisfaction), f"Customer’s word: {self.resolution.satisfaction} of 5"),
        ]
        return [text for holds, text in said if holds]


def pieces(marked: str, *, longest: int = LONGEST) -> list[Piece]:
    """A text with marks around its words in common, as pieces; cut after `longest` characters, between words."""
    found: list[Piece] = []
    left = longest
    for part in re.split(f"({MARK}[^{END}]*{END})", marked):
        text = part.strip(MARK + END) if part.startswith(MARK) else part
        if not text:
            continue
        if len(text) > left:
            cut = text[:left].rpartition(" ")[0]
            found.append(Piece(f"{cut} …", part.startswith(MARK)))
            break
        found.append(Piece(text, part.startswith(MARK)))
        left -= len(text)
    return found


def shown(ticket: Ticket, matches: Mapping[int, Match]) -> list[Solved]:
    """The matches as they are shown, in their order. `matches`: by the id of their resolution. Two statements."""
    if not matches:
        return []
    lexemes = sorted({lexeme for match in matches.values() for lexeme in match.lexemes})
    options = f"HighlightAll=true, StartSel={MARK}, StopSel={END}"
    minutes = Effort.objects.filter(resolution=OuterRef("pk")).values("resolution").annotate(sum=Sum("minutes"))
    rows = (
        Resolution.objects.filter(pk__in=list(matches))
        .select_related("ticket", "resolved_by", "tier", "team")
        .annotate(
            minutes=Subquery(minutes.values("sum")),
            marked=RawSQL("ts_headline('english', what_was_done, %s::tsquery, %s)", [at_least(1, lexemes), options]),
        )
    )
    found = {row.pk: row for row in rows}
    uses = _uses(match.candidate.pk for match in matches.values())
    return [
        Solved(
            (row := found[pk]).ticket, row, match, pieces(row.marked), row.minutes,
            sum(1 for use in uses.get(row.ticket_id, ()) if use.ticket_id != ticket.pk and use.prevented),
            next((Use(use.by, use.at) for use in uses.get(row.ticket_id, ()) if use.ticket_id == ticket.pk), None),
        )
        for pk, match in matches.items()
        if pk in found
    ]  # fmt: skip


def _uses(tickets: Iterable[int]) -> dict[int, list[SimilarUse]]:
    """Ticket id → what it was found to answer. One statement."""
    found: dict[int, list[SimilarUse]] = {}
    for use in SimilarUse.objects.filter(similar__in=list(tickets)).select_related("by"):
        found.setdefault(use.similar_id, []).append(use)
    return found
