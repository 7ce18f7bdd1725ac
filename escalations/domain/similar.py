"""Which resolved tickets are like one that is being worked on: what to search for, and in which order to show it.

Two tickets are alike when they share several words that few tickets have. Searching for any word of a text matches
hundreds of thousands of tickets, for all words none; so the search asks for at least some of its rarest words
(`plan`), and only what it finds is compared word by word (`rank`). See docs/decisions/0016.
"""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

MOST_SHOWN = 3
# Words that the search asks for, and words that count when what it found is compared.
ASKED, COMPARED = 8, 64
# A text has said what it is about with that many words; more of them make nothing less alike.
TELLING = 24
# A word of more than every seventh ticket tells nothing apart, and its list of tickets is long to read.
COMMON = 0.15
# The search may be expected to read that many entries of the index, and to find that many tickets.
READ, FOUND = 12_000, 400
# A word of which statistics know nothing where they know nothing at all.
UNKNOWN_SHARE = 0.01
# Shown is what shares that much of the words' weight, and so many words (one, when hardly any ticket has it).
LEAST_OVERLAP, LEAST_WORDS, RARE = 0.14, 2, 0.002
# Beside the words, which count up to 1.
SAME_TYPE, SAME_AREA, SAME_CUSTOMER, ESCALATED, SATISFIED, RECENT = 0.10, 0.08, 0.05, 0.04, 0.04, 0.06
RECENT_DAYS = 180
USUAL_LENGTH = 40  # words of a ticket and its resolution


@dataclass(frozen=True, slots=True)
class Word:
    """A word as somebody wrote it, the lexeme it is found by, and the share of all tickets that have it (0 to 1).

    `share` is an estimate; None where nothing is known of it.
    """

    lexeme: str
    written: str
    share: float | None = None

    @property
    def likely(self) -> float:
        return UNKNOWN_SHARE if self.share is None else max(self.share, 1e-7)

    @property
    def weight(self) -> float:
        """How much it says that a ticket has this word: nothing for one that all have. Numbers coincide easily."""
        known = -math.log(min(self.likely, 1.0))
        return known / 2 if self.lexeme.lstrip("-").isdigit() else known


@dataclass(frozen=True, slots=True)
class Plan:
    """What to ask the index, as tsquery text: `strict` finds the most alike however many are alike, `loose` the rest.

    `words` are the text's words that count when what was found is compared, those that the search asks for first.
    """

    strict: str
    loose: str
    asked: tuple[Word, ...]
    words: tuple[Word, ...]


def quoted(lexeme: str) -> str:
    """A lexeme as tsquery text has it, whatever is in it."""
    doubled = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{doubled}'"


