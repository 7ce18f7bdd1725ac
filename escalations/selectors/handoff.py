"""What the handoff form shows beside what is typed: where it may go, what is known already, how the last ones went."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo

from django.db.models import Avg, Count, Q

from accounts.calendars import working_calendar
from accounts.models import Team, User
from escalations.choices import (
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
from escalations.selectors.handoff_targets import Targets
from escalations.services.attachments import HANDOFF_FORM
from policies.choices import PickListName
from policies.models import PickItem
from policies.selectors import pick_labels, policy_in_force
from web.formats import format_duration, format_hours, format_time

LISTS = (
    PickListName.REASON, PickListName.SCOPE, PickListName.URGENCY, PickListName.CONTACT_METHOD,
    PickListName.UPDATE_FREQUENCY,
)  # fmt: skip
LAST_HANDOFFS = 10


def choices_for(targets: Targets, *, kept: HandoffContent) -> HandoffChoices:
    """What every list offers now. A code that `kept` holds stays on offer after it went out of use. One query."""
    lists: dict[str, list[tuple[str, str]]] = {str(name): [] for name in LISTS}
    for name, code, label, is_active in PickItem.objects.filter(list__in=LISTS).values_list(
        "list", "code", "label", "is_active"
    ):
        if is_active or getattr(kept, name, "") == code:
            lists[name].append((code, label))
    return HandoffChoices(
        reasons=lists[PickListName.REASON],
        to=targets.choices(),
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
