"""Everything the ticket page shows, read in a number of statements that does not grow with the ticket."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet

from accounts.choices import Ability
from accounts.models import Team, Tier, User
from escalations.access import parts_on_ticket
from escalations.choices import Axis, ClockKind, EscalationState, TicketState
from escalations.domain.clocks import Wait
from escalations.domain.lifecycle import TICKET_TRANSITIONS, allowed
from escalations.domain.wording import humanize_seconds
from escalations.models import Attachment, Clock, Customer, Escalation, HandoffFeedback, Pause, Resolution, Ticket
from escalations.selectors.around import around
from escalations.selectors.around_rows import around_rows
from escalations.selectors.clock_strip import clock_chip, clock_name, clock_rows, is_live, pause_rows, strip, why
from escalations.selectors.credit_panel import credit_panel
from escalations.selectors.duplicates import duplicates_of
from escalations.selectors.hops import hop_ledger, hop_rows
from escalations.selectors.links import links_of
from escalations.selectors.related import Pointing, relate
from escalations.selectors.timeline import VIEWS, Slice, Tally, View, tally, timeline
from escalations.selectors.timeline_book import Book, file_lines
from escalations.selectors.timeline_words import entries
from policies.choices import PickListName
from policies.domain.policy import Clause, NoSuchRule, TierRules
from policies.selectors import picks, policy_in_force
from web.marks import Chip

CUSTOMER_DAYS = 30
PEOPLE = ("from_user", "to_user", "acknowledged_by", "accepted_by", "returned_by")
FILES_SHOWN = 200
LISTS = (
    PickListName.REASON, PickListName.RETURN_REASON, PickListName.BARRIER, PickListName.ROOT_CAUSE,
    PickListName.CATEGORY, PickListName.ISSUE_TYPE, PickListName.PRODUCT_AREA, PickListName.CHANNEL,
    PickListName.SEGMENT, PickListName.CONTACT_METHOD, PickListName.UPDATE_FREQUENCY, PickListName.CONCERN,
    PickListName.PUBLIC_COMPLAINT, PickListName.DE_ESCALATION,
)  # fmt: skip


def escalations_of(ticket: Ticket) -> list[Escalation]:
    """The ticket's escalations with handoff and feedback, and everybody on them, newest first. Four statements."""
    found = _escalations(ticket)
    relate(User.objects.all(), *_people_on(found))
    return found


def _escalations(ticket: Ticket) -> list[Escalation]:
    """The same without the people. Three statements."""
    found = list(Escalation.objects.filter(ticket=ticket).select_related("handoff", "feedback").order_by())
    found.sort(key=lambda one: (one.filed_at, one.pk), reverse=True)
    relate(Team.objects.all(), (found, ["from_team", "to_team"]))
    relate(Tier.objects.all(), (found, ["from_tier", "to_tier"]))
    for one in found:
        one.ticket = ticket
    return found


def _people_on(escalations: Sequence[Escalation]) -> list[Pointing]:
    feedback = [one.feedback for one in escalations if hasattr(one, "feedback")]
    return [(escalations, PEOPLE), (feedback, ["given_by"])]


def files_of(ticket: Ticket, reader: User) -> list[Attachment]:
    """What the reader has in unsent forms, then what was sent with messages and handoffs, newest first.

    Files of unsent forms are their author's alone. One statement.
    """
    files = ticket.attachments.filter(Q(draft_of__isnull=True) | Q(draft_of=reader))
    return list(files.order_by("draft_of_id", "-uploaded_at", "-pk")[:FILES_SHOWN])


@dataclass(frozen=True, slots=True)
class Offers:
    """What the page offers this person, from the lifecycle tables; every service checks again."""

    actions: frozenset[str]
    can_write: bool
    can_reply: bool
    can_note: bool
    can_record: bool
    can_escalate: bool
    can_take: bool
    can_assign: bool
    can_resubmit: bool

    @property
    def more(self) -> bool:
        return self.can_write

    def __contains__(self, action: str) -> bool:
        return action in self.actions


def offers(user: User, ticket: Ticket, escalations: Sequence[Escalation], *, has_tier_above: bool) -> Offers:
    parts = parts_on_ticket(user, ticket)
    latest = next((one for one in escalations if one.axis == Axis.FUNCTIONAL), None)
    pending = latest is not None and latest.waits
    may_write = bool(parts) and ticket.state != TicketState.MERGED
    can_escalate = bool(parts) and ticket.is_open and not pending and has_tier_above
    stays = any(one.has_sender_beside and one.from_user_id == user.pk for one in escalations)
    return Offers(
        actions=allowed(TICKET_TRANSITIONS, ticket.state, parts),
        can_write=may_write,
        can_reply=may_write or (stays and user.can(Ability.WORK)),
        can_record=bool(parts),
        can_note=may_write or user.can(Ability.WORK) or user.can(Ability.MANAGE),
        can_escalate=can_escalate,
        can_take=bool(parts) and ticket.is_open and user.team_id == ticket.team_id and ticket.owner_id != user.pk,
        can_assign=bool(parts) and ticket.is_open,
        can_resubmit=can_escalate and latest is not None and latest.state == EscalationState.RETURNED,
    )