def at_least(count: int, lexemes: Sequence[str]) -> str:
    """A tsquery that matches whatever has at least `count` of the lexemes (1 ≤ count ≤ how many there are).

    Halved again and again: the index weighs every word as often as it is written, and this writes it least often.
    """
    if count >= len(lexemes):
        return " & ".join(map(quoted, lexemes))
    if count <= 1:
        return " | ".join(map(quoted, lexemes))
    halves = lexemes[: len(lexemes) // 2], lexemes[len(lexemes) // 2 :]
    ways = []
    for left in range(max(0, count - len(halves[1])), min(count, len(halves[0])) + 1):
        parts = [at_least(some, half) for some, half in zip((left, count - left), halves, strict=True) if some]
        ways.append(" & ".join(f"({part})" for part in parts))
    return " | ".join(f"({way})" for way in ways)


def expected(count: int, shares: Iterable[float]) -> float:
    """The share of tickets with at least `count` of the words, were the words independent of each other."""
    having = [1.0] + [0.0] * count  # with none, one, … of them; the last: `count` or more
    for share in shares:
        for number in range(count, 0, -1):
            stay = having[number] if number == count else having[number] * (1 - share)
            having[number] = stay + having[number - 1] * share
        having[0] *= 1 - share
    return having[count]


def rarest(words: Iterable[Word]) -> list[Word]:
    """Each lexeme once, the rarest first; of equally rare ones those that say more: words before numbers, long ones."""
    once = {word.lexeme: word for word in words}
    return sorted(once.values(), key=lambda word: (-word.weight, -len(word.lexeme), word.lexeme))


def plan(words: Iterable[Word], total: int) -> Plan | None:
    """The search for tickets like a text of these words, among `total` tickets. None for a text that says nothing."""
    ranked = rarest(words)
    # In a small collection every word may be asked for: it finds few tickets however common it is.
    usable = [word for word in ranked if word.likely <= COMMON or word.likely * total <= FOUND] or ranked[:2]
    asked: list[Word] = []
    read = 0.0
    for word in usable[:ASKED]:
        read += word.likely * total
        if len(asked) >= 3 and read > READ:
            break
        asked.append(word)
    if not asked:
        return None
    shares = [word.likely for word in asked]
    many = range(1, len(asked) + 1)
    least = next((count for count in many if expected(count, shares) * total <= FOUND), len(asked))
    lexemes = [word.lexeme for word in asked]
    return Plan(strict(least, lexemes), at_least(least, lexemes), tuple(asked), tuple(ranked[:COMPARED]))


def strict(least: int, lexemes: Sequence[str]) -> str:
    """A tsquery for what has more than `least` of the lexemes: some of every second one, and some of the others."""
    halves = [half for half in (lexemes[::2], lexemes[1::2]) if half]
    return " & ".join(f"({at_least(min(max(least, 2), len(half)), half)})" for half in halves)


@dataclass(frozen=True, slots=True)
class Here:
    """The ticket that something like it is sought for: codes and row ids, empty where not known."""

    issue: int | None = None
    issue_type: str = ""
    product_area: str = ""
    customer: int | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A resolved ticket that the search found. `lexemes` are those of its text and of what was done about it."""

    pk: int
    lexemes: Collection[str]
    resolved_at: datetime
    issue: int | None = None
    issue_type: str = ""
    product_area: str = ""
    customer: int | None = None
    satisfaction: int | None = None
    was_escalated: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """A candidate that is worth showing, and why: the words it shares (most telling first) and facts."""

    candidate: Candidate
    score: float
    words: tuple[str, ...] = ()
    same_issue: bool = False
    same_type: bool = False
    same_area: bool = False
    same_customer: bool = False
    lexemes: tuple[str, ...] = field(default=())


def overlap(words: Sequence[Word], lexemes: Collection[str]) -> float:
    """How much of the words' weight is among the lexemes, 0 to 1; a long text has some of everything."""
    whole = sum(sorted((word.weight for word in words), reverse=True)[:TELLING])
    shared = sum(word.weight for word in words if word.lexeme in lexemes)
    if not whole:
        return 0.0
    return min(shared / whole, 1.0) / (1 + 0.15 * math.log(max(len(lexemes) / USUAL_LENGTH, 1)))


def judge(candidate: Candidate, words: Sequence[Word], here: Here, now: datetime) -> Match | None:
    """How like the ticket the candidate is; None when too little."""
    shared = sorted((word for word in words if word.lexeme in candidate.lexemes), key=lambda word: -word.weight)
    text = overlap(words, candidate.lexemes)
    same_issue = here.issue is not None and candidate.issue == here.issue
    enough = len(shared) >= LEAST_WORDS or (len(shared) == 1 and shared[0].likely <= RARE)
    if not same_issue and (text < LEAST_OVERLAP or not enough):
        return None
    same_type = bool(here.issue_type) and candidate.issue_type == here.issue_type
    same_area = bool(here.product_area) and candidate.product_area == here.product_area
    same_customer = here.customer is not None and candidate.customer == here.customer
    age = max((now - candidate.resolved_at).total_seconds() / 86_400, 0)
    score = text + RECENT * 0.5 ** (age / RECENT_DAYS)
    score += SAME_TYPE * same_type + SAME_AREA * same_area + SAME_CUSTOMER * same_customer
    score += ESCALATED * candidate.was_escalated
    if candidate.satisfaction is not None:
        score += SATISFIED * (candidate.satisfaction - 3) / 2
    return Match(
        candidate, score, tuple(word.written for word in shared), same_issue, same_type, same_area, same_customer,
        tuple(word.lexeme for word in shared),
    )  # fmt: skip


def rank(
    candidates: Iterable[Candidate], words: Sequence[Word], here: Here, now: datetime, *, most: int = MOST_SHOWN
) -> list[Match]:
    """The candidates worth showing, the same issue first, then the most alike; always in the same order."""
    found = [match for one in candidates if (match := judge(one, words, here, now)) is not None]
    return sorted(found, key=lambda match: (not match.same_issue, -match.score, -match.candidate.pk))[:most]
