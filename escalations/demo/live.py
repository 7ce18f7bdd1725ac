"""The demo's present: open tickets of the last days, made by the very services that people use.

Minutes are working minutes of the team that the ticket starts with (P1: of the clock on the wall), so that at any hour
of any day the queue looks like that of an organisation that mostly keeps its promises.
"""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from accounts.domain.calendars import ALWAYS_OPEN, due_at, threshold
from accounts.models import Team, User
from escalations.demo import texts
from escalations.demo.credits import tell_credits
from escalations.demo.desks import tell_desks
from escalations.demo.outage import Outage
from escalations.demo.ringing import ring
from escalations.demo.story import REASONS
from escalations.demo.world import World, pick
from escalations.domain.clocks import Wait
from escalations.models import Customer, Escalation, Ticket
from escalations.services.answers import handoff_accept, handoff_acknowledge, handoff_return
from escalations.services.conversation import ticket_note, ticket_record_customer, ticket_reply
from escalations.services.handoffs import handoff_file
from escalations.services.read_backs import Restated, read_back_confirm
from escalations.services.resolutions import Feedback, ticket_resolve
from escalations.services.tickets import ticket_assign, ticket_create, ticket_wait
from journal import clock

MINUTE = timedelta(minutes=1)
T = TypeVar("T")


