"""The queue's filters. Every one is a parameter of the address, so that every view of the queue is a link."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from functools import cache, cached_property
from typing import Any

import django_filters
from django import forms
from django.contrib.postgres.search import SearchQuery
from django.core.exceptions import ValidationError
from django.db.models import DateTimeField, Func, Q, Value

from escalations.choices import WAITING_FOR_RECEIVER, Axis, EscalationState
from escalations.models import Escalation, Ticket
from escalations.querysets import TicketQuerySet
from escalations.selectors.fact_columns import fact_columns
from escalations.selectors.queue_options import ANY, Options
from escalations.selectors.waiting import handed_to
from policies.domain.linked import trigger_of_text
from policies.domain.triggers import InvalidRule
from policies.querying import as_queryset
from web.text import check_length, check_text

LONGEST_SEARCH = 200  # characters
REF = re.compile(r"(?:BLY-?)?(\d{1,12})", re.IGNORECASE)


def ref_number(words: str) -> int | None:
    """The ticket's number when the words are a reference: "BLY-123", "bly123", "123"."""
    found = REF.fullmatch(words.strip())
    return int(found[1]) if found else None


class Unseen(Func):
    """A value that is known only when the statement runs, so that no estimate is made from it."""

    template = "(SELECT %(expressions)s)"
    output_field = DateTimeField()


def due_by(instant: datetime) -> Q:
    """Due by then. Nothing is sorted later than it is due, so the queue's own index ends the search.

    The database thinks that due times and states have nothing to do with each other, expects a tenth of what there is,
    and would rather sort all that is due than read it in order (measured: 82 ms against 1). Of an instant that it
    cannot see it expects a third, and reads in order.
    """
    then = Unseen(Value(instant, output_field=DateTimeField()))
    return Q(queue_key__lte=then, due_at__lte=then)


class CodesField(forms.MultipleChoiceField):
    """Codes from the address. Whether they are known is the filter's matter: it finds nothing for unknown ones.

    An empty one chooses nothing: the button "Any time" sends it along with every search.
    """

    def to_python(self, value: Any) -> list[str]:
        return [code for code in super().to_python(value) if code]

    def validate(self, value: Sequence[str]) -> None:
        if len(value) > 200:
            raise ValidationError("These are too many choices at once.")


class SearchField(forms.CharField):
    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        check_length(text, LONGEST_SEARCH)
        check_text(text, multiline=False)
        return text


class ConditionsField(forms.CharField):
    """The conditions of a trigger as `policies.domain.linked` writes them."""

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        if text:
            try:
                trigger_of_text(text)
            except InvalidRule as error:
                raise ValidationError(" ".join(problem.message for problem in error.problems)) from None
        return text


class ConditionsFilter(django_filters.Filter):
    """Tickets on which a trigger with these conditions would fire now. Six statements for what they are asked with."""

    field_class = ConditionsField
    parent: "TicketFilter"

    def filter(self, qs: TicketQuerySet, text: str) -> TicketQuerySet:
        return qs.filter(as_queryset(trigger_of_text(text), fact_columns(self.parent.now))) if text else qs


class AnyOf(django_filters.Filter):
    """Rows whose column holds any of the chosen values."""

    field_class = CodesField
    parent: "TicketFilter"

    def values(self, codes: Sequence[str]) -> list[Any]:
        found = (self.parent.options.find(self.extra_name, code) for code in codes)
        return [option.value for option in found if option is not None]

    @property
    def extra_name(self) -> str:
        return str(self.field_name)

    def filter(self, qs: TicketQuerySet, codes: Sequence[str]) -> TicketQuerySet:
        if not codes:
            return qs
        values = self.values(codes)
        return qs.filter(self.condition(values)) if values else qs.none()

    def condition(self, values: Sequence[Any]) -> Q:
        given = [value for value in values if value is not None]
        wanted = Q(**{f"{self.field_name}__in": given}) if len(given) > 1 else Q()
        if len(given) == 1:
            # Equality lets the index that begins with this column give the order too.
            wanted = Q(**{str(self.field_name): given[0]})
        return wanted | Q(**{f"{self.field_name}__isnull": True}) if len(given) < len(values) else wanted


class StateFilter(AnyOf):
    """Open tickets, unless states are chosen."""

    def filter(self, qs: TicketQuerySet, codes: Sequence[str]) -> TicketQuerySet:
        if not codes:
            return qs.open()
        return qs if ANY in codes else super().filter(qs, codes)


class DueFilter(AnyOf):
    """What is due until then, late ones included."""

    @property
    def extra_name(self) -> str:
        return "due"

    def condition(self, values: Sequence[Any]) -> Q:
        return due_by(max(self.parent.until(minutes) for minutes in values))


class HandoffFilter(AnyOf):
    """Tickets that were handed over and wait for an answer: anybody's, mine or my team's."""

    @property
    def extra_name(self) -> str:
        return "handoff"

    def condition(self, values: Sequence[Any]) -> Q:
        if ANY in values:
            waiting = Escalation.objects.filter(axis=Axis.FUNCTIONAL, state__in=WAITING_FOR_RECEIVER)
            return Q(pk__in=waiting.order_by().values("ticket_id"))
        states = WAITING_FOR_RECEIVER if "mine" in values else (EscalationState.PENDING,)
        return Q(pk__in=handed_to(self.parent.options.user, states).values("ticket_id"))


