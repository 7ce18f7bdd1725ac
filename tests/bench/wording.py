"""Texts as a help desk has them: a few words everywhere, most of them rare, and fifty problems that came back.

The n-th commonest word is drawn with a probability in proportion to 1/n (Zipf's law), out of a vocabulary of 30,000.
A planted case is a resolved ticket and an open one about the same problem in other words: about half of its words come
back, in another order, among as many others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

VOCABULARY = 30_000
CASES = 50
SYLLABLES = "".join(consonant + vowel for consonant in "bcdfghjklmnprstvwxyz" for vowel in "aeiou") + "qu"
SPREAD, WHOLE = 7919, 1_000_003  # neighbours in rank share no syllables
SUBJECT_WORDS, TEXT_WORDS, DONE_WORDS = 5, 14, 12
KEPT = 0.55


def word(rank: int) -> str:
    """The word of this rank, 1 being the commonest."""
    place = rank * SPREAD % WHOLE
    return "".join(SYLLABLES[2 * part : 2 * part + 2] for part in (place % 100, place // 100 % 100, place // 10_000))


def words_sql(count: str) -> str:
    """SQL: as many words, drawn anew for each row. `count` must name a column, or one draw serves all rows."""
    parts = ("place %% 100", "place / 100 %% 100", "place / 10000")
    letters = " || ".join(f"substr('{SYLLABLES}', (1 + 2 * ({part}))::int, 2)" for part in parts)
    return (
        f"(SELECT string_agg({letters}, ' ') FROM (SELECT floor({VOCABULARY} ^ random())::bigint * {SPREAD}"
        f" %% {WHOLE} AS place FROM generate_series(1, ({count})::int)) drawn)"
    )


@dataclass(frozen=True, slots=True)
class Case:
    """A problem that was solved and came back."""

    subject: str
    description: str
    done: str
    again_subject: str
    again: str


def _drawn(rng: Random, count: int) -> list[str]:
    return [word(int(VOCABULARY ** rng.random())) for _ in range(count)]


def _said_again(rng: Random, words: Sequence[str]) -> str:
    kept = rng.sample(words, round(len(words) * KEPT))
    said = kept + _drawn(rng, len(words) - len(kept))
    rng.shuffle(said)
    return " ".join(said)


def cases(count: int = CASES) -> list[Case]:
    rng = Random(20250301)
    found = []
    for _ in range(count):
        subject, text = _drawn(rng, SUBJECT_WORDS), _drawn(rng, TEXT_WORDS)
        found.append(
            Case(
                " ".join(subject), " ".join(text), " ".join(_drawn(rng, DONE_WORDS)),
                _said_again(rng, subject), _said_again(rng, text),
            )
        )  # fmt: skip
    return found


RESOLUTIONS = f"""
INSERT INTO escalations_resolution
    (ticket_id, tier_id, team_id, resolved_by_id, resolved_at, root_cause, root_cause_details, what_was_done,
     satisfaction, customer_lost)
SELECT t.id, t.tier_id, t.team_id, coalesce(t.owner_id, (SELECT min(id) FROM accounts_user)), t.resolved_at,
       'product_defect', '', {words_sql(f"{DONE_WORDS - 4} + t.id %% 8")}, 1 + (t.id %% 5), false
FROM escalations_ticket t WHERE t.source = 'bench' AND t.state IN ('resolved', 'closed')
"""
# One in `step` of the finished tickets, counted from the oldest, and one in `step` of the open ones.
CHOSEN = """
WITH listed AS (
    SELECT id, row_number() OVER (ORDER BY id) AS nth, count(*) OVER () AS of
    FROM escalations_ticket WHERE source = 'bench' AND (state IN ('resolved', 'closed')) = %(over)s
)
SELECT id FROM listed WHERE nth %% greatest(of / %(count)s, 1) = 0 ORDER BY id LIMIT %(count)s
"""


def fill_resolutions(connection: Any) -> None:
    """What was done about every finished ticket that `data.fill` made."""
    with connection.cursor() as cursor:
        cursor.execute(RESOLUTIONS, {})


def planted(connection: Any, count: int = CASES) -> list[tuple[int, int]]:
    """Where the cases are: (finished ticket, open ticket) for each, spread over all there are."""
    places = []
    with connection.cursor() as cursor:
        for over in (True, False):
            cursor.execute(CHOSEN, {"over": over, "count": count})
            places.append([pk for (pk,) in cursor.fetchall()])
    return list(zip(*places, strict=True))


def plant(connection: Any, count: int = CASES) -> list[tuple[int, int]]:
    """Let the cases have happened."""
    found = planted(connection, count)
    done = "UPDATE escalations_resolution SET what_was_done = %s WHERE ticket_id = %s"
    # Without an issue: tickets of the same one would stand before those whose words are alike.
    said = (
        "UPDATE escalations_ticket SET subject = %s, description = %s, is_restricted = false, issue_id = NULL"
        " WHERE id = %s"
    )
    with connection.cursor() as cursor:
        for case, (old, new) in zip(cases(count), found, strict=True):
            cursor.execute(said, [case.subject, case.description, old])
            cursor.execute(said, [case.again_subject, case.again, new])
            cursor.execute(done, [case.done, old])
    return found