@dataclass(frozen=True, slots=True)
class NextTier:
    """Where an escalation would go: the tier above, its teams, and how soon it has to answer."""

    rules: TierRules
    teams: list[Team]
    ack: str
    clause: Clause
    policy_code: str


def next_tier(ticket: Ticket) -> NextTier | None:
    """The tier above the ticket's by the policy in force; None from the top. Two statements."""
    _, policy = policy_in_force()
    try:
        rules = policy.tier_above(ticket.tier.code)
    except NoSuchRule:  # a tier that the policy in force no longer names
        return None
    if rules is None:
        return None
    teams = list(Team.objects.filter(tier__code=rules.code, is_active=True).order_by("name"))
    ack = humanize_seconds(rules.ack_seconds) if rules.ack_seconds else ""
    return NextTier(rules, teams, ack, policy.clause(f"tier.{rules.code}.ack"), policy.code)


@dataclass(frozen=True, slots=True)
class Stand:
    """Where the ticket stands: the escalation that matters now, and the limit of its stay."""

    escalation: Escalation | None
    reason: str
    return_reason: str
    limit: Chip | None
    limit_key: int | None
    above: NextTier | None
    feedback: HandoffFeedback | None
    avoidable: str
    may_mark_seen: bool


def stand(
    ticket: Ticket, page: "TicketPage", *, user: User, above: NextTier | None, zone: tzinfo, now: datetime
) -> Stand:
    latest = next((one for one in page.escalations if one.axis == Axis.FUNCTIONAL), None)
    limits = [row for row in page.clocks if row.kind == ClockKind.TIME_AT_TIER and is_live(row)]
    limit = limits[-1] if limits else None
    rated = next((one for one in page.escalations if _feedback_for(user, one) is not None), None)
    feedback = _feedback_for(user, rated) if rated else None
    labels = page.book.labels
    return Stand(
        escalation=latest,
        reason=labels["reason"].get(latest.reason, latest.reason) if latest else "",
        return_reason=labels["return_reason"].get(latest.return_reason, latest.return_reason) if latest else "",
        limit=clock_chip(limit, page.pauses, now=now, zone=zone) if limit else None,
        limit_key=limit.pk if limit else None,
        above=above,
        feedback=feedback,
        avoidable=labels["barrier"].get(feedback.avoidable_by, feedback.avoidable_by) if feedback else "",
        may_mark_seen=bool(rated and feedback and rated.from_user_id == user.pk and feedback.seen_at is None),
    )


def _feedback_for(user: User, escalation: Escalation) -> HandoffFeedback | None:
    """The receiver's word, for those it is meant for: the sender, their team's lead, who gave it, and managers."""
    feedback: HandoffFeedback | None = getattr(escalation, "feedback", None)
    if feedback is None:
        return None
    own = user.pk in (escalation.from_user_id, feedback.given_by_id, escalation.from_team.lead_id)
    return feedback if own or user.can(Ability.MANAGE) else None


@dataclass(frozen=True, slots=True)
class CustomerCard:
    """What to know of the customer: `tickets` and `escalations` are counts of the last 30 days."""

    segment: str
    prefers: str
    frequency: str
    local_time: str
    place: str
    tickets: int
    escalations: int
    since: str


def customer_card(customer: Customer, page: "TicketPage", *, user: User, now: datetime) -> CustomerCard:
    """One statement: both counts, of what this person may see."""
    since = now - timedelta(days=CUSTOMER_DAYS)
    seen: QuerySet[Ticket] = Ticket.objects.visible_to(user).filter(customer=customer)
    counts = seen.aggregate(
        tickets=Count("pk", filter=Q(opened_at__gte=since), distinct=True),
        escalations=Count("escalations", filter=Q(escalations__filed_at__gte=since), distinct=True),
    )
    labels = page.book.labels
    zone = ZoneInfo(customer.time_zone)
    return CustomerCard(
        segment=labels["segment"].get(page.ticket.segment, page.ticket.segment),
        prefers=labels["contact_method"].get(customer.contact_method, customer.contact_method),
        frequency=labels["update_frequency"].get(customer.update_frequency, customer.update_frequency),
        local_time=f"{now.astimezone(zone):%H:%M}",
        place=customer.time_zone.rpartition("/")[2].replace("_", " "),
        tickets=counts["tickets"],
        escalations=counts["escalations"],
        since=f"{since:%Y-%m-%d}",
    )


@dataclass(slots=True)
class TicketPage:
    """One ticket at one instant for one reader. `files` came with messages and handoffs; `unsent` are the reader's."""

    ticket: Ticket
    user: User
    now: datetime
    zone: tzinfo
    clocks: list[Clock]
    pauses: list[Pause]
    escalations: list[Escalation]
    files: list[Attachment]
    unsent: list[Attachment]
    moments: Slice
    channels: list[tuple[str, str]]
    book: Book


