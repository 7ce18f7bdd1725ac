"""Writing a repeating pattern into a rota, after showing what it comes to."""

from datetime import datetime, tzinfo

from django.db import transaction

from accounts.domain.duty import Shift
from accounts.domain.rotation import InvalidPattern, Pattern, expand
from accounts.errors import Refused
from accounts.models import DutyShift, Team, User
from accounts.services.rota import plan_rota, tell_rota
from accounts.services.rota_plan import Book, Plan, PlanRow, Verdict, person_problem, write_plan


def rota_preview(*, team: Team, pattern: Pattern, replace: bool, now: datetime, zone: tzinfo) -> Plan:
    """What the pattern would write, nothing written. `replace`: coming shifts of the same role make way.

    Raises Refused naming the field. `zone` is for the words of a row.
    """
    try:
        shifts = expand(pattern)
    except InvalidPattern as error:
        raise Refused(str(error), {error.field: str(error)}) from error
    if not shifts:
        raise Refused("That comes to no shift at all.", {"until": "Choose a later day."})
    people = {person.pk: person for person in User.objects.filter(pk__in=pattern.people).select_related("role")}
    book = Book(team, people.keys(), shifts[0].starts_at, shifts[-1].ends_at, zone)
    removed = _making_way(book, shifts, pattern.role, now) if replace else []
    for stored in removed:
        book.drop(stored)
    rows = [PlanRow(0, Verdict.REMOVED, one.starts_at, one.ends_at, one.user, role=one.role, stored=one,
                    says=["Makes way for the pattern."]) for one in removed]  # fmt: skip
    for shift in shifts:
        row = _judge(shift, people, book, {one.pk for one in removed}, now)
        if row.verdict == Verdict.NEW:
            book.take(shift.user, shift.starts_at, shift.ends_at)
        rows.append(row)
    rows.sort(key=lambda row: (row.starts_at, row.verdict != Verdict.REMOVED))
    for number, row in enumerate(rows, 1):
        row.number = number
    return Plan(rows)


@transaction.atomic
def rota_write(*, team: Team, by: User, pattern: Pattern, replace: bool, zone: tzinfo) -> Plan:
    """Write what the pattern comes to now, under the rota's lock. Raises NotAllowed, Refused."""
    held = plan_rota(team.pk, by)
    plan = rota_preview(team=held.team, pattern=pattern, replace=replace, now=held.now, zone=zone)
    if not plan.writes:
        raise Refused("There is nothing to write: every row stands already or is left out.")
    write_plan(held, plan, about=f"rota:{held.team.pk}", what="plans your duty")
    tell_rota(
        held, "rota.written", shifts=plan.count(Verdict.NEW), removed=plan.count(Verdict.REMOVED),
        first=pattern.first.isoformat(), until=pattern.until.isoformat(),
    )  # fmt: skip
    return plan


def _is_same(stored: DutyShift, shift: Shift) -> bool:
    return (stored.user_id, stored.role, stored.starts_at, stored.ends_at) == (
        shift.user, shift.role, shift.starts_at, shift.ends_at,
    )  # fmt: skip


def _making_way(book: Book, shifts: list[Shift], role: str, now: datetime) -> list[DutyShift]:
    """Stored shifts of the role that have not begun and overlap the pattern, except those that it repeats."""
    return [
        stored
        for stored in book.shifts
        if stored.role == role
        and stored.starts_at > now
        and not any(_is_same(stored, shift) for shift in shifts)
        and any(shift.starts_at < stored.ends_at and stored.starts_at < shift.ends_at for shift in shifts)
    ]


def _judge(shift: Shift, people: dict[int, User], book: Book, gone: set[int], now: datetime) -> PlanRow:
    row = PlanRow(0, Verdict.NEW, shift.starts_at, shift.ends_at, people.get(shift.user), role=shift.role)
    if any(_is_same(stored, shift) for stored in book.shifts):
        row.verdict, row.says = Verdict.SAME, ["Stands already."]
        return row
    if shift.ends_at <= now:
        row.verdict, row.says = Verdict.LEFT_OUT, ["Over already."]
        return row
    problem = "Nobody has this number." if row.user is None else person_problem(row.user)
    if problem:
        row.verdict, row.says = Verdict.WRONG, [problem]
        return row
    clash = book.clash(shift.user, shift.starts_at, shift.ends_at)
    if clash is not None:
        row.verdict, row.says = Verdict.LEFT_OUT, [f"{row.user} is on this rota already, {book.span(*clash)}."]
        return row
    other = next(
        (
            stored
            for stored in book.shifts
            if stored.pk not in gone
            and stored.role == shift.role
            and stored.starts_at < shift.ends_at
            and shift.starts_at < stored.ends_at
        ),
        None,
    )
    if other is not None:
        words = f"{other.user} is {other.get_role_display().lower()} then, {book.span(other.starts_at, other.ends_at)}."
        row.verdict, row.says = Verdict.LEFT_OUT, [words]
        return row
    row.says = book.remarks(shift.user, shift.starts_at, shift.ends_at)
    return row
