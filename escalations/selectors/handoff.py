"""What the handoff form shows beside what is typed: where it may go, what is known already, how the last ones went."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo

from django.db.models import Avg, Count, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.calendars import current_revisions, working_calendar
from accounts.choices import Ability
from accounts.domain.calendars import Calendar, closes_at, next_open
from accounts.models import Team, User
from escalations.choices import (
    OPEN_STATES,
    WAITING_FOR_RECEIVER,
    Axis,
    ClockKind,
    ClockState,
    EscalationState,
    MessageKind,
)
from escalations.domain.clocks import seconds_late, seconds_left
from escalations.domain.handoff import HandoffContent
from escalations.forms.handoff import HandoffChoices
from escalations.models import Attachment, Clock, Escalation, Message, Ticket
from escalations.services.attachments import HANDOFF_FORM
from policies.choices import PickListName
from policies.models import PickItem
from policies.selectors import pick_labels, policy_in_force
from web.formats import format_duration, format_hours, format_time, zone_name

LISTS = (
    PickListName.REASON, PickListName.SCOPE, PickListName.URGENCY, PickListName.CONTACT_METHOD,
    PickListName.UPDATE_FREQUENCY,
)  # fmt: skip
LAST_HANDOFFS = 10


# --- where it may go ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PersonTarget:
    user: User
    taken: int

    @property
    def load(self) -> str:
        return f"{self.taken} of {self.user.capacity} taken"


@dataclass(frozen=True, slots=True)
class TeamTarget:
    team: Team
    hours: str
    people: list[PersonTarget]

    @property
    def label(self) -> str:
        return f"{self.team.tier.code} {self.team.name}"


@dataclass(frozen=True, slots=True)
class Target:
    """One choice of the form: a team, or one of its people."""

    value: str
    team: TeamTarget
    person: PersonTarget | None = None

    @property
    def words(self) -> str:
        return f"{self.team.team.tier.code} {self.person.user}" if self.person else self.team.label

    @property
    def hint(self) -> str:
        """Who is there and until when, beside the field."""
        if self.person:
            return f"{self.person.user}: {self.person.load}. {self.team.team.name} is {self.team.hours}."
        if not self.team.people:
            return f"Nobody works in {self.team.label} yet."
        freest = min(self.team.people, key=lambda one: (one.taken / max(one.user.capacity, 1), one.user.full_name))
        return f"{self.team.hours[:1].upper()}{self.team.hours[1:]}. Most room: {freest.user}, {freest.load}."


@dataclass(frozen=True, slots=True)
class Targets:
    """Every team above the ticket's tier, in order, and what the form offers of them."""

    teams: list[TeamTarget]
    people_only: bool = False

    def choices(self) -> list[tuple[str, list[tuple[str, str]]]]:
        grouped = []
        for one in self.teams:
            anyone = [] if self.people_only else [(f"team:{one.team.pk}", f"{one.label}, anyone")]
            people = [(f"user:{person.user.pk}", f"{person.user}, {person.load}") for person in one.people]
            if anyone or people:
                grouped.append((f"{one.label} · {one.hours}", [*anyone, *people]))
        return grouped

    def find(self, value: str) -> Target | None:
        kind, _, number = value.partition(":")
        for one in self.teams:
            if kind == "team" and number == str(one.team.pk):
                return Target(value, one)
            for person in one.people:
                if kind == "user" and number == str(person.user.pk):
                    return Target(value, one, person)
        return None

    def default(self, ticket: Ticket) -> str:
        """The next tier's team, of the ticket's region where there is one. Nobody where a person must be named."""
        if self.people_only or not self.teams:
            return ""
        first_rank = self.teams[0].team.tier.rank
        nearest = [one.team for one in self.teams if one.team.tier.rank == first_rank]
        region = ticket.region_id or ticket.team.region_id
        return f"team:{next((team for team in nearest if team.region_id == region), nearest[0]).pk}"


def workers() -> QuerySet[User]:
    """People who can take a ticket, with how many they hold (`taken`)."""
    held = Ticket.objects.filter(owner=OuterRef("pk"), state__in=OPEN_STATES).order_by()
    counted = held.values("owner").annotate(number=Count("pk")).values("number")
    return User.objects.filter(is_active=True, role__abilities__contains=[Ability.WORK]).annotate(
        taken=Coalesce(Subquery(counted), 0)
    )


