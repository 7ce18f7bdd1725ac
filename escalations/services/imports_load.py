"""A chunk of read rows becomes tickets: set-based, all of it or nothing, each row once."""

from collections import Counter
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Lookup
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import DataError, IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from accounts.models import Team, User
from escalations.choices import OPEN_STATES, ClockState, HopKind, TicketState
from escalations.domain.import_rows import RowError, TicketFacts
from escalations.domain.importing import Mapping
from escalations.models import Clock, Contact, Customer, Hop, ImportRun, Pause, Ticket
from escalations.services.copying import copy_create, next_ids
from escalations.services.import_books import Books, Stay
from escalations.services.imports_parties import Parties
from escalations.services.placing import place
from journal.models import Event

# One import at a time writes: two of them would create the same customer twice.
LOCK = 7_203_118
OWNERS_LEFT_OUT = "Owners who are not in the ticket’s team were left out; the description names them"


@dataclass(frozen=True, slots=True)
class ReadRow:
    """A row of the file that can become a ticket. `number` is its line, `cells` its words."""

    number: int
    cells: Sequence[str]
    facts: TicketFacts


@dataclass(slots=True)
class Outcome:
    """What became of some rows. `refused`: (line, the row's words, why); `repeats` of them repeat an earlier number."""

    created: int = 0
    known: int = 0
    repeats: int = 0
    refused: list[tuple[int, Sequence[str], list[RowError]]] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)

    def refuse(self, row: ReadRow, *errors: RowError) -> None:
        self.refused.append((row.number, row.cells, list(errors)))

    def refuse_repeat(self, row: ReadRow, column: str, line: int | None) -> None:
        where = f"Line {line:,}" if line else "An earlier line"
        self.refuse(row, (column, f"{where} has the same number, {row.facts.external_id}."))
        self.repeats += 1

    def add(self, other: "Outcome") -> None:
        self.created += other.created
        self.known += other.known
        self.repeats += other.repeats
        self.refused += other.refused
        self.notes += other.notes


@dataclass(frozen=True, slots=True)
class Job:
    """What all rows of one import share. `names`: field → how its column is called in messages."""

    run: ImportRun
    mapping: Mapping
    books: Books
    names: Lookup[str, str]


@dataclass(slots=True)
class _New:
    """Rows for the tables, written together."""

    tickets: list[Ticket] = field(default_factory=list)
    clocks: list[Clock] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)
    hops: list[Hop] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def write(self) -> None:
        copy_create(Ticket, self.tickets, omit=("created_at",))
        copy_create(Pause, self.pauses, omit=("id",))
        copy_create(Clock, self.clocks, omit=("id",))
        copy_create(Hop, self.hops, omit=("id",))
        copy_create(Event, self.events, omit=("id", "recorded_at"))


