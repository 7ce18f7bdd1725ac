"""Shifts of the duty rota: put on, changed, taken off, and covered by somebody else. The team is locked first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.db import transaction

from accounts.access import may_plan
from accounts.choices import Ability, DutyRole, SwapState
from accounts.errors import NotAllowed, Overtaken, Refused
from accounts.models import DutyShift, DutySwap, Team, User
from accounts.services.duty_notices import tell_person
from journal import clock
from journal.services import event_append

LONGEST = timedelta(days=62)


@dataclass(frozen=True, slots=True)
class Planning:
    """A locked team, the person as the database knows them now, and the instant after the lock."""

    team: Team
    by: User
    now: datetime


@dataclass(frozen=True, slots=True)
class ShiftFacts:
    """What a form shows and changes of a shift."""

    user_id: int
    role: str
    starts_at: datetime
    ends_at: datetime
    note: str = ""

    @classmethod
    def of(cls, shift: DutyShift) -> "ShiftFacts":
        return cls(shift.user_id, shift.role, shift.starts_at, shift.ends_at, shift.note)

    @property
    def mark(self) -> str:
        """The same for the same facts: what a form carries, so that a change of something else is noticed."""
        said = (self.user_id, str(self.role), self.starts_at.timestamp(), self.ends_at.timestamp(), self.note)
        return sha256(repr(said).encode()).hexdigest()[:16]


def hold_rota(team_id: int, by: User) -> Planning:
    """Lock the team's rota for this transaction and read the person's rights anew: the page may be hours old."""
    Team.objects.select_for_update(no_key=True).only("pk").get(pk=team_id)
    team = Team.objects.select_related("calendar", "lead").get(pk=team_id)
    return Planning(team, User.objects.select_related("role", "team").get(pk=by.pk), clock.now())


def plan_rota(team_id: int, by: User) -> Planning:
    """The same, for those who plan it. Raises NotAllowed."""
    held = hold_rota(team_id, by)
    if not may_plan(held.by, held.team):
        raise NotAllowed(f"The lead of {held.team}, managers and administrators plan its duty.")
    return held


def held_shift(held: Planning, shift: DutyShift) -> DutyShift:
    """The shift as it is now. Raises Overtaken when it is gone."""
    found = DutyShift.objects.select_related("user", "team").filter(pk=shift.pk, team=held.team).first()
    if found is None:
        raise Overtaken("This shift has been taken off the rota meanwhile. Nothing was changed.")
    return found


def tell_rota(held: Planning, kind: str, **data: Any) -> None:
    """Record what was done to the team's rota. Instants as text."""
    plain = {key: value.isoformat() if isinstance(value, datetime) else value for key, value in data.items()}
    event_append(subject=("team", held.team.pk), kind=kind, at=held.now, actor=held.by, data=plain)


def shift_words(shift: DutyShift) -> dict[str, Any]:
    return {
        "shift": shift.pk,
        "person": str(shift.user),
        "role": shift.role,
        "from": shift.starts_at,
        "until": shift.ends_at,
    }


@transaction.atomic
def shift_create(
    *,
    team: Team,
    by: User,
    user: User,
    starts_at: datetime,
    ends_at: datetime,
    role: str = DutyRole.PRIMARY,
    note: str = "",
) -> DutyShift:
    """Put somebody on duty for a team. Raises NotAllowed, Refused."""
    held = plan_rota(team.pk, by)
    person = check_person(user)
    check_times(starts_at, ends_at, held.now)
    check_free(held.team, person, starts_at, ends_at)
    shift = DutyShift.objects.create(
        team=held.team, user=person, role=role, starts_at=starts_at, ends_at=ends_at, note=note.strip(),
        created_by=held.by,
    )  # fmt: skip
    tell_rota(held, "shift.created", **shift_words(shift))
    tell_person(held.team, shift.user, held.by, [shift], about=f"shift:{shift.pk}:created", what="puts you on duty")
    return shift