def targets_for(ticket: Ticket, *, by: User, now: datetime, zone: tzinfo) -> Targets:
    """Teams above the ticket's tier, open or not, with their people and load. Three queries."""
    people = workers().exclude(pk=by.pk).order_by("full_name")
    teams = list(
        Team.objects.filter(is_active=True, tier__rank__gt=ticket.tier.rank)
        .select_related("tier")
        .prefetch_related(Prefetch("members", queryset=people, to_attr="workers"))
        .order_by("tier__rank", "name")
    )
    revisions = current_revisions({team.calendar_id for team in teams})
    found = []
    for team in teams:
        hours = _hours(working_calendar(revisions[team.calendar_id]), now, zone)
        found.append(TeamTarget(team, hours, [PersonTarget(one, one.taken) for one in team.workers]))
    return Targets(found, people_only=ticket.is_restricted)


def _hours(calendar: Calendar, now: datetime, zone: tzinfo) -> str:
    opens = next_open(now, calendar)
    if (opens - now).total_seconds() > 1:
        return f"closed until {format_time(opens, zone, now)} {zone_name(opens, zone)}"
    until = closes_at(now, calendar)
    return f"open until {format_time(until, zone, now)} {zone_name(until, zone)}" if until else "open around the clock"


def choices_for(targets: Targets | None, *, kept: HandoffContent | None = None) -> HandoffChoices:
    """What every list offers now. A code that `kept` holds stays on offer after it went out of use. One query."""
    lists: dict[str, list[tuple[str, str]]] = {str(name): [] for name in LISTS}
    for name, code, label, is_active in PickItem.objects.filter(list__in=LISTS).values_list(
        "list", "code", "label", "is_active"
    ):
        if is_active or (kept is not None and getattr(kept, name, "") == code):
            lists[name].append((code, label))
    return HandoffChoices(
        reasons=lists[PickListName.REASON],
        to=targets.choices() if targets else (),
        scopes=lists[PickListName.SCOPE],
        urgencies=lists[PickListName.URGENCY],
        contact_methods=lists[PickListName.CONTACT_METHOD],
        update_frequencies=lists[PickListName.UPDATE_FREQUENCY],
    )


# --- what is known already ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Prefill:
    """What the form begins with, and where each value came from."""

    content: HandoffContent
    origins: dict[str, str] = field(default_factory=dict)
    reason: str = ""
    to: str = ""


def last_escalation(ticket: Ticket) -> Escalation | None:
    """The ticket's latest handoff, whatever became of it."""
    return (
        Escalation.objects.filter(ticket=ticket, axis=Axis.FUNCTIONAL)
        .select_related("handoff", "to_team", "to_team__tier", "to_user", "from_user", "returned_by")
        .order_by("-filed_at", "-pk")
        .first()
    )


def prefill(ticket: Ticket, *, latest: Escalation | None, now: datetime, zone: tzinfo) -> Prefill:
    """From the handoff that came back, else from the ticket, its last words and the promise that stands."""
    if latest is not None and latest.state == EscalationState.RETURNED:
        return _from_returned(latest, now)
    content, origins = HandoffContent(), {}

    def put(name: str, value: str, origin: str) -> None:
        nonlocal content
        if value:
            content, origins[name] = replace(content, **{name: value}), origin

    words, contact = _last_words(ticket)
    if words is not None:
        put("customer_words", words.body, f"from message {format_time(words.said_at, zone, now)}")
    else:
        put("customer_words", ticket.description, "from the ticket")
    if contact is not None:
        kind = {MessageKind.CALL: "call", MessageKind.REPLY: "reply"}.get(MessageKind(contact.kind), "message")
        put("last_contact_at", contact.said_at.isoformat(), f"from {kind} {format_time(contact.said_at, zone, now)}")
    elif ticket.last_contact_at:
        put("last_contact_at", ticket.last_contact_at.isoformat(), "from the ticket")
    put("sentiment", ticket.sentiment, "from the ticket")
    put("contact_method", ticket.customer.contact_method, "from customer")
    put("update_frequency", ticket.customer.update_frequency, "from customer")
    put("relationship_notes", ticket.customer.relationship_notes, "from customer")
    promise = standing_promise(ticket, now)
    if promise is not None and promise.due_at is not None:
        put("next_update_at", promise.due_at.isoformat(), f"from promise {format_time(promise.started_at, zone, now)}")
    return Prefill(content, origins)


def _from_returned(latest: Escalation, now: datetime) -> Prefill:
    """What was filed, but for a promise that has passed. The page says once where all of it came from."""
    content = HandoffContent.from_json(latest.handoff.content)
    if content.next_update_at and datetime.fromisoformat(content.next_update_at) <= now:
        content = replace(content, next_update_at="")
    to = f"user:{latest.to_user_id}" if latest.to_user_id else f"team:{latest.to_team_id}"
    return Prefill(content, {}, latest.reason, to)


