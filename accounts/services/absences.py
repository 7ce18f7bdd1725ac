"""Somebody is away for a while, and who answers meanwhile."""

from datetime import datetime, timedelta

from django.db import transaction

from accounts.access import may_set_absence
from accounts.choices import Ability
from accounts.errors import NotAllowed, Overtaken, Refused
from accounts.models import Absence, User
from journal import clock
from journal.services import event_append

LONGEST = timedelta(days=400)


@transaction.atomic
def absence_create(
    *,
    user: User,
    by: User,
    starts_at: datetime,
    ends_at: datetime,
    covered_by: User | None = None,
    note: str = "",
) -> Absence:
    """Enter that `user` is away, [starts_at, ends_at); `covered_by` answers meanwhile.

    By themselves, the lead of their team, managers and administrators. May have begun already (sick since the
    morning), may not be over. Raises NotAllowed, Refused.
    """
    person, actor, now = _hold(user, by)
    _check_times(starts_at, ends_at, now)
    _check_cover(person, covered_by)
    _check_free(person, starts_at, ends_at)
    absence = Absence.objects.create(
        user=person, covered_by=covered_by, starts_at=starts_at, ends_at=ends_at, note=note.strip(), created_by=actor
    )
    event_append(
        subject=("user", person.pk), kind="absence.created", actor=actor, at=now, data=_facts(absence)
    )  # fmt: skip
    return absence


@transaction.atomic
def absence_change(
    *,
    absence: Absence,
    by: User,
    starts_at: datetime,
    ends_at: datetime,
    covered_by: User | None = None,
    note: str = "",
) -> Absence:
    """Change when somebody is away or who covers. Raises NotAllowed, Refused, Overtaken when it was cancelled."""
    person, actor, now = _hold(absence.user, by)
    held = _held(absence)
    _check_times(starts_at, ends_at, now)
    _check_cover(person, covered_by)
    _check_free(person, starts_at, ends_at, besides=held)
    before = _facts(held)
    held.starts_at, held.ends_at, held.covered_by, held.note = starts_at, ends_at, covered_by, note.strip()
    changes = {key: [before[key], value] for key, value in _facts(held).items() if before[key] != value}
    if changes:
        held.save(update_fields=["starts_at", "ends_at", "covered_by", "note"])
        data = {"absence": held.pk, "changes": changes}
        event_append(subject=("user", person.pk), kind="absence.changed", actor=actor, at=now, data=data)
    return held


@transaction.atomic
def absence_cancel(*, absence: Absence, by: User) -> Absence:
    """Take an absence back: they are there after all. Raises NotAllowed, Overtaken when it was cancelled already."""
    person, actor, now = _hold(absence.user, by)
    held = _held(absence)
    held.cancelled_at = now
    held.save(update_fields=["cancelled_at"])
    event_append(
        subject=("user", person.pk), kind="absence.cancelled", actor=actor, at=now, data={"absence": held.pk}
    )  # fmt: skip
    return held


def _hold(user: User, by: User) -> tuple[User, User, datetime]:
    """Lock the person whose absence it is, read the rights of `by` anew, take the time after that."""
    User.objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)
    people = User.objects.select_related("role", "team")
    person, actor = people.get(pk=user.pk), people.get(pk=by.pk)
    if not may_set_absence(actor, person):
        raise NotAllowed(f"{person}, the lead of their team, managers and administrators can enter this.")
    return person, actor, clock.now()


def _held(absence: Absence) -> Absence:
    held = Absence.objects.select_related("covered_by").get(pk=absence.pk)
    if held.cancelled_at is not None:
        raise Overtaken("This absence has been cancelled meanwhile. Nothing was changed.")
    return held


def _check_times(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    if ends_at <= starts_at:
        raise Refused("An absence ends after it starts.", {"ends_at": "Choose a time after the start."})
    if ends_at <= now:
        raise Refused("This is over already.", {"ends_at": "Choose a time that is still to come."})
    if ends_at - starts_at > LONGEST:
        raise Refused("An absence lasts 400 days at most.", {"ends_at": "Choose an earlier day."})


def _check_cover(person: User, covered_by: User | None) -> None:
    if covered_by is None:
        return
    cover = User.objects.select_related("role").get(pk=covered_by.pk)
    if cover.pk == person.pk:
        raise Refused("Nobody covers for themselves.", {"covered_by": "Choose a colleague."})
    if not cover.can(Ability.WORK):
        text = f"{cover} has left or works no tickets."
        raise Refused(text, {"covered_by": "Choose a colleague who works tickets."})


def _check_free(person: User, starts_at: datetime, ends_at: datetime, *, besides: Absence | None = None) -> None:
    others = Absence.objects.filter(user=person, cancelled_at__isnull=True)
    others = others.filter(starts_at__lt=ends_at, ends_at__gt=starts_at).order_by("starts_at")
    other = (others.exclude(pk=besides.pk) if besides else others).first()
    if other is not None:
        text = f"{person} is away {other.starts_at:%Y-%m-%d} to {other.ends_at:%Y-%m-%d} already."
        raise Refused(text, {"starts_at": "Change that absence, or choose other days."})


def _facts(absence: Absence) -> dict[str, str]:
    return {
        "from": absence.starts_at.isoformat(),
        "until": absence.ends_at.isoformat(),
        "covered_by": str(absence.covered_by or ""),
        "note": absence.note,
    }
