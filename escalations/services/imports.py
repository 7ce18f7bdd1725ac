"""An import's way: uploaded, mapped, checked, run, taken back. What takes long is only asked for here.

`services.imports_work` does it, driven by whoever comes first: the page's own request for small files, a Celery
worker, the sweep loop, or `manage.py import_tickets --pending`.
"""

import hashlib
import re
import uuid
from dataclasses import replace
from datetime import datetime
from pathlib import PurePath
from typing import IO, Any, cast
from zoneinfo import ZoneInfo

from django.core.files import File
from django.db import transaction

from accounts.choices import Ability
from accounts.models import User
from escalations.choices import ImportState
from escalations.domain.import_dates import DateOrder, candidates
from escalations.domain.import_guess import date_samples, guess_rules
from escalations.domain.importing import (
    Choices,
    Mapping,
    check_mapping,
    mapping_from_json,
)
from escalations.errors import NotAllowed, Overtaken, Refused
from escalations.models import ImportRow, ImportRun, ImportSeen
from escalations.services.import_books import import_choices
from escalations.services.import_files import TableFormat, TableRefused, detect, open_table
from escalations.services.import_profile import profile_table
from journal import clock
from journal.models import Batch
from policies.selectors import NoPolicyInForce, version_in_force

Task = ImportRun.Task
OPEN_TO_CHANGE = (ImportState.UPLOADED, ImportState.MAPPED, ImportState.CHECKED)
REMEMBERED = 30  # earlier imports looked at for a mapping that fits


def import_upload(*, by: User, file: "File[bytes]", name: str, how: TableFormat | None = None) -> ImportRun:
    """Keep an uploaded file, look at its columns and suggest a mapping. Raises Refused, NotAllowed."""
    person = _allowed(by)
    shown = PurePath(name.replace("\\", "/")).name[:200] or "table"
    source = cast(IO[bytes], file.file)
    try:
        found = detect(source, shown)
        found = _with(found, how) if how is not None else found
        columns, profile = _look(source, found)
    except TableRefused as error:
        raise Refused(str(error), {"file": str(error)}) from error
    digest = hashlib.sha256()
    for block in file.chunks():
        digest.update(block)
    run = ImportRun(
        name=shown, file_sha256=digest.hexdigest(), encoding=found.encoding, columns=columns,
        format=found.to_json(), profile=profile, created_by=person, rows_total=profile["rows"],
    )  # fmt: skip
    mapping, remembered = _first_mapping(run, person)
    run.mapping = mapping.to_json()
    run.report = {"remembered": remembered}
    file.seek(0)
    run.file.save(f"{uuid.uuid4().hex}.{found.kind}", file, save=False)
    run.save()
    return run


def _with(found: TableFormat, wanted: TableFormat) -> TableFormat:
    """The detected format, with what somebody said better."""
    if found.kind == "xlsx":
        if wanted.sheet and wanted.sheet not in found.sheets:
            raise TableRefused(f"There is no sheet “{wanted.sheet}”. There are: {', '.join(found.sheets)}.")
        return replace(found, sheet=wanted.sheet or found.sheet)
    return replace(found, encoding=wanted.encoding or found.encoding, delimiter=wanted.delimiter or found.delimiter)


def _look(file: IO[bytes], how: TableFormat) -> tuple[list[str], dict[str, Any]]:
    try:
        with open_table(file, how) as table:
            profile = profile_table(table)
    except LookupError as error:
        raise TableRefused(f"The encoding “{how.encoding}” is not known.") from error
    if not profile["rows"]:
        raise TableRefused("The table has a header and no rows below it.")
    return table.columns, profile


@transaction.atomic
def import_reread(*, run: ImportRun, by: User, how: TableFormat) -> ImportRun:
    """Read the file in another encoding, with another delimiter, or another sheet; the mapping stays if it fits."""
    held = _held(run, by, *OPEN_TO_CHANGE)
    try:
        with held.file.open("rb") as stored:
            wanted = _with(TableFormat.from_json(held.format), how)
            held.columns, held.profile = _look(stored.file, wanted)
    except TableRefused as error:
        raise Refused(str(error), {"encoding": str(error)}) from error
    except FileNotFoundError as error:
        raise Refused("The uploaded file is gone. Upload it again.") from error
    held.format, held.encoding, held.rows_total = wanted.to_json(), wanted.encoding, held.profile["rows"]
    mapping = mapping_from_json(held.mapping)
    if any(name not in held.columns for rule in mapping.rules.values() for name in rule.columns()):
        mapping, _ = _first_mapping(held, by)
        held.mapping = mapping.to_json()
    held.state = ImportState.UPLOADED
    held.save()
    return held


