"""The long part of an import, in slices: claim a run, go on where the last slice stopped, give it back.

Each chunk is one transaction: tickets, refused rows and progress together. Whoever is killed loses a chunk that was
never committed, and its lease runs out; the next to come goes on from there. Two never work on one run: a chunk is
only written under the lease.
"""

import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import islice
from time import monotonic

import structlog
from django.db import OperationalError, transaction
from django.db.models import Q

from escalations.choices import ImportState
from escalations.domain.import_rows import RowReader, RowRefused
from escalations.domain.importing import FIELDS, MappingInvalid, Rule, check_mapping, mapping_from_json
from escalations.models import ImportRow, ImportRun, ImportSeen
from escalations.services.import_books import Books, import_choices
from escalations.services.import_files import TableFormat, TableRefused, TableRow, open_table
from escalations.services.import_profile import WORD_LENGTH, WORDS, storable
from escalations.services.imports_check import check_rows
from escalations.services.imports_load import Job, Outcome, ReadRow, hold_imports, load_rows
from escalations.services.imports_undo import undo_some
from journal import clock
from journal.models import Batch

Task = ImportRun.Task
LEASE = timedelta(minutes=2)
CHUNK = 1_000  # rows
TRIES = 5  # slices that may fail one after the other

log = structlog.get_logger(__name__)


class LeaseLost(Exception):
    """Somebody else works on the run now, or it was stopped."""


def import_work(*, seconds: float, run_id: int | None = None) -> bool:
    """Go on with one import for about `seconds`: the one named, else the longest waiting. True while more is wanted.

    Safe to call at any time from any number of processes.
    """
    run = _claim(run_id)
    if run is None:
        return False
    try:
        done = _go_on(run, monotonic() + seconds)
    except LeaseLost:
        return False
    except (MappingInvalid, TableRefused, FileNotFoundError) as error:
        _give_up(run, str(error) if not isinstance(error, FileNotFoundError) else "The uploaded file is gone.")
        return False
    except OperationalError as error:
        # A lock that others held for too long, or a lost connection: the work stays wanted.
        log.warning("import_interrupted", run=run.pk, error=str(error))
        _release(run, failures=run.failures)
        return True
    if not done:
        _release(run, failures=0)
    return not done or ImportRun.objects.exclude(task="").exists()


@transaction.atomic
def _claim(run_id: int | None) -> ImportRun | None:
    now = clock.now()
    free = ImportRun.objects.exclude(task="").filter(Q(lease_until__isnull=True) | Q(lease_until__lt=now))
    if run_id is not None:
        free = free.filter(pk=run_id)
    run = free.select_for_update(of=("self",), no_key=True, skip_locked=True).order_by("asked_at").first()
    if run is None:
        return None
    if run.failures >= TRIES:
        run.task, run.state = "", ImportState.FAILED
        run.error = f"Stopped {TRIES} times without getting further. What was imported is there. Start it to go on."
        run.save(update_fields=["task", "state", "error"])
        return None
    run.lease, run.lease_until = uuid.uuid4(), now + LEASE
    run.failures += 1
    run.save(update_fields=["lease", "lease_until", "failures"])
    return run


def _held(run: ImportRun) -> ImportRun:
    """The run, locked, still under our lease. Raises LeaseLost."""
    held = ImportRun.objects.select_for_update(of=("self",), no_key=True).get(pk=run.pk)
    if held.lease != run.lease or held.task != run.task:
        raise LeaseLost
    return held


def _release(run: ImportRun, *, failures: int) -> None:
    ImportRun.objects.filter(pk=run.pk, lease=run.lease).update(lease=None, lease_until=None, failures=failures)


def _give_up(run: ImportRun, why: str) -> None:
    ImportRun.objects.filter(pk=run.pk, lease=run.lease).update(
        task="", state=ImportState.FAILED, error=why, lease=None, lease_until=None, finished_at=clock.now()
    )


def _go_on(run: ImportRun, until: float) -> bool:
    """Whether the task is finished; False when the time ran out first."""
    if run.task == Task.UNDO:
        return _undo(run, until)
    mapping = mapping_from_json(run.mapping)
    choices = import_choices()
    check_mapping(mapping, columns=run.columns, choices=choices)
    names = {one.key: (rule.pattern or rule.column or one.label) for one in FIELDS if (rule := mapping.rule(one.key))}
    job = Job(run, mapping, Books(clock.now()), names)
    with run.file.open("rb") as stored, open_table(stored.file, TableFormat.from_json(run.format)) as table:
        rows = islice(table.rows, run.rows_read, None)
        while chunk := list(islice(rows, CHUNK)):
            _chunk(chunk, job, RowReader(mapping, columns=table.columns, choices=choices, now=clock.now()))
            if len(chunk) == CHUNK and monotonic() > until:
                return False
    _finish(run)
    return True