def _last_words(ticket: Ticket) -> tuple[Message | None, Message | None]:
    """(the customer's last message, the last word in either direction). One query."""
    said = Message.objects.filter(ticket=ticket).exclude(kind=MessageKind.NOTE).order_by("-said_at", "-pk")
    newest = list(said.filter(redacted_at__isnull=True)[:20])
    words = next((one for one in newest if one.kind == MessageKind.CUSTOMER), None)
    return words, newest[0] if newest else None


def standing_promise(ticket: Ticket, now: datetime) -> Clock | None:
    """The promised update that is still to come."""
    return (
        Clock.objects.filter(
            ticket=ticket, kind=ClockKind.PROMISED_UPDATE, state=ClockState.RUNNING, due_at__gt=now
        )
        .order_by("due_at")
        .first()
    )  # fmt: skip


def form_files(ticket: Ticket, user: User, filed: Escalation | None = None) -> list[Attachment]:
    """What the person uploaded to the form and has not filed, and what `filed` holds already."""
    wanted = Q(draft_of=user, draft_form=HANDOFF_FORM)
    if filed is not None:
        wanted |= Q(handoff__escalation=filed)
    return list(Attachment.objects.filter(wanted, ticket=ticket))


# --- beside the form ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SlaRemaining:
    """Time to the contract's resolution deadline in words; `of` is the whole, empty where there is no contract time."""

    text: str
    of: str = ""
    is_late: bool = False


def sla_remaining(ticket: Ticket, *, now: datetime) -> SlaRemaining:
    """From the contract's clock, pauses considered. One query."""
    row = (
        Clock.objects.filter(ticket=ticket, kind=ClockKind.CONTRACT_RESOLUTION)
        .exclude(state=ClockState.CANCELLED)
        .select_related("calendar_revision")
        .order_by("-round")
        .first()
    )
    if row is None:
        return SlaRemaining("none")
    whole = format_hours(row.budget)
    if row.state == ClockState.BREACHED or (row.due_at and row.due_at < now and row.state == ClockState.RUNNING):
        return SlaRemaining(f"{format_duration(seconds_late(row, now))} late", whole, True)
    return SlaRemaining(format_hours(seconds_left(row, now, working_calendar(row.calendar_revision))), whole)


@dataclass(frozen=True, slots=True)
class SenderRecord:
    """How the sender's last handoffs were received. Counts, never a share of ten."""

    filed: int
    accepted_first_time: int
    returned: int
    return_reason: str
    rating: str


def sender_record(user: User) -> SenderRecord:
    """Of the last ten handoffs that were answered. Two queries, a third where one came back."""
    answered = Escalation.objects.filter(from_user=user, axis=Axis.FUNCTIONAL).exclude(
        state__in=[*WAITING_FOR_RECEIVER, EscalationState.WITHDRAWN]
    )
    rows = list(answered.order_by("-filed_at").values_list("pk", "accepted_at", "return_reason")[:LAST_HANDOFFS])
    if not rows:
        return SenderRecord(0, 0, 0, "", "")
    reasons = Counter(reason for _, _, reason in rows if reason)
    word = ""
    if reasons:
        code = reasons.most_common(1)[0][0]
        word = pick_labels(PickListName.RETURN_REASON)[PickListName.RETURN_REASON].get(code, code)
    rated = Escalation.objects.filter(pk__in=[pk for pk, _, _ in rows]).aggregate(
        mean=Avg("feedback__rating"), number=Count("feedback", filter=Q(feedback__isnull=False))
    )
    rating = f"{rated['mean']:.1f} of 5" if rated["number"] else ""
    first_time = sum(1 for _, accepted, reason in rows if accepted and not reason)
    return SenderRecord(len(rows), first_time, reasons.total(), word[:1].lower() + word[1:], rating)


@dataclass(frozen=True, slots=True)
class AckTarget:
    """By when the receiver would have to acknowledge, how long that is, and which clause says so."""

    tier: str
    by: datetime
    within: str
    clause: str


def ack_target(ticket: Ticket, team: Team, by: datetime | None) -> AckTarget | None:
    """`by` is what `services.handoffs.acknowledge_by` says."""
    if by is None:
        return None
    _, policy = policy_in_force()
    rules = policy.tier(team.tier.code)
    clause = policy.clause(f"tier.{team.tier.code}.ack").number
    return AckTarget(team.tier.code, by, format_duration(rules.ack_seconds or 0), clause)


def labels_of(names: Iterable[PickListName] = LISTS) -> dict[str, dict[str, str]]:
    return pick_labels(*names)