class Scene:
    """One open ticket being told through the services, at moments counted back from now."""

    def __init__(
        self, world: World, now: datetime, *, minutes_ago: float, priority: int, name: str = "", team: str = ""
    ) -> None:
        self.world, self.now, self.rng = world, now, world.rng
        self.problem, self.slots = world.problem(priority), world.slots()
        named = [customer for customer in world.customers if customer.name == name]
        self.customer: Customer = named[0] if named else self.rng.choice(world.customers)
        region = self.customer.region.code if self.customer.region else "emea"
        place = world.teams[team] if team else world.team_for(world.policy.severity(priority).entry_tier, region)
        self.calendar = ALWAYS_OPEN if priority == 1 else world.calendar_of(place)
        self.at = threshold(now, int(minutes_ago * 60), self.calendar)
        with clock.travel(self.at):
            self.ticket: Ticket = self._create(place, priority)

    def _at(self, minutes_later: float, act: Callable[[], T]) -> T:
        """Do something `minutes_later`, but never in the future."""
        later = due_at(self.at, int(minutes_later * 60), self.calendar)
        self.at = min(later, self.now - timedelta(seconds=1))
        ring(until=self.at)
        with clock.travel(self.at):
            return act()

    def _create(self, team: Team, priority: int) -> Ticket:
        problem, slots = self.problem, self.slots
        return ticket_create(
            by=self.rng.choice(self.world.members[team.code]), customer=self.customer,
            contact=self.world.contacts[self.customer.pk], subject=self.world.sentence(problem.subject, slots),
            description=problem.words.format(**slots), priority=priority, team=team,
            category=problem.category, issue_type=problem.issue_type, product_area=problem.area,
            channel=self.rng.choice(("email", "portal", "phone")),
            sentiment=self.rng.choices(("satisfied", "neutral", "frustrated", "upset"), (10, 50, 30, 10))[0],
        )  # fmt: skip

    @property
    def holder(self) -> User:
        self.ticket = Ticket.objects.select_related("team", "tier", "owner", "customer").get(pk=self.ticket.pk)
        return self.ticket.owner or self.rng.choice(self.world.members[self.ticket.team.code])

    def disown(self) -> "Scene":
        self._at(0, lambda: ticket_assign(ticket=self.ticket, by=self.holder, owner=None))
        return self

    def assign(self, username: str) -> "Scene":
        person = User.objects.get(username=username)
        self._at(1, lambda: ticket_assign(ticket=self.ticket, by=self.holder, owner=person))
        return self

    def reply(self, minutes_later: float, *, promise_in: float | None = None) -> "Scene":
        """Answer the customer; `promise_in`: minutes from now (the demo's now) of the next promised update."""
        due = None if promise_in is None else self.now + promise_in * MINUTE
        body = self.rng.choice(texts.REPLIES[:2]).format(**self.slots)
        self._at(minutes_later, lambda: ticket_reply(ticket=self.ticket, by=self.holder, body=body, next_update_at=due))
        return self

    def hear(self, minutes_later: float) -> "Scene":
        body = self.rng.choice(texts.FOLLOW_UPS[:3]).format(**self.slots)
        self._at(
            minutes_later,
            lambda: ticket_record_customer(ticket=self.ticket, by=self.holder, body=body, channel="email"),
        )
        return self

    def note(self, minutes_later: float) -> "Scene":
        body = self.rng.choice(texts.NOTES).format(**self.slots)
        self._at(minutes_later, lambda: ticket_note(ticket=self.ticket, by=self.holder, body=body))
        return self

    def wait(self, minutes_later: float, wait: Wait, reason: str) -> "Scene":
        review_at = self.now + timedelta(hours=self.rng.randrange(8, 70))
        self._at(
            minutes_later,
            lambda: ticket_wait(ticket=self.ticket, by=self.holder, wait=wait, reason=reason, review_at=review_at),
        )
        return self

    def hand_over(self, minutes_later: float, *, care: float = 0.95, to: str = "", person: str = "") -> "Scene":
        holder = self.holder
        above = self.world.policy.tier_above(self.ticket.tier.code)
        if above is None:
            return self
        team = self.world.teams[to] if to else self.world.team_for(above.code, self.customer.region.code)
        content = self.world.handoff_content(self.problem, self.slots, self.at, self.customer, care=care)
        to_user = User.objects.get(username=person) if person else None
        reason = pick(self.rng, REASONS)
        self._at(
            minutes_later,
            lambda: handoff_file(
                ticket=self.ticket, by=holder, key=uuid.uuid4(), reason=reason, to_team=team,
                to_user=to_user, content=content,
            ),
        )  # fmt: skip
        return self

    @property
    def escalation(self) -> Escalation:
        return Escalation.objects.select_related("to_team", "to_tier").filter(ticket=self.ticket).latest("filed_at")

    def _receiver(self, username: str) -> User:
        if username:
            return User.objects.get(username=username)
        return self.rng.choice(self.world.members[self.escalation.to_team.code])

    def acknowledge(self, minutes_later: float, by: str = "") -> "Scene":
        person = self._receiver(by)
        self._at(minutes_later, lambda: handoff_acknowledge(escalation=self.escalation, by=person))
        return self

    def accept(self, minutes_later: float, by: str = "") -> "Scene":
        """Accepted, read back, and confirmed by the sender two minutes later."""
        person, read_back = self._receiver(by), self.read_back
        estimate = self.now + timedelta(hours=self.rng.randrange(2, 9))
        self._at(
            minutes_later,
            lambda: handoff_accept(
                escalation=self.escalation, by=person, estimated_resolution_at=estimate, needs_resources=False,
                read_back=read_back,
            ),
        )  # fmt: skip
        sender = self.escalation.from_user
        if sender is not None:
            self._at(2, lambda: read_back_confirm(escalation=self.escalation, by=sender, round=1))
        return self

    @property
    def read_back(self) -> Restated:
        """What a receiver makes of the handoff."""
        return Restated(self.problem.finding.format(**self.slots), self.problem.action.format(**self.slots))

    def send_back(self, minutes_later: float) -> "Scene":
        person = self._receiver("")
        self._at(
            minutes_later,
            lambda: handoff_return(
                escalation=self.escalation, by=person, reason="no_next_step", note="What shall we try first?"
            ),
        )
        return self

    def resolve(self, minutes_later: float) -> "Scene":
        holder = self.holder
        rating = Feedback(rating=self.rng.choice((3, 4, 5)), was_necessary=True, comment="Clear steps, thank you.")
        behind = Escalation.objects.filter(ticket=self.ticket, state="accepted").exists()
        self._at(
            minutes_later,
            lambda: ticket_resolve(
                ticket=self.ticket, by=holder, root_cause=self.problem.root_cause,
                what_was_done=self.problem.done.format(**self.slots), minutes={self.ticket.tier: 45},
                satisfaction=4, feedback=rating if behind else None,
            ),
        )  # fmt: skip
        return self


