"""What every demo ticket draws from: customers, people, calendars, words. Everything follows from one seed."""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import product

from accounts.calendars import current_revisions, working_calendar
from accounts.domain.calendars import ALWAYS_OPEN, Calendar, due_at
from accounts.models import CalendarRevision, Region, Team, User
from escalations.demo import texts
from escalations.domain.handoff import HandoffContent, Step
from escalations.models import Contact, Customer, Ticket
from policies.domain.policy import Policy
from policies.models import PolicyVersion
from policies.selectors import policy_in_force

ZONES = {
    "emea": ("Europe/Berlin", "Europe/Paris", "Europe/Madrid", "Europe/Helsinki"),
    "amer": ("America/New_York", "America/Chicago", "America/Los_Angeles", "America/Sao_Paulo"),
    "apac": ("Asia/Singapore", "Asia/Tokyo", "Australia/Sydney", "Asia/Kolkata"),
}
OFFICE = {"emea": "berlin", "amer": "new-york", "apac": "singapore"}
SEGMENTS = (("enterprise", 0.3), ("mid_market", 0.3), ("smb", 0.3), ("consumer", 0.1))


def pick(rng: random.Random, weights: tuple[tuple[str, float], ...]) -> str:
    return rng.choices([value for value, _ in weights], [weight for _, weight in weights])[0]


