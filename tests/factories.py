"""A small organisation for tests: what Belay ships, one team a tier, and tickets made by the services."""

import uuid
from datetime import UTC, datetime, time, timedelta
from typing import Any

import factory

from accounts.models import Calendar, CalendarHours, Region, Role, Team, Tier, User
from accounts.services.calendars import calendar_revise
from accounts.shipped import load_roles_and_tiers
from escalations.domain.handoff import HandoffContent, Step
from escalations.models import Contact, Customer, Escalation, Ticket
from escalations.services.answers import handoff_accept
from escalations.services.handoffs import handoff_file
from escalations.services.read_backs import Restated
from escalations.services.tickets import ticket_create
from journal import clock
from policies.models import PolicyVersion
from policies.selectors import forget_policies
from policies.shipped import load_lists, publish_shipped_policy
from tests.bed import stock

# A Tuesday noon in Berlin, far from any holiday and any change of the clocks.
NOON = datetime(2026, 6, 16, 10, 0, tzinfo=UTC)
PASSWORD = "a long enough passphrase"

COMPLETE = HandoffContent(
    customer_words="Nothing has arrived since we changed the key.",
    technical_description="Deliveries are signed with the old key id.",
    business_impact="Shipments without a status.",
    scope="one_customer",
    urgency="today",
    steps=(Step("Replayed a delivery", "401", 12), Step("Compared key ids", "old id", 9)),
    reproduced="yes",
    workaround="no",
    sentiment="frustrated",
    last_contact_at="2026-06-16T09:50:00+00:00",
    likely_cause="The key is cached.",
    recommended_action="Drop the cache.",
    customer_notified="no",
    next_update_at="2026-06-16T13:00:00+00:00",
    contact_method="phone",
    update_frequency="two_hours",
)


READ_BACK = Restated("The old key is cached after the rotation.", "Drop the cache in both regions.")


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User
        django_get_or_create = ("username",)
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"person{n}")
    full_name = factory.LazyAttribute(lambda user: f"{user.username.title()} Example")
    email = factory.LazyAttribute(lambda user: f"{user.username}@belay.example")
    time_zone = "Europe/Berlin"

    @factory.post_generation
    def password(self, create: bool, given: str | None, **_: Any) -> None:
        if create:
            self.set_password(given or PASSWORD)
            self.save(update_fields=["password"])


class CustomerFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Customer

    name = factory.Sequence(lambda n: f"Customer {n}")
    segment = "enterprise"
    time_zone = "Europe/Berlin"


class ContactFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Contact

    customer = factory.SubFactory(CustomerFactory)
    name = factory.Sequence(lambda n: f"Contact {n}")
    email = factory.Sequence(lambda n: f"contact{n}@customer.example")


def make_calendar(code: str = "office", *, zone: str = "Europe/Berlin", opens: int = 8, closes: int = 18) -> Calendar:
    """Monday to Friday in the zone, frozen as its first revision."""
    calendar, created = Calendar.objects.get_or_create(code=code, defaults={"name": code.title(), "time_zone": zone})
    if created:
        CalendarHours.objects.bulk_create(
            CalendarHours(calendar=calendar, weekday=day, opens=time(opens), closes=time(closes)) for day in range(5)
        )
        calendar_revise(calendar=calendar, by=None)
    return calendar


def make_team(tier: Tier, name: str, *, region: Region, calendar: Calendar) -> Team:
    return Team.objects.create(code=name.lower(), name=name, tier=tier, region=region, calendar=calendar)


def person(username: str, role: str, *, region: Region, team: Team | None = None) -> User:
    return UserFactory(username=username, role=Role.objects.get(code=role), team=team, region=region)


def found() -> None:
    """Write what every `Organisation` begins with, by the services. Needs empty tables."""
    load_roles_and_tiers()
    load_lists()
    region, calendar = Region.objects.create(code="emea", name="EMEA"), make_calendar()
    roles = ["l1_agent", "l2_specialist", "l3_engineer", "l4_engineer"]
    names = ["Front", "Integrations", "Platform", "Product"]
    for tier, name, role in zip(Tier.objects.all(), names, roles, strict=True):
        team = make_team(tier, name, region=region, calendar=calendar)
        for who in ("first", "second"):
            person(f"{tier.code.lower()}_{who}", role, region=region, team=team)
    manager = person("manager", "support_manager", region=region)
    person("administrator", "administrator", region=region)
    process_owner = person("process_owner", "process_owner", region=region)
    publish_shipped_policy(code="2026.1", drafted_by=process_owner, by=manager)
    CustomerFactory(name="Pellworth Freight", region=region)
    ContactFactory(customer=Customer.objects.get(), name="Hanna Lindqvist")


class Organisation:
    """L1 Front, L2 Integrations, L3 Platform, L4 Product, two people each, a manager, an administrator, a reader."""

    def __init__(self) -> None:
        forget_policies()
        if not stock.put():
            found()
        self.region, self.calendar = Region.objects.get(), Calendar.objects.get()
        self.teams = {team.tier.code: team for team in Team.objects.select_related("tier").order_by("tier__rank")}
        users = User.objects.select_related("role", "region", "team__tier").order_by("pk")
        everybody = {user.username: user for user in users}
        self.people = {name: user for name, user in everybody.items() if user.team_id}
        self.agent, self.receiver = self.people["l1_first"], self.people["l2_first"]
        self.manager, self.administrator = everybody["manager"], everybody["administrator"]
        self.process_owner = everybody["process_owner"]
        self.policy = PolicyVersion.objects.get()
        self.customer, self.contact = Customer.objects.get(), Contact.objects.get()

    def make_team(self, tier: Tier, name: str) -> Team:
        return make_team(tier, name, region=self.region, calendar=self.calendar)

    def person(self, username: str, role: str, team: Team | None = None) -> User:
        return person(username, role, region=self.region, team=team)

    def ticket(self, *, by: User | None = None, priority: int = 3, **facts: Any) -> Ticket:
        """A ticket of the customer, opened now at the tier that its priority enters."""
        return ticket_create(
            by=by or self.agent, customer=facts.pop("customer", self.customer), contact=self.contact,
            subject=facts.pop("subject", "Webhook deliveries stop after key rotation"),
            description=facts.pop("description", "Nothing arrives."), priority=priority, **facts,
        )  # fmt: skip

    def handoff(self, ticket: Ticket, *, by: User | None = None, to: str = "L2", **values: Any) -> Escalation:
        """File a complete handoff of the ticket to a tier's team."""
        return handoff_file(
            ticket=ticket, by=by or self.agent, key=values.pop("key", None) or uuid.uuid4(),
            reason=values.pop("reason", "technical_complexity"), to_team=self.teams[to],
            to_user=values.pop("to_user", None), content=values.pop("content", COMPLETE), **values,
        )  # fmt: skip


def accept(escalation: Escalation, by: User, **values: Any) -> Escalation:
    """Take a handoff over as its page does: with an estimate, three hours ahead, and a read-back."""
    given = {"estimated_resolution_at": in_hours(3), "needs_resources": False, "read_back": READ_BACK}
    return handoff_accept(escalation=escalation, by=by, **given | values)


def in_hours(hours: float) -> datetime:
    return clock.now() + timedelta(hours=hours)