@transaction.atomic
def shift_change(*, shift: DutyShift, by: User, seen: str, facts: ShiftFacts) -> DutyShift:
    """Change a shift that was shown with the mark `seen`. Of one that has begun, only its end, role and note.

    Raises NotAllowed, Refused, Overtaken when somebody else changed it meanwhile.
    """
    held = plan_rota(shift.team_id, by)
    stored = held_shift(held, shift)
    if ShiftFacts.of(stored).mark != seen:
        raise Overtaken(f"This shift has been changed meanwhile: {stored.user} has it now, {_span(stored)}.")
    if stored.ends_at <= held.now:
        raise Refused("This shift is over. What happened stays as it was.")
    person = check_person(User.objects.get(pk=facts.user_id)) if facts.user_id != stored.user_id else stored.user
    begun = stored.starts_at <= held.now
    if begun and (facts.user_id, facts.starts_at) != (stored.user_id, stored.starts_at):
        text = "This shift has begun: its person and start stay. To hand over the rest, let somebody cover it."
        raise Refused(text, {"user": "Stays as it is."})
    check_times(facts.starts_at, facts.ends_at, held.now)
    check_free(held.team, person, facts.starts_at, facts.ends_at, besides=[stored.pk])
    before, was = shift_words(stored), stored.user
    stored.user, stored.role, stored.note = person, facts.role, facts.note.strip()
    stored.starts_at, stored.ends_at = facts.starts_at, facts.ends_at
    stored.save(update_fields=["user", "role", "note", "starts_at", "ends_at"])
    withdraw_swaps([stored.pk], held)
    tell_rota(held, "shift.changed", **shift_words(stored), was_person=before["person"], was_from=before["from"],
              was_until=before["until"], was_role=before["role"])  # fmt: skip
    about = f"shift:{stored.pk}:changed:{held.now.timestamp():.0f}"
    if was.pk != person.pk:
        tell_person(held.team, was, held.by, [], about=about, what="takes you off a shift")
    tell_person(held.team, person, held.by, [stored], about=about, what="changes your duty")
    return stored


@transaction.atomic
def shift_delete(*, shift: DutyShift, by: User) -> DutyShift:
    """Take a shift off the rota; one that has begun ends now. Raises NotAllowed, Refused, Overtaken."""
    held = plan_rota(shift.team_id, by)
    stored = held_shift(held, shift)
    if stored.ends_at <= held.now:
        raise Refused("This shift is over. What happened stays as it was.")
    words = shift_words(stored)
    withdraw_swaps([stored.pk], held)
    if stored.starts_at < held.now:
        stored.ends_at = held.now.replace(microsecond=0)
        stored.save(update_fields=["ends_at"])
        tell_rota(held, "shift.ended", **words)
    else:
        stored.delete()
        tell_rota(held, "shift.deleted", **words)
    about = f"shift:{words['shift']}:deleted:{held.now.timestamp():.0f}"
    tell_person(held.team, stored.user, held.by, [], about=about, what="takes you off a shift")
    return stored


@transaction.atomic
def shift_cover(*, shift: DutyShift, by: User, user: User, starts_at: datetime, ends_at: datetime) -> DutyShift:
    """`user` takes over [starts_at, ends_at) of a shift, which is split around it; the part keeps who had it before.

    A colleague of the team takes over by themselves; those who plan put anybody on. Whoever is backup meanwhile
    leaves that part of the backup. Raises NotAllowed, Refused, Overtaken. Returns the covered part.
    """
    held = hold_rota(shift.team_id, by)
    stored = held_shift(held, shift)
    if not may_plan(held.by, held.team) and not (held.by.pk == user.pk and held.by.team_id == held.team.pk):
        raise NotAllowed(f"People of {held.team} take shifts over for themselves; its lead and managers for others.")
    person = check_person(user)
    if person.pk == stored.user_id:
        raise Refused(f"{person} has this shift already.", {"user": "Choose somebody else."})
    if not stored.starts_at <= starts_at < ends_at <= stored.ends_at:
        text = "Only a part of this shift can be covered."
        raise Refused(text, {"starts_at": f"It runs {_span(stored)}."})
    check_times(starts_at, ends_at, held.now)
    if starts_at < held.now and stored.starts_at < starts_at + timedelta(minutes=1) and ends_at == stored.ends_at:
        starts_at = held.now.replace(second=0, microsecond=0)  # what was served stays served
    leave_backup(held.team, person, starts_at, ends_at)
    check_free(held.team, person, starts_at, ends_at)
    part = _split(stored, person, starts_at, ends_at, held)
    withdraw_swaps([stored.pk], held)
    tell_rota(held, "shift.covered", **shift_words(part), was_person=str(part.planned_for))
    if part.planned_for is not None:
        about = f"shift:{part.pk}:covered:{held.now.timestamp():.0f}"
        tell_person(held.team, part.planned_for, held.by, [part], about=about, what=f"has {person} cover your duty")
        tell_person(held.team, person, held.by, [part], about=about, what="puts you on duty as cover")
    return part


