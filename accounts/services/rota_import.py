"""Writing an iCalendar file into a rota, after showing what it comes to. By UID: a second import changes nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.db import transaction

from accounts.errors import Refused
from accounts.models import DutyShift, Team, User
from accounts.services.rota import plan_rota, tell_rota
from accounts.services.rota_files import FileShift
from accounts.services.rota_plan import Book, Plan, PlanRow, Verdict, person_problem, time_problem, write_plan


@dataclass(frozen=True, slots=True)
class People:
    """Everybody by what a calendar may call them: e-mail address, user name, full name."""

    by_email: dict[str, User]
    by_name: dict[str, list[User]]

    @classmethod
    def load(cls) -> "People":
        by_email: dict[str, User] = {}
        by_name: dict[str, list[User]] = {}
        for person in User.objects.select_related("role"):
            by_email[person.email.casefold()] = person
            for name in {person.username.casefold(), person.full_name.casefold()}:
                by_name.setdefault(name, []).append(person)
        return cls(by_email, by_name)

    def find(self, shift: FileShift) -> tuple[User | None, str]:
        """Whom a shift names, or what is wrong: an address first, then a user name or full name."""
        addressed = {self.by_email[email].pk: self.by_email[email] for email in shift.emails if email in self.by_email}
        if len(addressed) > 1:
            return None, "It names several people: " + ", ".join(str(person) for person in addressed.values()) + "."
        if addressed:
            return next(iter(addressed.values())), ""
        for name in shift.names:
            called = self.by_name.get(name.casefold(), [])
            if len(called) > 1:
                return None, f"Several people are called {name}."
            if called:
                return called[0], ""
        said = shift.title
        return None, f"Nobody here is called {said[:80]}." if said else "It names nobody."


def import_preview(*, team: Team, shifts: Sequence[FileShift], now: datetime, zone: tzinfo) -> Plan:
    """What the file would write, nothing written. `zone` is for the words of a row."""
    people = People.load()
    rows = [_read(shift, people) for shift in shifts]
    _mark_doubles(rows)
    fine = [row for row in rows if row.starts_at and row.ends_at and row.user and row.verdict != Verdict.WRONG]
    stored = {one.uid: one for one in DutyShift.objects.filter(team=team, uid__in=[row.uid for row in rows if row.uid])
              .select_related("user__role")}  # fmt: skip
    book = _book(team, fine, list(stored.values()), zone)
    for row in fine:
        row.stored = stored.get(row.uid)
        if row.stored is not None:
            _compare(row, row.stored, now)
        elif row.verdict == Verdict.REMOVED:
            row.verdict, row.says = Verdict.LEFT_OUT, ["Cancelled, and not on the rota."]
        elif row.ends_at is not None and row.ends_at <= now:
            row.verdict, row.says = Verdict.LEFT_OUT, ["Over already."]
        if row.stored is not None and row.writes:
            book.drop(row.stored)
    for row in fine:
        _place(row, book)
    return Plan(rows)


@transaction.atomic
def rota_import(*, team: Team, by: User, shifts: Sequence[FileShift], name: str, zone: tzinfo) -> Plan:
    """Write what the file comes to now, under the rota's lock; rows that are wrong are left out.

    Raises NotAllowed, Refused.
    """
    held = plan_rota(team.pk, by)
    plan = import_preview(team=held.team, shifts=shifts, now=held.now, zone=zone)
    if not plan.writes:
        raise Refused("There is nothing to write: no row is new or changed.")
    write_plan(held, plan, about=f"rota:{held.team.pk}:file", what="imports your duty")
    tell_rota(
        held, "rota.imported", file=name[:200], shifts=plan.count(Verdict.NEW), changed=plan.count(Verdict.CHANGED),
        removed=plan.count(Verdict.REMOVED),
    )  # fmt: skip
    return plan


def _read(shift: FileShift, people: People) -> PlanRow:
    row = PlanRow(
        shift.number, Verdict.NEW, shift.starts_at, shift.ends_at, None, shift.title, shift.role, shift.note, shift.uid
    )
    if shift.error:
        row.verdict, row.says = Verdict.WRONG, [shift.error]
        return row
    row.user, problem = people.find(shift)
    if not problem and row.starts_at and row.ends_at:
        problem = time_problem(row.starts_at, row.ends_at)
    if problem:
        row.verdict, row.says = Verdict.WRONG, [problem]
    elif shift.is_cancelled:
        row.verdict = Verdict.REMOVED
    return row


def _mark_doubles(rows: Iterable[PlanRow]) -> None:
    seen: set[str] = set()
    for row in rows:
        if row.verdict == Verdict.WRONG or not row.uid:
            continue
        if row.uid in seen:
            row.verdict, row.says = Verdict.WRONG, ["Another row has this UID."]
        seen.add(row.uid)


def _book(team: Team, rows: list[PlanRow], stored: list[DutyShift], zone: tzinfo) -> Book:
    spans = [(row.starts_at, row.ends_at) for row in rows if row.starts_at and row.ends_at]
    spans += [(shift.starts_at, shift.ends_at) for shift in stored]
    people = {row.user.pk for row in rows if row.user is not None}
    if not spans:
        # Nothing to compare with: any empty span reads nothing.
        low = high = datetime.max.replace(tzinfo=zone, year=2198)
    else:
        low, high = min(low for low, _ in spans), max(high for _, high in spans)
    return Book(team, people, low, high, zone)


def _compare(row: PlanRow, stored: DutyShift, now: datetime) -> None:
    """A row against the shift that has its UID."""
    was = (stored.user_id, stored.role, stored.note, stored.starts_at, stored.ends_at)
    wanted = (row.user.pk if row.user else None, row.role, row.note, row.starts_at, row.ends_at)
    if row.verdict != Verdict.REMOVED and was == wanted:
        row.verdict, row.says = Verdict.SAME, ["Stands already."]
    elif stored.starts_at <= now:
        row.verdict, row.says = Verdict.LEFT_OUT, ["It has begun: what happened stays as it was."]
    elif row.verdict != Verdict.REMOVED:
        row.verdict = Verdict.CHANGED


def _place(row: PlanRow, book: Book) -> None:
    """Whether the person is free for a row that writes; what else to know about it."""
    if row.user is None or row.starts_at is None or row.ends_at is None:
        return
    if row.verdict not in (Verdict.NEW, Verdict.CHANGED):
        return
    clash = book.clash(row.user.pk, row.starts_at, row.ends_at)
    problem = person_problem(row.user)
    if clash is not None:
        problem = f"{row.user} is on this rota already, {book.span(*clash)}."
    if problem:
        row.verdict, row.says = Verdict.WRONG, [problem]
        if row.stored is not None:
            book.take(row.stored.user_id, row.stored.starts_at, row.stored.ends_at)
        return
    book.take(row.user.pk, row.starts_at, row.ends_at)
    row.says = book.remarks(row.user.pk, row.starts_at, row.ends_at)
    if row.stored is not None and row.verdict == Verdict.CHANGED:
        row.says.insert(0, f"Was {row.stored.user}, {book.span(row.stored.starts_at, row.stored.ends_at)}.")