def _first_mapping(run: ImportRun, person: User) -> tuple[Mapping, int | None]:
    """The mapping of the last import whose columns this file has too, and that import's id; else a suggestion."""
    earlier = ImportRun.objects.exclude(mapping={}).exclude(state=ImportState.UPLOADED)
    if run.pk:
        earlier = earlier.exclude(pk=run.pk)
    for known in earlier.order_by("-created_at")[:REMEMBERED]:
        mapping = mapping_from_json(known.mapping)
        used = {name for rule in mapping.rules.values() for name in rule.columns()}
        if used and used <= set(run.columns):
            return mapping, known.pk
    return suggest_mapping(run, zone=person.time_zone, choices=import_choices(), now=clock.now()), None


def suggest_mapping(run: ImportRun, *, zone: str, choices: Choices, now: datetime) -> Mapping:
    """A mapping guessed from the names of the columns and the words in them."""
    rules = guess_rules(run.columns, run.profile.get("words", {}), choices)
    samples = date_samples(run.profile["examples"], rules)
    orders = candidates(samples, zone=ZoneInfo(zone), now=now)
    source = re.split(r"[^0-9A-Za-z]", run.name.lower())[0][:40]
    return Mapping(source=source, rules=rules, dates=orders[0].order if orders else DateOrder.YMD, zone=zone)


@transaction.atomic
def import_map(*, run: ImportRun, by: User, mapping: Mapping, complete: bool = True) -> ImportRun:
    """Save the mapping. With `complete` it must fit file and organisation. Raises MappingInvalid, Overtaken."""
    held = _held(run, by, *OPEN_TO_CHANGE)
    if complete:
        check_mapping(mapping, columns=held.columns, choices=import_choices())
    held.mapping = mapping.to_json()
    held.state = ImportState.MAPPED if complete else ImportState.UPLOADED
    held.report = {}
    held.save(update_fields=["mapping", "state", "report"])
    return held


@transaction.atomic
def import_check(*, run: ImportRun, by: User) -> ImportRun:
    """Ask for a dry run: every row read and looked up, none written. Raises MappingInvalid, Refused, Overtaken."""
    held = _held(run, by, ImportState.MAPPED, ImportState.CHECKED)
    _check_ready(held)
    _begin(held, Task.CHECK)
    held.state = ImportState.MAPPED
    held.save()
    return held


@transaction.atomic
def import_start(*, run: ImportRun, by: User) -> ImportRun:
    """Ask for the real run. One that failed goes on where it stopped. Raises MappingInvalid, Refused, Overtaken."""
    held = _held(run, by, ImportState.MAPPED, ImportState.CHECKED, ImportState.FAILED)
    _check_ready(held)
    if held.batch is None:
        held.batch = Batch.objects.create(kind="import", created_by=held.created_by)
        _begin(held, Task.LOAD)
    else:
        _ask(held, Task.LOAD)
    held.state, held.finished_at = ImportState.RUNNING, None
    held.save()
    return held


@transaction.atomic
def import_undo(*, run: ImportRun, by: User) -> ImportRun:
    """Ask for the import to be taken back; one that still runs stops first. Raises Overtaken."""
    held = _held(run, by, ImportState.RUNNING, ImportState.DONE, ImportState.FAILED)
    if held.batch is None:
        raise Refused("Nothing was imported, so there is nothing to take back.")
    Batch.objects.filter(pk=held.batch.pk).update(state=Batch.State.UNDOING)
    _ask(held, Task.UNDO)
    held.state = ImportState.UNDOING
    held.save()
    return held


def _check_ready(held: ImportRun) -> None:
    check_mapping(mapping_from_json(held.mapping), columns=held.columns, choices=import_choices())
    try:
        version_in_force()
    except NoPolicyInForce as error:
        raise Refused("No policy is in force yet, so no clock could start. Publish one first.") from error


def _begin(held: ImportRun, task: Task) -> None:
    """Everything from the first row."""
    ImportRow.objects.filter(run=held).delete()
    ImportSeen.objects.filter(run=held).delete()
    held.rows_read = held.rows_created = held.rows_known = held.rows_refused = 0
    held.report = {key: value for key, value in held.report.items() if key == "check"} if task == Task.LOAD else {}
    _ask(held, task)


def _ask(held: ImportRun, task: Task) -> None:
    held.task, held.asked_at, held.failures, held.error = task, clock.now(), 0, ""
    # Whoever works on it now finds at the next chunk that the lease is no longer theirs.
    held.lease = held.lease_until = None


def _allowed(by: User) -> User:
    person = User.objects.select_related("role").get(pk=by.pk)
    if not person.can(Ability.IMPORT):
        raise NotAllowed("Tickets are imported by administrators and support managers.")
    return person


def _held(run: ImportRun, by: User, *states: ImportState) -> ImportRun:
    """The run, locked, in one of the states and with nothing under way. Raises Overtaken, NotAllowed."""
    _allowed(by)
    held = ImportRun.objects.select_for_update(of=("self",), no_key=True).select_related("batch").get(pk=run.pk)
    stopping = ImportState.RUNNING in states and held.task == Task.LOAD
    if held.state not in states or (held.task and not stopping):
        doing = held.get_task_display().lower() if held.task else held.get_state_display().lower()
        raise Overtaken(f"{held.name} has moved on: {doing}.")
    return held