def _split(shift: DutyShift, person: User, starts_at: datetime, ends_at: datetime, held: Planning) -> DutyShift:
    """Give the part to the person; the row of the shift keeps the first piece that is left, or becomes the part."""
    had, begins, ends = shift.user, shift.starts_at, shift.ends_at
    if (begins, ends) == (starts_at, ends_at):
        shift.user, shift.planned_for = person, shift.planned_for or had
        shift.save(update_fields=["user", "planned_for"])
        return shift
    if begins < starts_at:
        shift.ends_at = starts_at
    else:
        shift.starts_at = ends_at
    shift.save(update_fields=["starts_at", "ends_at"])
    shared = {"team": shift.team, "role": shift.role, "note": shift.note, "created_by": held.by}
    if begins < starts_at and ends_at < ends:
        DutyShift.objects.create(
            user=had, starts_at=ends_at, ends_at=ends, planned_for=shift.planned_for, **shared
        )  # fmt: skip
    return DutyShift.objects.create(
        user=person, starts_at=starts_at, ends_at=ends_at, planned_for=shift.planned_for or had, **shared
    )  # fmt: skip


def leave_backup(
    team: Team, person: User, starts_at: datetime, ends_at: datetime, *, besides: Iterable[int] = ()
) -> None:
    """Cut the person's backup shifts out of the time, so that they can lead in it."""
    backups = DutyShift.objects.filter(
        team=team, user=person, role=DutyRole.BACKUP, starts_at__lt=ends_at, ends_at__gt=starts_at
    )
    for shift in backups.exclude(pk__in=list(besides)):
        begins, ends = shift.starts_at, shift.ends_at
        if begins < starts_at:
            shift.ends_at = starts_at
            shift.save(update_fields=["ends_at"])
        elif ends > ends_at:
            shift.starts_at = ends_at
            shift.save(update_fields=["starts_at"])
        else:
            shift.delete()
        if begins < starts_at and ends_at < ends:
            DutyShift.objects.create(
                team=team, user=person, role=shift.role, starts_at=ends_at, ends_at=ends, note=shift.note,
                created_by=shift.created_by,
            )  # fmt: skip


def check_person(user: User) -> User:
    """The person as the database knows them. Raises Refused for who left, or works no tickets."""
    person = User.objects.select_related("role", "team").get(pk=user.pk)
    if not person.can(Ability.WORK):
        text = f"{person} has left or works no tickets."
        raise Refused(text, {"user": "Choose somebody who works tickets."})
    return person


def check_times(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    """Raises Refused for a shift that ends before it starts, is over, or lasts too long."""
    if ends_at <= starts_at:
        raise Refused("A shift ends after it starts.", {"ends_at": "Choose a time after the start."})
    if ends_at <= now:
        raise Refused("That is over already.", {"ends_at": "Choose a time that is still to come."})
    if ends_at - starts_at > LONGEST:
        raise Refused("A shift lasts 62 days at most.", {"ends_at": "Choose an earlier day."})


def check_free(
    team: Team, person: User, starts_at: datetime, ends_at: datetime, *, besides: Iterable[int] = ()
) -> None:
    """Raises Refused when the person is on this rota then already. The database refuses it too."""
    mine = DutyShift.objects.filter(team=team, user=person, starts_at__lt=ends_at, ends_at__gt=starts_at)
    other = mine.exclude(pk__in=list(besides)).first()
    if other is not None:
        text = f"{person} is on this rota then already, {_span(other)}."
        raise Refused(text, {"user": "Choose somebody else, or other times."})


def withdraw_swaps(shift_ids: Iterable[int], held: Planning) -> None:
    """Close what was asked about shifts that are no longer what they were."""
    ids = list(shift_ids)
    asked = DutySwap.objects.filter(state=SwapState.ASKED)
    for about in (asked.filter(shift__in=ids), asked.filter(in_return__in=ids)):
        about.update(state=SwapState.WITHDRAWN, answered_at=held.now)


def _span(shift: DutyShift) -> str:
    return f"{shift.starts_at:%Y-%m-%d %H:%M} to {shift.ends_at:%Y-%m-%d %H:%M} UTC"
