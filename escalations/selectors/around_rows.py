"""What surrounds a ticket's acceptances: read-backs, follow-ups and questions, read in one statement."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import connection

from escalations.models import Consult, FollowUp, ReadBack, Ticket
from escalations.selectors.related import Pointing

# Three short tables side by side, as one statement: a page asks for them whether there are any or not.
# kind, id, of (escalation or team), number, state, three texts, who and when, whom else and when, a third person, at.
AROUND = """
SELECT 'read_back', r.id, r.escalation_id, r.round, r.state, r.problem, r.next_action, r.correction,
    r.given_by_id, r.given_at, r.answered_by_id, r.answered_at, NULL::bigint, NULL::timestamptz
FROM escalations_readback r WHERE r.escalation_id = ANY(%(escalations)s::bigint[])
UNION ALL
SELECT 'follow_up', f.id, f.escalation_id, NULL, '', f.channel, f.note, '',
    f.recorded_by_id, f.recorded_at, NULL, NULL, f.message_id, f.contacted_at
FROM escalations_followup f WHERE f.escalation_id = ANY(%(escalations)s::bigint[])
UNION ALL
SELECT 'consult', c.id, c.to_team_id, NULL, c.state, c.question, c.answer,
    (SELECT tier.code || ' ' || team.name FROM accounts_team team JOIN accounts_tier tier ON tier.id = team.tier_id
     WHERE team.id = c.to_team_id),
    c.asked_by_id, c.asked_at, c.answered_by_id, c.answered_at, c.to_user_id, c.seen_at
FROM escalations_consult c WHERE c.ticket_id = %(ticket)s
"""


@dataclass(frozen=True, slots=True)
class AroundRows:
    """Read-backs by escalation and round, follow-ups by escalation, questions newest first.

    `places` says of a question (id) which team was asked: "L2 Integrations". People are set by `relate`.
    """

    read_backs: list[ReadBack] = field(default_factory=list)
    follow_ups: dict[int, FollowUp] = field(default_factory=dict)
    consults: list[Consult] = field(default_factory=list)
    places: dict[int, str] = field(default_factory=dict)

    @property
    def people(self) -> list[Pointing]:
        return [
            (self.read_backs, ["given_by", "answered_by"]),
            (list(self.follow_ups.values()), ["recorded_by"]),
            (self.consults, ["asked_by", "answered_by", "to_user"]),
        ]

    def read_back(self, pk: object) -> ReadBack | None:
        return next((one for one in self.read_backs if one.pk == pk), None)

    def follow_up(self, pk: object) -> FollowUp | None:
        return next((one for one in self.follow_ups.values() if one.pk == pk), None)

    def consult(self, pk: object) -> Consult | None:
        return next((one for one in self.consults if one.pk == pk), None)

    def last_read_back(self, escalation: int) -> ReadBack | None:
        rounds = [one for one in self.read_backs if one.escalation_id == escalation]
        return max(rounds, key=lambda one: one.round, default=None)


def around_rows(ticket: Ticket, escalations: Iterable[int]) -> AroundRows:
    """What is on record around these escalations (ids) of the ticket, and every question on it. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(AROUND, {"ticket": ticket.pk, "escalations": list(escalations)})
        rows = cursor.fetchall()
    found = AroundRows()
    for kind, pk, of, number, state, one, two, three, who, at, other, then, third, stamp in rows:
        match kind:
            case "read_back":
                found.read_backs.append(
                    ReadBack(
                        pk=pk, escalation_id=of, round=number, state=state, problem=one, next_action=two,
                        correction=three, given_by_id=who, given_at=at, answered_by_id=other, answered_at=then,
                    )
                )  # fmt: skip
            case "follow_up":
                found.follow_ups[of] = FollowUp(
                    pk=pk, escalation_id=of, channel=one, note=two, recorded_by_id=who, recorded_at=at,
                    message_id=third, contacted_at=stamp,
                )  # fmt: skip
            case _:
                found.places[pk] = three
                found.consults.append(
                    Consult(
                        pk=pk, ticket=ticket, to_team_id=of, state=state, question=one, answer=two, asked_by_id=who,
                        asked_at=at, answered_by_id=other, answered_at=then, to_user_id=third, seen_at=stamp,
                    )
                )  # fmt: skip
    found.read_backs.sort(key=lambda row: (row.escalation_id, row.round))
    found.consults.sort(key=lambda row: (row.asked_at, row.pk), reverse=True)
    return found
