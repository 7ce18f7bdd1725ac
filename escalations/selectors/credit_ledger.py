"""The ledger as a list and as a file: every credit issued and reversed, filtered, with its sums."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from django.http import QueryDict
from django.utils.dateparse import parse_date
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.models import User
from escalations.choices import EntryKind
from escalations.models import CreditEntry, Ticket
from policies.selectors import policy_of
from web.columns import Column, Columns
from web.formats import format_instant, format_money
from web.pagination import Page, paginate

SIZE = 50
HIDDEN = "A restricted ticket"
RELATIONS = ("ticket", "customer", "by", "role", "request__requested_by", "delegation__delegator")


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address says. Unknown values are no filter, never an error."""

    since: date | None = None
    until: date | None = None
    kind: str = ""
    role: str = ""
    words: str = ""

    @classmethod
    def of(cls, data: QueryDict) -> "Filters":
        kind = data.get("kind", "")
        return cls(
            since=_date(data.get("since", "")), until=_date(data.get("until", "")),
            kind=kind if kind in EntryKind.values else "", role=data.get("role", "")[:30].replace("\x00", ""),
            words=data.get("q", "").strip()[:100].replace("\x00", ""),
        )  # fmt: skip


def _date(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Totals:
    issued: Decimal
    reversed: Decimal

    @property
    def net(self) -> Decimal:
        return self.issued - self.reversed


def entries(user: User, chosen: Filters, zone: ZoneInfo) -> QuerySet[CreditEntry]:
    """The lines that fit. All count; those on tickets that the person may not see keep to themselves what they are
    about, and no search finds them by it.
    """
    visible = Ticket.objects.visible_to(user).filter(pk=OuterRef("ticket"))
    rows = CreditEntry.objects.annotate(is_seen=Exists(visible)).select_related(*RELATIONS)
    if chosen.since:
        rows = rows.filter(at__gte=datetime.combine(chosen.since, time(), tzinfo=zone))
    if chosen.until:
        rows = rows.filter(at__lt=datetime.combine(chosen.until + timedelta(days=1), time(), tzinfo=zone))
    if chosen.kind:
        rows = rows.filter(kind=chosen.kind)
    if chosen.role:
        rows = rows.filter(role__code=chosen.role)
    if chosen.words:
        named = Q(customer__name__icontains=chosen.words) | Q(ticket__ref__iexact=chosen.words)
        rows = rows.filter(named | Q(by__full_name__icontains=chosen.words), is_seen=True)
    return rows


def page_of(rows: QuerySet[CreditEntry], cursor: str) -> Page[CreditEntry]:
    return paginate(rows, ordering=("-at", "-pk"), cursor=cursor, size=SIZE)


def totals(rows: QuerySet[CreditEntry]) -> Totals:
    """One statement over everything that fits, not only the page."""
    found = rows.order_by().aggregate(
        issued=Sum("amount", filter=Q(kind=EntryKind.ISSUE)), taken=Sum("amount", filter=Q(kind=EntryKind.REVERSAL))
    )
    return Totals(found["issued"] or Decimal(0), found["taken"] or Decimal(0))


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One entry with what its columns need. `entry.is_seen` says whether the reader may see the ticket."""

    entry: CreditEntry
    zone: ZoneInfo
    now: datetime

    @property
    def amount(self) -> Decimal:
        return self.entry.amount if self.entry.kind == EntryKind.ISSUE else -self.entry.amount

    @property
    def is_seen(self) -> bool:
        return bool(getattr(self.entry, "is_seen", False))

    @property
    def clause(self) -> str:
        policy = policy_of(self.entry.policy_version_id)
        number = policy.clause(self.entry.clause).number
        return f"{policy.code}, {number}" if number else policy.code

    @property
    def lent_by(self) -> str:
        return self.entry.delegation.delegator.full_name if self.entry.delegation else ""

    @property
    def ticket_link(self) -> SafeString | str:
        if not self.is_seen:
            return HIDDEN
        return format_html('<a href="{}">{}</a>', self.entry.ticket.get_absolute_url(), self.entry.ticket.ref)

    @property
    def amount_link(self) -> SafeString | str:
        text = format_money(self.amount)
        return format_html('<a href="{}">{}</a>', self.entry.request.get_absolute_url(), text) if self.is_seen else text

    @property
    def who(self) -> SafeString | str:
        lent = self.lent_by
        name = self.entry.by.full_name
        return format_html('{}<br><span class="quiet">for {}</span>', name, lent) if lent else name

    @property
    def limit(self) -> str:
        if self.entry.kind == EntryKind.REVERSAL:
            return ""
        return "No limit" if self.entry.limit_in_force is None else format_money(self.entry.limit_in_force)


def _seen(line: LedgerLine, text: str) -> str:
    return text if line.is_seen else HIDDEN


COLUMNS: Columns = Columns(
    Column("at", "When", lambda one: format_instant(one.entry.at, one.zone, one.now), lambda one: one.entry.at,
           css="nowrap"),
    Column("kind", "What", lambda one: one.entry.get_kind_display()),
    Column("amount", "Amount", lambda one: one.amount_link, lambda one: one.amount, css="num nowrap"),
    Column("currency", "Currency", lambda one: one.entry.currency, default=False),
    Column("customer", "Customer", lambda one: _seen(one, one.entry.customer.name)),
    Column("ticket", "Ticket", lambda one: one.ticket_link, lambda one: _seen(one, one.entry.ticket.ref), css="nowrap"),
    Column("by", "By", lambda one: one.who, lambda one: one.entry.by.full_name),
    Column("lent_by", "For", lambda one: one.lent_by, default=False),
    Column("role", "Authority of", lambda one: one.entry.role.name),
    Column("limit", "Limit in force", lambda one: one.limit, lambda one: one.entry.limit_in_force, css="num nowrap"),
    Column("spent_ticket", "Before, on the ticket", lambda one: format_money(one.entry.spent_ticket),
           lambda one: one.entry.spent_ticket, css="num", default=False),
    Column("spent_customer", "Before, 30 days", lambda one: format_money(one.entry.spent_customer),
           lambda one: one.entry.spent_customer, css="num nowrap"),
    Column("clause", "Clause", lambda one: one.clause, css="nowrap"),
    Column("asked_by", "Asked by", lambda one: one.entry.request.requested_by.full_name, default=False),
    Column("reason", "Reason", lambda one: _seen(one, one.entry.reason or one.entry.request.reason), default=False),
)  # fmt: skip


def lines_of(rows: Iterator[CreditEntry] | list[CreditEntry], *, zone: ZoneInfo, now: datetime) -> Iterator[LedgerLine]:
    return (LedgerLine(row, zone, now) for row in rows)