def tell_present(world: World, now: datetime) -> int:
    """A queue with things about to breach, handoffs that wait, and feedback to read. Returns the tickets opened."""
    rng = world.rng

    def scene(minutes_ago: float, priority: int, name: str = "", team: str = "") -> Scene:
        return Scene(world, now, minutes_ago=minutes_ago, priority=priority, name=name, team=team)

    # What burns: P1 clocks and promises run around the clock, so they do at any hour.
    scene(11, 1, "Tolvane Retail").disown()
    scene(170, 1, "Oskerby Energy").reply(9, promise_in=-18).note(20)
    scene(95, 1, "Ardenvale Mutual").reply(6, promise_in=24).hand_over(36, person="jonas")
    scene(150, 1, "Mirabeck Health").reply(5).hand_over(80)
    scene(230, 1, "Pellworth Freight").reply(11, promise_in=41).hand_over(120).acknowledge(18, "jonas")
    # Tomasz' desk (L1), and what Ines (L2) and Priya (L3) find in their inbox.
    scene(34, 3, "Hexmoor Studios", "delta").assign("tomasz").reply(8, promise_in=35).hear(15)
    scene(52, 3, "Crovane Systems", "delta").assign("tomasz").reply(12).hear(18).note(10)
    scene(14, 3, "Sandry & Poole", "delta").assign("tomasz").hear(6)
    scene(70, 3, "Luntwick Media", "delta").assign("tomasz").reply(10).hand_over(25, to="integrations").send_back(9)
    scene(900, 3, "Brayling Foods", "delta").assign("tomasz").reply(9).hand_over(30, to="integrations").accept(
        8, "ines"
    ).resolve(160)
    scene(58, 3, "Pellworth Freight", "delta").assign("tomasz").reply(8).hand_over(37, to="integrations")
    scene(62, 3, "Brayling Foods", "delta").assign("katja").reply(9).hand_over(43, to="integrations", care=0.6)
    scene(90, 3, "Tolvane Retail", "delta").assign("leila").reply(9).hand_over(55, to="integrations").acknowledge(
        9, "noor"
    )
    scene(150, 2, "Mirabeck Health", "integrations").assign("ines").reply(30, promise_in=52).note(25)
    scene(215, 2, "Crovane Systems", "integrations").assign("ines").reply(25).hear(90)
    scene(120, 2, "Luntwick Media", "integrations").assign("ines").reply(30).hand_over(
        50, to="platform", person="priya"
    )
    scene(300, 2, "Oskerby Energy", "integrations").assign("ines").reply(60).wait(
        40, Wait.CUSTOMER, "Trace id asked for"
    )
    scene(600, 2, "Ardenvale Mutual", "integrations").reply(60).hand_over(80, to="platform").accept(20, "priya").wait(
        60, Wait.VENDOR, "Payment provider answers by Friday"
    )
    Outage(world, now).tell()
    tell_desks(world, now)
    ordinary = 90
    for _ in range(ordinary):
        priority = rng.choices((2, 3, 4), (25, 60, 15))[0]
        entry = world.policy.tier(world.policy.severity(priority).entry_tier)
        _ordinary(scene(rng.uniform(0.05, 1.12) * entry.resolution_seconds / 60, priority))
    tell_credits(now)
    return Ticket.objects.open().count()


def _ordinary(scene: Scene) -> None:
    """A day like any other: somewhere between just opened and handed over."""
    rng = scene.rng
    stage = rng.random()
    if stage < 0.12:
        scene.disown()
        return
    scene.reply(rng.uniform(2, 20), promise_in=rng.choice((None, None, None, rng.uniform(60, 2000))))
    if stage < 0.35 or scene.world.policy.tier_above(scene.ticket.tier.code) is None:
        return
    if stage < 0.5:
        scene.hear(rng.uniform(5, 30)).note(5)
    elif stage < 0.66:
        scene.wait(rng.uniform(3, 20), Wait.CUSTOMER, rng.choice(("Example asked for", "Their administrator is away")))
    elif stage < 0.74:
        scene.hand_over(rng.uniform(5, 20))
    elif stage < 0.92:
        scene.hand_over(rng.uniform(5, 15)).acknowledge(4).accept(6).reply(12)
    else:
        scene.note(15)