@transaction.atomic
def _chunk(rows: Sequence[TableRow], job: Job, reader: RowReader) -> None:
    """Rows of the file become tickets, or only a report of what would become of them."""
    loading = job.run.task == Task.LOAD
    if loading:
        hold_imports()
    held = _held(job.run)
    job.books.at(clock.now())
    outcome = Outcome()
    good = list(_read(rows, reader, outcome))
    outcome.add(load_rows(good, job=job) if loading else check_rows(good, job=job))
    _note(held, rows, outcome, job)


def _read(rows: Sequence[TableRow], reader: RowReader, outcome: Outcome) -> Iterator[ReadRow]:
    for row in rows:
        try:
            yield ReadRow(row.number, row.cells, reader.read(row.cells))
        except RowRefused as error:
            outcome.refused.append((row.number, row.cells, error.errors))


def _note(held: ImportRun, rows: Sequence[TableRow], outcome: Outcome, job: Job) -> None:
    """Progress, refused rows and findings, in the transaction of the rows themselves."""
    held.rows_read += len(rows)
    held.rows_created += outcome.created
    held.rows_known += outcome.known
    held.rows_refused += len(outcome.refused)
    held.rows_total = max(held.rows_total, held.rows_read)
    held.failures, held.lease_until = 0, clock.now() + LEASE
    notes = Counter(held.report.get("notes", {}))
    notes.update(outcome.notes)
    reasons = Counter(held.report.get("reasons", {}))
    for _, _, errors in outcome.refused:
        reasons.update({column or "The row itself" for column, _ in errors})
    repeats = held.report.get("repeats", 0) + outcome.repeats
    held.report = held.report | {"notes": dict(notes), "reasons": dict(reasons), "repeats": repeats}
    if not held.profile.get("exact", True):
        _learn_words(held, outcome, job)
    held.save()
    ImportRow.objects.bulk_create(
        ImportRow(
            run=held, number=number, values=[storable(cell) for cell in cells],
            errors=[[column, storable(text)] for column, text in errors],
        )
        for number, cells, errors in outcome.refused
    )  # fmt: skip


def _learn_words(held: ImportRun, outcome: Outcome, job: Job) -> None:
    """Words that the first look did not reach and that are not mapped yet, so that the page can ask for them."""
    columns = [
        (held.columns.index(rule.column), rule.column)
        for one in FIELDS
        if one.takes_values and (rule := job.mapping.rule(one.key)) != Rule() and rule.column
    ]
    for _, cells, errors in outcome.refused:
        wrong = {column for column, _ in errors}
        for place, column in columns:
            words = held.profile["words"].get(column)
            if column in wrong and words is not None and place < len(cells) and len(words) < WORDS:
                word = storable(cells[place].strip())[:WORD_LENGTH]
                words[word] = words.get(word, 0) + 1


@transaction.atomic
def _finish(run: ImportRun) -> None:
    held = _held(run)
    counts = {
        "read": held.rows_read, "created": held.rows_created, "known": held.rows_known, "refused": held.rows_refused,
    }  # fmt: skip
    if held.task == Task.CHECK:
        held.state = ImportState.CHECKED
        held.report = held.report | {"check": counts}
        ImportSeen.objects.filter(run=held).delete()
    else:
        held.state, held.finished_at = ImportState.DONE, clock.now()
        Batch.objects.filter(import_run=held).update(state=Batch.State.DONE)
    held.rows_total, held.task = held.rows_read, ""
    held.lease = held.lease_until = None
    held.save()


def _undo(run: ImportRun, until: float) -> bool:
    while monotonic() <= until:
        with transaction.atomic():
            hold_imports()
            held = _held(run)
            if undo_some(held, clock.now()):
                held.failures, held.lease_until = 0, clock.now() + LEASE
                held.save(update_fields=["failures", "lease_until", "report"])
                continue
            Batch.objects.filter(import_run=held).update(state=Batch.State.UNDONE)
            held.state, held.task, held.finished_at = ImportState.UNDONE, "", clock.now()
            held.lease = held.lease_until = None
            held.save()
            return True
    return False
