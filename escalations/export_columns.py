"""What files hold: of the queue exactly its view or every fact of its tickets, of the inbox its handoffs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.functional import Promise

from escalations.choices import ClockKind, Priority, Sentiment, TicketState
from escalations.columns import Line
from escalations.models import Escalation
from web.columns import Column, Columns


def _plain(key: str, label: str, name: str, *, is_time: bool = False) -> Column:
    return Column(key, label, cell=lambda line: getattr(line.row, name), is_time=is_time)


def _named(key: str, label: str) -> Column:
    return Column(
        key, label, cell=lambda line: line.book.label(key, getattr(line.row, key)) if getattr(line.row, key) else ""
    )


def _kind(line: Line) -> str:
    return str(ClockKind(line.row.due_kind).label) if line.row.due_kind else ""


def _mood_word(line: Line) -> str:
    return str(Sentiment(line.row.sentiment).label) if line.row.sentiment else ""


def _region(line: Line) -> str:
    regions = line.book.options["region"].values()
    return next((option.label for option in regions if option.value == line.row.region_id), "")


EVERY_FACT = Columns(
    _plain("ref", "Ticket", "ref"),
    _plain("subject", "Subject", "subject"),
    Column("priority", "Priority", cell=lambda line: str(Priority(line.row.priority).label)),
    Column("state", "Status", cell=lambda line: str(TicketState(line.row.state).label)),
    _plain("customer", "Customer", "customer__name"),
    _named("segment", "Segment"),
    Column("vip", "VIP", cell=lambda line: "yes" if line.row.is_vip else "no"),
    Column("region", "Region", cell=_region),
    _plain("tier", "Tier", "tier__code"),
    _plain("team", "Team", "team__name"),
    _plain("owner", "Owner", "owner__full_name"),
    Column("due_kind", "Due next", cell=_kind),
    _plain("due_at", "Due at", "due_at", is_time=True),
    Column("sentiment", "Sentiment", cell=_mood_word),
    _named("category", "Category"),
    _named("issue_type", "Issue type"),
    _named("product_area", "Product area"),
    _named("channel", "Channel"),
    _plain("waiting_since", "Customer waits since", "waiting_since", is_time=True),
    _plain("opened_at", "Opened at", "opened_at", is_time=True),
    _plain("updated_at", "Updated at", "updated_at", is_time=True),
    _plain("external_id", "Number elsewhere", "external_id"),
)

# What the cells that are always there say, and what each column of the page is in a file.
ALWAYS = ("priority", "ref", "subject", "customer", "segment", "vip")
FACTS_OF: Mapping[str, tuple[str, ...]] = {
    "where": ("tier", "team"), "due": ("due_kind", "due_at"), "waiting": ("waiting_since",), "opened": ("opened_at",),
    "updated": ("updated_at",), "elsewhere": ("external_id",),
}  # fmt: skip


def exported(columns: Iterable[Column]) -> Columns:
    """The columns of a file that holds what the page shows, in the order of the page."""
    keys = [key for column in columns for key in FACTS_OF.get(column.key, (column.key,))]
    return EVERY_FACT.choose([*ALWAYS, *keys])


@dataclass(frozen=True, slots=True)
class HandoffLine:
    """One handoff of the inbox, and the labels of its codes."""

    one: Escalation
    labels: Mapping[str, Mapping[str, str]]

    def label(self, name: str, code: str) -> str:
        return self.labels.get(name, {}).get(code, code)


def _of(key: str, label: str, name: str, *, is_time: bool = False) -> Column:
    """A value of the handoff's row, through relations: "ticket.customer.name"."""

    def cell(line: HandoffLine) -> object:
        found: object = line.one
        for step in name.split("."):
            found = getattr(found, step) if found is not None else None
        return str(found) if isinstance(found, Promise) else found

    return Column(key, label, cell=cell, is_time=is_time)


HANDOFFS = Columns(
    _of("ref", "Ticket", "ticket.ref"),
    _of("subject", "Subject", "ticket.subject"),
    Column("priority", "Priority", cell=lambda line: str(Priority(line.one.ticket.priority).label)),
    _of("customer", "Customer", "ticket.customer.name"),
    Column("segment", "Segment", cell=lambda line: line.label("segment", line.one.ticket.segment)),
    Column("state", "Handoff", cell=lambda line: str(line.one.get_state_display())),
    Column("reason", "Reason", cell=lambda line: line.label("reason", line.one.reason)),
    _of("from_tier", "From tier", "from_tier.code"),
    _of("from_team", "From team", "from_team.name"),
    _of("from_user", "From", "from_user.full_name"),
    _of("to_tier", "To tier", "to_tier.code"),
    _of("to_team", "To team", "to_team.name"),
    _of("to_user", "To", "to_user.full_name"),
    _of("filed_at", "Filed at", "filed_at", is_time=True),
    _of("acknowledged_at", "Acknowledged at", "acknowledged_at", is_time=True),
    _of("acknowledged_by", "Acknowledged by", "acknowledged_by.full_name"),
    _of("decides_by", "Accept or return by", "ack_expires_at", is_time=True),
    _of("accepted_at", "Accepted at", "accepted_at", is_time=True),
    _of("accepted_by", "Accepted by", "accepted_by.full_name"),
    _of("estimate", "Estimate", "estimated_resolution_at", is_time=True),
    _of("returned_at", "Returned at", "returned_at", is_time=True),
    _of("returned_by", "Returned by", "returned_by.full_name"),
    Column("why", "Returned because", cell=lambda line: line.label("return_reason", line.one.return_reason)),
    _of("filled", "Fields filled", "handoff.filled"),
    _of("asked", "Fields asked", "handoff.asked"),
)
