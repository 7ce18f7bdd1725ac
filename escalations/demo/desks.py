"""What the demo's people find on their desks: a handover at the change of shifts, mentions, whom they stand in for."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from accounts.domain.calendars import threshold
from accounts.models import User
from accounts.services.absences import absence_create
from escalations.choices import HandoverReason
from escalations.demo.world import World
from escalations.domain.clocks import Wait
from escalations.models import Customer, Ticket
from escalations.services.conversation import ticket_note, ticket_record_customer, ticket_reply
from escalations.services.desk import Give, desk_hand_over
from escalations.services.handoffs import handoff_file
from escalations.services.tickets import ticket_assign, ticket_create, ticket_wait
from journal import clock

T = TypeVar("T")

# Who hands over to whom at the change of shifts, in which team.
CHANGES = (
    ("marta", "tomasz", "delta"),
    ("henrik", "ines", "integrations"),
    ("farah", "priya", "platform"),
    ("oskar", "jonas", "product"),
)
LAST_WORD = "Quiet shift. The three below need a word today; the rest of mine is resolved."
# How far each of the three tickets has come, and the note that goes with it.
NOTES = (
    "They promised the log by noon. Without it there is nothing to do; ask again in the afternoon.",
    "Update promised, see the timeline. Cause is not found yet; I would look at the retries first.",
    "They answered just before I left and I have not read it closely. Sounds annoyed.",
)
# Who mentions whom, and what about.
MENTIONS = (
    ("katja", "tomasz", "delta", "@tomasz they ask for you by name. Can you take the next call?"),
    ("noor", "ines", "integrations", "@ines does this look like the key rotation of last week to you?"),
    ("anil", "priya", "platform", "@priya the queue on node 4 fills again. Same as in March?"),
    ("maeve", "jonas", "product", "@jonas is this already fixed in the next release?"),
    ("noor", "dana", "integrations", "@dana their head of operations wants a word with a manager today."),
    ("anil", "rosa", "platform", "@rosa second time this month for them. You may want to know before they call you."),
    ("maeve", "victor", "product", "@victor they mention the renewal in every mail. Worth a call from you?"),
)
AWAY, COVER, AWAY_TEAM = "julia", "ines", "integrations"


class Desks:
    """Told through the services, at working minutes of a team counted back from the demo's now."""

    def __init__(self, world: World, now: datetime) -> None:
        self.world, self.now = world, now
        self.people = {user.username: user for user in User.objects.select_related("team", "role")}

    def at(self, team: str, minutes_ago: float, act: Callable[[], T]) -> T:
        calendar = self.world.calendar_of(self.world.teams[team])
        with clock.travel(threshold(self.now, int(minutes_ago * 60), calendar)):
            return act()

    def ticket(self, team: str, owner: str, minutes_ago: float, *, priority: int = 3) -> Ticket:
        """A ticket of the team, opened and owned by one of its people."""
        problem, slots = self.world.problem(priority), self.world.slots()
        customer: Customer = self.world.rng.choice(self.world.customers)
        by = self.people[owner]
        made = self.at(team, minutes_ago, lambda: ticket_create(
            by=by, customer=customer, contact=self.world.contacts[customer.pk],
            subject=self.world.sentence(problem.subject, slots), description=problem.words.format(**slots),
            priority=priority, team=self.world.teams[team], category=problem.category,
            issue_type=problem.issue_type, product_area=problem.area, channel="email", sentiment="neutral",
        ))  # fmt: skip
        if made.owner_id != by.pk:
            self.at(team, minutes_ago, lambda: ticket_assign(ticket=made, by=by, owner=by))
        return made

    def change_shifts(self, giver: str, receiver: str, team: str) -> None:
        """Three tickets change hands: one waits for its customer, one has a promise, in one the customer waits."""
        by, to = self.people[giver], self.people[receiver]
        waits, promised, unread = (self.ticket(team, giver, ago) for ago in (58, 54, 49))
        look_again = self.now + timedelta(hours=5)
        for ticket in (waits, promised, unread):
            self.at(team, 47, lambda t=ticket: ticket_reply(
                ticket=t, by=by, body="Thank you. We look into it now.",
                next_update_at=self.now + timedelta(minutes=95) if t == promised else None,
            ))  # fmt: skip
        self.at(team, 45, lambda: ticket_wait(
            ticket=waits, by=by, wait=Wait.CUSTOMER, reason="Log of the failing call asked for", review_at=look_again
        ))  # fmt: skip
        self.at(team, 41, lambda: ticket_record_customer(
            ticket=unread, by=by, body="This is the third time I explain it. When does it work again?", channel="email"
        ))  # fmt: skip
        lines = zip((waits, promised, unread), NOTES, strict=True)
        self.at(team, 35, lambda: desk_hand_over(
            owner=by, by=by, key=uuid.uuid4(), reason=HandoverReason.SHIFT_END, note=LAST_WORD,
            tickets=[Give(ticket.pk, to, note) for ticket, note in lines],
        ))  # fmt: skip

    def mention(self, by: str, whom: str, team: str, words: str) -> None:
        ticket = self.ticket(team, by, 50, priority=2 if whom in ("rosa", "victor", "dana") else 3)
        self.at(team, 44, lambda: ticket_reply(ticket=ticket, by=self.people[by], body="We are on it."))
        self.at(team, 21, lambda: ticket_note(ticket=ticket, by=self.people[by], body=words))

    def stand_in(self) -> None:
        """Somebody is away, and what is addressed to them by name stands on the desk of who covers."""
        away, team = self.people[AWAY], self.world.teams[AWAY_TEAM]
        ticket = self.ticket("delta", "pavel", 40)
        problem, slots = self.world.problem(3), self.world.slots()
        content = self.world.handoff_content(problem, slots, self.now, ticket.customer, care=1.0)
        self.at("delta", 10, lambda: handoff_file(
            ticket=ticket, by=self.people["pavel"], key=uuid.uuid4(), reason="technical_complexity", to_team=team,
            to_user=away, content=content,
        ))  # fmt: skip
        began = self.now - timedelta(hours=4)
        with clock.travel(began):
            absence_create(
                user=away, by=away, starts_at=began, ends_at=began + timedelta(days=2), covered_by=self.people[COVER],
                note="Down with a cold",
            )  # fmt: skip


def tell_desks(world: World, now: datetime) -> None:
    """Each documented login finds something that a colleague left for them."""
    desks = Desks(world, now)
    for giver, receiver, team in CHANGES:
        desks.change_shifts(giver, receiver, team)
    for by, whom, team, words in MENTIONS:
        desks.mention(by, whom, team, words)
    desks.stand_in()
