"""The demo's present: open tickets of the last days, made by the very services that people use."""

import uuid
from datetime import datetime, timedelta

from accounts.models import Team, User
from escalations.demo import texts
from escalations.demo.world import World
from escalations.domain.clocks import Wait
from escalations.models import Customer, Escalation, Ticket
from escalations.services.answers import handoff_accept, handoff_acknowledge, handoff_return
from escalations.services.conversation import ticket_note, ticket_record_customer, ticket_reply
from escalations.services.handoffs import handoff_file
from escalations.services.resolutions import Feedback, ticket_resolve
from escalations.services.tickets import ticket_assign, ticket_create, ticket_wait
from journal import clock

MINUTE = timedelta(minutes=1)


class Scene:
    """One open ticket being told through the services, at moments counted back from now."""

    def __init__(
        self, world: World, now: datetime, *, minutes_ago: float, priority: int, name: str = "", team: str = ""
    ) -> None:
        self.world, self.now, self.rng = world, now, world.rng
        self.at = now - minutes_ago * MINUTE
        self.problem, self.slots = world.problem(priority), world.slots()
        named = [customer for customer in world.customers if customer.name == name]
        self.customer: Customer = named[0] if named else self.rng.choice(world.customers)
        region = self.customer.region.code if self.customer.region else "emea"
        place = world.teams[team] if team else world.team_for(world.policy.severity(priority).entry_tier, region)
        self.ticket: Ticket = self._at(0, lambda: self._create(place, priority))

    def _at(self, minutes_later: float, act):
        """Do something `minutes_later`, but never in the future."""
        self.at = min(self.at + minutes_later * MINUTE, self.now - timedelta(seconds=1))
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
        self._at(
            minutes_later,
            lambda: handoff_file(
                ticket=self.ticket, by=holder, key=uuid.uuid4(), reason="technical_complexity", to_team=team,
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
        person = self._receiver(by)
        estimate = self.now + timedelta(hours=self.rng.randrange(2, 9))
        self._at(
            minutes_later,
            lambda: handoff_accept(
                escalation=self.escalation, by=person, estimated_resolution_at=estimate, needs_resources=False
            ),
        )
        return self

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
    scene(190, 3, "Hexmoor Studios", "delta").assign("tomasz").reply(20, promise_in=35).hear(60)
    scene(320, 3, "Crovane Systems", "delta").assign("tomasz").reply(30).hear(140).note(10)
    scene(75, 3, "Sandry & Poole", "delta").assign("tomasz").hear(20)
    scene(260, 3, "Luntwick Media", "delta").assign("tomasz").reply(25).hand_over(60, to="integrations").send_back(22)
    scene(2900, 3, "Brayling Foods", "delta").assign("tomasz").reply(30).hand_over(70, to="integrations").accept(
        15, "ines"
    ).resolve(160)
    scene(140, 3, "Pellworth Freight", "delta").assign("tomasz").reply(10).hand_over(118, to="integrations")
    scene(200, 3, "Brayling Foods", "delta").assign("katja").reply(15).hand_over(170, to="integrations", care=0.6)
    scene(330, 3, "Tolvane Retail", "delta").assign("leila").reply(15).hand_over(220, to="integrations").acknowledge(
        9, "noor"
    )
    scene(400, 2, "Mirabeck Health", "integrations").assign("ines").reply(30, promise_in=52).note(25)
    scene(700, 2, "Luntwick Media", "integrations").assign("ines").reply(30).hand_over(
        200, to="platform", person="priya"
    )
    scene(1500, 2, "Oskerby Energy", "integrations").assign("ines").reply(60).wait(
        200, Wait.CUSTOMER, "Trace id asked for"
    )
    scene(3100, 2, "Ardenvale Mutual", "integrations").reply(60).hand_over(300).accept(25, "priya").wait(
        90, Wait.VENDOR, "Payment provider answers by Friday"
    )
    opened = 17
    for _ in range(90):
        _ordinary(scene(rng.uniform(20, 7000), rng.choices((2, 3, 4), (25, 60, 15))[0]))
        opened += 1
    return opened


def _ordinary(scene: Scene) -> None:
    """A day like any other: somewhere between just opened and handed over."""
    rng = scene.rng
    stage = rng.random()
    if stage < 0.12:
        scene.disown()
        return
    scene.reply(rng.uniform(5, 40), promise_in=rng.choice((None, None, None, rng.uniform(60, 2000))))
    if stage < 0.35 or scene.world.policy.tier_above(scene.ticket.tier.code) is None:
        return
    if stage < 0.5:
        scene.hear(rng.uniform(20, 90)).note(5)
    elif stage < 0.64:
        scene.wait(rng.uniform(10, 60), Wait.CUSTOMER, rng.choice(("Example asked for", "Their administrator is away")))
    elif stage < 0.72:
        scene.hand_over(rng.uniform(20, 90))
    elif stage < 0.9:
        scene.hand_over(rng.uniform(20, 60)).acknowledge(6).accept(9).reply(12)
    else:
        scene.note(15)