def hold_imports() -> None:
    """Wait until no other import writes; released with the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def sort_out(rows: Iterable[ReadRow], *, job: Job, outcome: Outcome) -> list[ReadRow]:
    """The rows that are new. Known tickets are counted, repetitions within the file refused."""
    found = list(rows)
    column, batch_id = job.names["external_id"], job.run.batch_id
    known = dict(
        Ticket.objects.filter(
            source=job.mapping.source, external_id__in=[row.facts.external_id for row in found]
        ).values_list("external_id", "batch_id")
    )
    fresh: dict[str, ReadRow] = {}
    for row in found:
        name = row.facts.external_id
        if name in fresh:
            outcome.refuse_repeat(row, column, fresh[name].number)
        elif name not in known:
            fresh[name] = row
        elif batch_id is not None and known[name] == batch_id:
            outcome.refuse_repeat(row, column, None)
        else:
            outcome.known += 1
    return list(fresh.values())


def load_rows(rows: Sequence[ReadRow], *, job: Job) -> Outcome:
    """Create what is new, in the caller's transaction.

    A row that the database refuses for a reason nobody foresaw is found by halving, and refused by itself.
    """
    outcome = Outcome()
    _load_some(sort_out(rows, job=job, outcome=outcome), job, outcome)
    return outcome


def _load_some(rows: Sequence[ReadRow], job: Job, outcome: Outcome) -> None:
    if not rows:
        return
    done = Outcome()
    try:
        with transaction.atomic():
            _write(rows, job, done)
    except (DataError, IntegrityError) as error:
        if len(rows) == 1:
            said = str(error).strip().splitlines()[0][:300]
            outcome.refuse(rows[0], ("", f"The database refused the row: {said}"))
            return
        middle = len(rows) // 2
        _load_some(rows[:middle], job, outcome)
        _load_some(rows[middle:], job, outcome)
        return
    outcome.add(done)


def _write(rows: Sequence[ReadRow], job: Job, outcome: Outcome) -> None:
    parties = Parties([row.facts for row in rows], run=job.run, zone=job.mapping.zone, books=job.books)
    certain = []
    for row in rows:
        customer = parties.customer(row.facts)
        if customer is None:
            outcome.refuse(row, (job.names["customer"], several_customers(row.facts.customer)))
        else:
            certain.append((row, customer))
    job.books.know_calendars(customer.calendar_id for _, customer in certain)
    new = _New()
    for (row, customer), pk in zip(certain, next_ids(Ticket, len(certain)), strict=True):
        ticket = _ticket(pk, row.facts, customer, parties.contact(row.facts), job)
        stay = job.books.stay(ticket, first_replied_at=row.facts.first_replied_at) if ticket.is_open else Stay([], None)
        _put(new, ticket, stay, row, job)
        outcome.notes.update(row.facts.notes)
        if row.facts.owner and ticket.owner_id is None:
            outcome.notes[OWNERS_LEFT_OUT] += 1
    new.write()
    outcome.created += len(certain)


def several_customers(name: str) -> str:
    return f"Several customers are named {name}. Map the customer’s number in the source to tell them apart."


def _ticket(pk: int, row: TicketFacts, customer: Customer, contact: Contact | None, job: Job) -> Ticket:
    now, team = job.books.now, job.books.teams[row.team]
    opened = row.opened_at or now
    region = job.books.regions.get(row.region or "")
    owner = owner_of(row, team, job.books)
    is_open = row.state in OPEN_STATES
    return Ticket(
        pk=pk, source=job.mapping.source, external_id=row.external_id, batch_id=job.run.batch_id,
        subject=row.subject, description=_description(row, owner, job.mapping.source),
        customer=customer, contact=contact, state=row.state, priority=row.priority,
        tier=team.tier, team=team, owner=owner,
        segment=customer.segment if row.segment is None else row.segment,
        is_vip=customer.is_vip if row.is_vip is None else row.is_vip,
        region_id=region.pk if region is not None else customer.region_id,
        opened_at=opened, tier_since=now, updated_at=now, queue_key=now,
        first_replied_at=row.first_replied_at, last_contact_at=row.last_contact_at or opened,
        # Of a ticket in progress nobody knows whether the customer waits for a word.
        waiting_since=opened if row.state == TicketState.NEW and row.first_replied_at is None else None,
        resolved_at=row.resolved_at, closed_at=row.closed_at, next_check_at=now if is_open else None,
        churn_threat_at=now if row.facts.get("churn_threat") else None,
        **row.facts,
    )  # fmt: skip


def owner_of(row: TicketFacts, team: Team, books: Books) -> User | None:
    """Whoever the file names, if Belay knows them as one of the team: the rule of `ticket_assign`."""
    person = books.people.get(row.owner)
    return person if person is not None and person.team_id == team.pk else None


def _description(row: TicketFacts, owner: User | None, source: str) -> str:
    if owner is not None or not row.owner_name:
        return row.description
    return f"{row.description}\n\nOwner in {source}: {row.owner_name}".lstrip()


def _put(new: _New, ticket: Ticket, stay: Stay, row: ReadRow, job: Job) -> None:
    books = job.books
    severity = books.policy.severity(ticket.priority)
    found = place(
        opened_at=ticket.opened_at,
        head_start=timedelta(seconds=severity.head_start_seconds),
        running=[
            (clock.due_at, clock.kind)
            for clock in stay.clocks
            if clock.due_at is not None and clock.stopped_at is None and clock.state != ClockState.PAUSED
        ],
        review_at=stay.pause.review_at if stay.pause else None,
    )
    ticket.due_at, ticket.due_kind, ticket.queue_key = found.due_at, found.due_kind, found.queue_key
    new.tickets.append(ticket)
    new.clocks += stay.clocks
    if stay.pause is not None:
        new.pauses.append(stay.pause)
    if ticket.is_open:
        new.hops.append(_hop(ticket, stay, books.now))
    new.events.append(_event(ticket, row, job))


def _hop(ticket: Ticket, stay: Stay, now: datetime) -> Hop:
    """Who holds it from the import on; who did before is not known."""
    kind = HopKind.PAUSED if stay.pause is not None else HopKind.HELD
    span = DateTimeTZRange(now, None, "[)")
    return Hop(ticket=ticket, kind=kind, tier=ticket.tier, team=ticket.team, holder=ticket.owner, span=span)


def _event(ticket: Ticket, row: ReadRow, job: Job) -> Event:
    return Event(
        subject_type="ticket", subject_id=ticket.pk, kind="ticket.imported", actor_id=job.run.created_by_id,
        occurred_at=job.books.now, batch_id=job.run.batch_id,
        data={
            "import": job.run.pk, "line": row.number, "source": ticket.source, "external_id": ticket.external_id,
            "opened_at": ticket.opened_at.isoformat(), "state": ticket.state, "priority": ticket.priority,
            "tier": ticket.tier.code, "team": str(ticket.team), "owner": str(ticket.owner) if ticket.owner else None,
        },
    )  # fmt: skip