class BreachedFilter(AnyOf):
    """Whether a running clock has passed its deadline."""

    @property
    def extra_name(self) -> str:
        return "breached"

    def condition(self, values: Sequence[Any]) -> Q:
        if len(set(values)) > 1:
            return Q()
        now = self.parent.now
        return due_by(now) if values[0] else Q(due_at__gte=now) | Q(due_at__isnull=True)


class LinkedFilter(AnyOf):
    """Where a ticket stands in an outage: it carries others, is carried, or neither."""

    @property
    def extra_name(self) -> str:
        return "linked"

    def condition(self, values: Sequence[Any]) -> Q:
        wanted = Q()
        for value in values:
            wanted |= _LINKED[value]
        return wanted


_LINKED = {
    "parent": Q(pk__in=Ticket.objects.open().filter(parent__isnull=False).order_by().values("parent")),
    "child": Q(parent__isnull=False),
    "none": Q(parent__isnull=True),
}


def _number(name: str, label: str) -> django_filters.NumberFilter:
    """A row by its id, as links to the queue say it."""
    return django_filters.NumberFilter(
        field_name=name, label=label, min_value=1, max_value=2**63 - 1, decimal_places=0
    )  # fmt: skip


class SearchFilter(django_filters.Filter):
    """Words in subject and description, a ticket's number, or its number elsewhere."""

    field_class = SearchField

    def filter(self, qs: TicketQuerySet, words: str) -> TicketQuerySet:
        if not words:
            return qs
        wanted = Q(search=SearchQuery(words, config="english", search_type="websearch"))
        if (number := ref_number(words)) is not None:
            wanted |= Q(pk=number) | Q(external_id=words.strip())
        return qs.filter(wanted)


class TicketFilter(django_filters.FilterSet):
    """Names are the ticket's columns; see `selectors.queue_options` for the codes of each."""

    state = StateFilter(label="Status")
    priority = AnyOf(label="Priority")
    tier = AnyOf(label="Tier")
    team = AnyOf(label="Team")
    owner = AnyOf(label="Owner")
    segment = AnyOf(label="Segment")
    due = DueFilter(field_name="due_at", label="Due")
    breached = BreachedFilter(field_name="due_at", label="Breached")
    handoff = HandoffFilter(field_name="escalations", label="Handoff")
    sentiment = AnyOf(label="Sentiment")
    is_vip = AnyOf(label="VIP")
    region = AnyOf(label="Region")
    category = AnyOf(label="Category")
    issue_type = AnyOf(label="Issue type")
    product_area = AnyOf(label="Product area")
    channel = AnyOf(label="Channel")
    is_restricted = AnyOf(label="Restricted")
    linked = LinkedFilter(field_name="parent", label="Linked")
    customer = _number("customer", "Customer")
    parent = _number("parent", "Children of")
    issue = _number("issue", "Issue")
    when = ConditionsFilter(label="Matches")
    q = SearchFilter(label="Search")

    class Meta:
        model = Ticket
        fields: list[str] = []

    def __init__(self, data: Any, queryset: TicketQuerySet, *, options: Options, now: datetime, zone: tzinfo) -> None:
        self.options, self.now, self.zone = options, now, zone
        super().__init__(data, queryset)

    def get_form_class(self) -> type[forms.Form]:
        """Made once: the fields of all requests are the same, since choices are no matter of theirs."""
        return _form_class()

    @cached_property
    def is_plain(self) -> bool:
        """Whether the address chooses nothing, as most polls do; then no form has to be cleaned."""
        return not any(name in self.data for name in self.base_filters)

    def narrow(self, tickets: TicketQuerySet, chosen: Mapping[str, Sequence[str]]) -> TicketQuerySet:
        """The tickets that pass these choices instead of the address's, for views that are not the one shown."""
        for name in dict.fromkeys(("state", *chosen)):
            tickets = self.filters[name].filter(tickets, chosen.get(name, ()))
        return tickets

    def until(self, minutes: int | None) -> datetime:
        """So many minutes from now; None is the end of the reader's day."""
        if minutes is not None:
            return self.now + timedelta(minutes=minutes)
        local = self.now.astimezone(self.zone)
        return local.replace(hour=23, minute=59, second=59, microsecond=999_999)

    @property
    def chosen(self) -> dict[str, list[str]]:
        """Filter → codes, as the address should say them; what is not chosen is left out."""
        if self.is_plain:
            return {}
        clean = self.form.cleaned_data if self.form.is_valid() or hasattr(self.form, "cleaned_data") else {}
        said = {name: value if isinstance(value, list) else [str(value)] for name, value in clean.items() if value}
        return {name: said[name] for name in self.base_filters if name in said}


@cache
def _form_class() -> type[forms.Form]:
    fields = {name: known.field for name, known in TicketFilter.base_filters.items()}
    return type("TicketFilterForm", (forms.Form,), fields)
