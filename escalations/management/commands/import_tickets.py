import json
import sys
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.choices import Ability
from accounts.models import User
from accounts.querysets import able
from escalations.choices import ImportState
from escalations.domain.importing import Mapping, MappingInvalid, mapping_from_json
from escalations.errors import NotAllowed, Refused
from escalations.models import ImportRun
from escalations.services.import_files import TableFormat
from escalations.services.imports import import_check, import_map, import_start, import_upload
from escalations.services.imports_work import import_work

SLICE = 60.0  # seconds between two lines of progress
SHOWN = 20  # refused rows named one by one


class Command(BaseCommand):
    help = "Import a table of tickets (CSV, XLSX) by a mapping: docs/imports.md. Exit 1 if any row was refused."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, metavar="FILE")
        parser.add_argument("--mapping", type=Path, metavar="FILE", help="JSON, as the import page gives it")
        parser.add_argument("--dry-run", action="store_true", help="read and check every row, create nothing")
        parser.add_argument("--as", dest="username", metavar="USERNAME", help="who imports (else: the first who may)")
        parser.add_argument("--pending", action="store_true", help="only go on with imports that wait for a process")

    def handle(self, *args: Any, file: Path | None, mapping: Path | None, **options: Any) -> None:
        if options["pending"]:
            self._pending()
            return
        if file is None or mapping is None:
            raise CommandError("Name a file and its --mapping, or say --pending.")
        run = self._prepare(file, mapping, _person(options["username"]), dry=options["dry_run"])
        self._work(run)
        run.refresh_from_db()
        self._report(run, dry=options["dry_run"])
        if run.state == ImportState.FAILED:
            raise CommandError(run.error)
        if run.rows_refused:
            sys.exit(1)

    def _prepare(self, file: Path, mapping: Path, by: User, *, dry: bool) -> ImportRun:
        wanted = _mapping(mapping)
        how = TableFormat(
            kind="", encoding=wanted.file.get("encoding", ""), delimiter=wanted.file.get("delimiter", ""),
            sheet=wanted.file.get("sheet", ""),
        )  # fmt: skip
        try:
            with file.open("rb") as opened:
                run = import_upload(by=by, file=File(opened, name=file.name), name=file.name, how=how)
            run = import_map(run=run, by=by, mapping=wanted)
            return import_check(run=run, by=by) if dry else import_start(run=run, by=by)
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        except (MappingInvalid, Refused, NotAllowed) as error:
            raise CommandError(str(error)) from error

    def _work(self, run: ImportRun) -> None:
        """Until nobody has anything to do on it: a worker may have been faster."""
        while ImportRun.objects.filter(pk=run.pk).exclude(task="").exists():
            import_work(run_id=run.pk, seconds=SLICE)
            run.refresh_from_db()
            self.stderr.write(f"{run.rows_read:,} rows")

    def _pending(self) -> None:
        while import_work(seconds=SLICE):
            pass

    def _report(self, run: ImportRun, *, dry: bool) -> None:
        verb = "would be created" if dry else "created"
        self.stdout.write(
            f"Import {run.pk}: {run.rows_read:,} rows read, {run.rows_created:,} {verb}, "
            f"{run.rows_known:,} known already, {run.rows_refused:,} refused."
        )
        for note, count in run.report.get("notes", {}).items():
            self.stdout.write(f"  {note}: {count:,}")
        for row in run.row_errors.all()[:SHOWN]:
            said = "; ".join(f"{column}: {text}" if column else text for column, text in row.errors)
            self.stdout.write(f"  line {row.number}: {said}")
        if run.rows_refused > SHOWN:
            self.stdout.write(f"  … and {run.rows_refused - SHOWN:,} more")


def _mapping(path: Path) -> Mapping:
    try:
        return mapping_from_json(json.loads(path.read_text("utf-8")))
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise CommandError(f"{path} is no JSON: {error}.") from error
    except MappingInvalid as error:
        raise CommandError(f"{path}: {error}") from error


def _person(username: str | None) -> User:
    """Who the record names. Without a name: somebody who may, administrators first."""
    people = User.objects.select_related("role").filter(able(Ability.IMPORT))
    if username:
        people = people.filter(username=username)
    person = people.order_by("role__rank", "pk").first()
    if person is None:
        who = f"{username} may not import tickets" if username else "Nobody may import tickets yet"
        raise CommandError(f"{who}: the ability belongs to a role, such as Administrator.")
    return person