@dataclass
class World:
    rng: random.Random
    teams: dict[str, Team]
    version: PolicyVersion
    policy: Policy
    members: dict[str, list[User]]
    revisions: dict[int, CalendarRevision | None]
    customers: list[Customer] = field(default_factory=list)
    contacts: dict[int, Contact] = field(default_factory=dict)

    @classmethod
    def build(cls, teams: dict[str, Team], seed: int) -> "World":
        version, policy = policy_in_force()
        members: dict[str, list[User]] = {code: [] for code in teams}
        for user in User.objects.filter(team__isnull=False).select_related("team", "role").order_by("pk"):
            members[user.team.code].append(user)
        from_rows = {team.calendar_id for team in teams.values()}
        world = cls(random.Random(seed), teams, version, policy, members, current_revisions(from_rows))
        world._add_customers()
        return world

    def calendar_of(self, team: Team) -> Calendar:
        return working_calendar(self.revisions[team.calendar_id])

    def contract_calendar(self, ticket: Ticket) -> Calendar:
        if ticket.customer.calendar_id is None or self.policy.severity(ticket.priority).runs_around_the_clock:
            return ALWAYS_OPEN
        return working_calendar(self.revisions[ticket.customer.calendar_id])

    def team_for(self, tier: str, region: str) -> Team:
        """A team of the tier, the customer's region first."""
        of_tier = [team for team in self.teams.values() if team.tier.code == tier]
        return next((team for team in of_tier if team.region.code == region), self.rng.choice(of_tier))

    def later(self, team: Team, at: datetime, minutes: float) -> datetime:
        """`minutes` of the team's working time after `at`, with some odd seconds."""
        return due_at(at, int(minutes * 60), self.calendar_of(team)) + timedelta(seconds=self.rng.randrange(55))

    def around(self, middle: float, spread: float = 0.6) -> float:
        """A positive number whose median is `middle`; the long tail is where deadlines are missed."""
        return middle * self.rng.lognormvariate(0, spread)

    def slots(self) -> dict[str, object]:
        """What the texts' blanks are filled with."""
        rng = self.rng
        return {
            "n": rng.choice((12, 17, 23, 38, 45, 60, 84, 120, 240, 500, 1140)),
            "site": rng.choice(texts.SITES),
            "thing": rng.choice(texts.THINGS),
            "person": f"{rng.choice(texts.FIRST_NAMES)} {rng.choice(texts.LAST_NAMES)}",
            "hour": f"{rng.randrange(6, 18):02d}:{rng.choice(('00', '10', '20', '40', '50'))}",
        }

    def sentence(self, text: str, slots: dict[str, object]) -> str:
        """The text with its blanks filled, beginning with a capital."""
        filled = text.format(**slots)
        return filled[0].upper() + filled[1:]

    def problem(self, priority: int) -> texts.Problem:
        fitting = [
            problem
            for problem in texts.PROBLEMS
            if (problem.issue_type in ("outage", "data_loss", "security_breach")) == (priority == 1)
            and (problem.issue_type == "feature_request") <= (priority == 4)
        ]
        return self.rng.choice(fitting)

    def handoff_content(
        self, problem: texts.Problem, slots: dict[str, object], at: datetime, customer: Customer, *, care: float = 0.9
    ) -> HandoffContent:
        """A handoff as people fill it in: with `care` 1 complete, below with gaps."""
        rng = self.rng

        def said(value: str) -> str:
            return value if rng.random() < care else ""

        tried = rng.sample(texts.STEPS, rng.randrange(2, 5))
        steps = tuple(
            Step(step.format(**slots), result.format(**slots), rng.randrange(4, 25)) for step, result in tried
        )
        told = at - timedelta(minutes=rng.randrange(3, 20))
        return HandoffContent(
            customer_words=problem.words.format(**slots),
            technical_description=problem.finding.format(**slots),
            business_impact=said(rng.choice(texts.IMPACTS)),
            scope=said(rng.choice(("one_user", "team", "one_customer", "many_customers"))),
            urgency=said(rng.choice(("now", "today", "this_week"))),
            steps=steps,
            reproduced=rng.choice(("yes", "yes", "no", "partial")),
            workaround=(workaround := rng.choice(("yes", "no", "no"))),
            workaround_details="They use the manual upload." if workaround == "yes" else "",
            sentiment=rng.choice(("neutral", "frustrated", "frustrated", "upset", "satisfied")),
            last_contact_at=told.isoformat(),
            likely_cause=said(problem.cause.format(**slots)),
            recommended_action=said(problem.action.format(**slots)),
            customer_notified="yes",
            notified_at=told.isoformat(),
            next_update_at=said((at + timedelta(hours=rng.randrange(2, 6))).isoformat()),
            contact_method=customer.contact_method,
            update_frequency=customer.update_frequency,
            relationship_notes=customer.relationship_notes,
        )

    # --- customers -------------------------------------------------------------------------------

    def _add_customers(self) -> None:
        rng = self.rng
        regions = {region.code: region for region in Region.objects.all()}
        calendars = {team.calendar.code: team.calendar for team in self.teams.values()}
        managers = list(User.objects.filter(role__code="success_manager").order_by("pk"))
        stems = [start + end for start, end in product(texts.NAME_STARTS, texts.NAME_ENDS)]
        invented = [f"{stem} {rng.choice(texts.NAME_KINDS)}" for stem in rng.sample(stems, 110)]
        for name in (*texts.CUSTOMERS, *invented):
            region = rng.choices(("emea", "amer", "apac"), (45, 35, 20))[0]
            segment = "enterprise" if name in texts.CUSTOMERS[:6] else pick(rng, SEGMENTS)
            is_vip = segment == "enterprise" and rng.random() < 0.35
            self.customers.append(
                Customer(
                    name=name, segment=segment, region=regions[region], time_zone=rng.choice(ZONES[region]),
                    is_vip=is_vip,
                    calendar=None if is_vip else calendars[OFFICE[region]],
                    success_manager=rng.choice(managers) if segment in ("enterprise", "mid_market") else None,
                    contact_method=rng.choice(("email", "email", "phone", "chat")),
                    update_frequency=rng.choice(("two_hours", "four_hours", "daily", "on_change")),
                    relationship_notes="Second key problem this quarter; expects a written cause."
                    if rng.random() < 0.15 else "",
                )
            )  # fmt: skip
        Customer.objects.bulk_create(self.customers)
        people = [
            Contact(
                customer=customer, name=(name := f"{rng.choice(texts.FIRST_NAMES)} {rng.choice(texts.LAST_NAMES)}"),
                title=rng.choice(texts.TITLES), phone=f"+00 555 {rng.randrange(1000, 9999)}",
                email=f"{name.replace(' ', '.').lower()}@{customer.name.split()[0].lower()}.example",
            )
            for customer in self.customers
        ]  # fmt: skip
        Contact.objects.bulk_create(people)
        self.contacts = {contact.customer_id: contact for contact in people}
        self.revisions |= current_revisions({c.calendar_id for c in self.customers if c.calendar_id})