def ticket_page(
    ticket: Ticket,
    user: User,
    *,
    now: datetime,
    zone: tzinfo,
    opened: int | None = None,
    view: View = VIEWS[0],
    before: str = "",
) -> dict[str, object]:
    """The context of the page and of its fragments."""
    page = _read(ticket, user, now, zone, view, before)
    above = next_tier(ticket)
    hops = hop_rows(ticket)
    ledger = hop_ledger(hops, page.clocks, page.pauses, reader=user, now=now)
    links = links_of(ticket, user)
    # Of an outage one ticket escalates: the parent.
    has_tier_above = above is not None and bool(above.teams) and not links.is_carried
    offered = offers(user, ticket, page.escalations, has_tier_above=has_tier_above)
    return {
        "ticket": ticket,
        "now": now,
        "links": links,
        "duplicates": duplicates_of(ticket, user, now=now),
        "offers": offered,
        "credits": credit_panel(ticket, user, now=now, may_ask=offered.can_write),
        "pending": next((one for one in page.escalations if one.waits), None),
        "ledger": ledger,
        "stand": stand(ticket, page, user=user, above=above, zone=zone, now=now),
        "around": around(
            ticket,
            page.escalations,
            page.book.around,
            page.clocks,
            hops,
            user=user,
            labels=page.book.labels,
            now=now,
            zone=zone,
        ),
        "card": customer_card(ticket.customer, page, user=user, now=now),
        "files": file_lines(page.files),
        "unsent": page.unsent,
        "channels": page.channels,
        "facts": fact_line(page),
        "open_pauses": [pause for pause in page.pauses if pause.ended_at is None and pause.wait != Wait.PARENT],
        **clock_context(page, opened),
        **log_context(page, tally(ticket), view),
    }


def _read(ticket: Ticket, user: User, now: datetime, zone: tzinfo, view: View, before: str) -> TicketPage:
    escalations = _escalations(ticket)
    resolutions = Resolution.objects.filter(ticket=ticket).order_by()
    clocks = clock_rows(ticket)
    files = files_of(ticket, user)
    sent = [one for one in files if one.draft_of_id is None]
    moments = timeline(ticket, view=view, before=before, files=sent)
    surrounding = around_rows(ticket, [one.pk for one in escalations if one.accepted_at])
    people = [*_people_on(escalations), *surrounding.people, *moments.people, ([ticket.customer], ["success_manager"])]
    relate(User.objects.all(), *people)
    lists = picks(*LISTS)
    book = Book(
        ticket=ticket, reader=user, zone=zone, now=now, labels=lists.labels,
        escalations={one.pk: one for one in escalations}, resolutions={one.pk: one for one in resolutions},
        clocks={(row.kind, row.round): clock_name(row) for row in clocks}, around=surrounding,
    )  # fmt: skip
    unsent = [one for one in files if one.draft_of_id is not None]
    return TicketPage(
        ticket, user, now, zone, clocks, pause_rows(ticket), escalations, sent, unsent, moments,
        lists.offered["channel"], book,
    )  # fmt: skip


def clock_page(ticket: Ticket, user: User, *, now: datetime, zone: tzinfo, opened: int | None) -> dict[str, object]:
    """The strip and one sum, without the rest of the page."""
    book = Book(ticket, user, zone, now, {}, {}, {})
    page = TicketPage(
        ticket, user, now, zone, clock_rows(ticket), pause_rows(ticket), escalations_of(ticket), [], [], Slice([]), [],
        book,
    )  # fmt: skip
    return {"ticket": ticket, **clock_context(page, opened)}


def clock_context(page: TicketPage, opened: int | None) -> dict[str, object]:
    """The strip; `why` is the sum of the clock `opened`, None when it is not this ticket's."""
    chosen = next((row for row in page.clocks if row.pk == opened), None)
    return {
        "strip": strip(
            page.ticket, page.clocks, page.pauses, now=page.now, zone=page.zone, opened=chosen.pk if chosen else None
        ),
        "why": why(
            chosen, ticket=page.ticket, pauses=page.pauses, escalations=page.escalations, now=page.now, zone=page.zone
        )
        if chosen
        else None,
    }


def log_page(ticket: Ticket, user: User, *, now: datetime, zone: tzinfo, view: View, before: str) -> dict[str, object]:
    """Only the timeline."""
    page = _read(ticket, user, now, zone, view, before)
    return {"ticket": ticket, **log_context(page, tally(ticket), view)}


def log_context(page: TicketPage, counts: Tally, view: View) -> dict[str, object]:
    return {
        "entries": entries(page.moments.moments, page.book),
        "older": page.moments.older,
        "view": view,
        "views": [(one, counts.counts[one.key]) for one in VIEWS],
        "seen": counts.newest,
    }


def fact_line(page: TicketPage) -> list[str]:
    """The facts of the head that are set, in words."""
    ticket, labels = page.ticket, page.book.labels
    found = [
        labels["product_area"].get(ticket.product_area, ticket.product_area),
        labels["issue_type"].get(ticket.issue_type, ticket.issue_type),
    ]
    if ticket.vendor:
        found.append(f"{ticket.vendor} {ticket.vendor_reference}".strip())
    return [text for text in found if text]
