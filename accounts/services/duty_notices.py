"""What people are told of their duty by mail: one outbox row per act and person, written with the act itself."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse

from accounts.models import DutyShift, DutySwap, Team, User
from journal.services import outbox_put

MOST_LINES = 20


def tell_person(team: Team, person: User, by: User, shifts: Sequence[DutyShift], *, about: str, what: str) -> None:
    """Tell somebody what `by` did with their duty; not of their own doing. Times in their own zone."""
    if person.pk == by.pk or not person.is_active:
        return
    subject = f"{by} {what}: {team}"
    lines = [_line(shift, person) for shift in shifts[:MOST_LINES]]
    if len(shifts) > MOST_LINES:
        lines.append(f"and {len(shifts) - MOST_LINES} more")
    link = settings.PUBLIC_URL + reverse("accounts:rota_detail", args=[team.code])
    outbox_put(
        key=f"{about}:{person.pk}:email",
        recipient=person.email,
        subject=subject,
        body="\n".join([f"{subject}.", "", *lines, "", link, ""]),
        wanted_while={"rota": team.pk},
    )


def tell_swap(swap: DutySwap, to: User, by: User, *, about: str, what: str) -> None:
    """Tell the other side of a swap. `about`: asked, accepted, declined or withdrawn."""
    if not to.is_active or to.pk == by.pk:
        return
    subject = f"{by} {what}: {swap.shift.team}"
    lines = [_line(swap.shift, to)]
    if swap.in_return is not None:
        lines.append(f"in return: {_line(swap.in_return, to)}")
    if swap.note:
        lines += ["", swap.note]
    link = settings.PUBLIC_URL + reverse("accounts:rota_detail", args=[swap.shift.team.code])
    outbox_put(
        key=f"swap:{swap.pk}:{about}:{to.pk}:email",
        recipient=to.email,
        subject=subject,
        body="\n".join([f"{subject}.", "", *lines, "", link, ""]),
        wanted_while={"swap": swap.pk, "about": about},
    )


def _line(shift: DutyShift, reader: User) -> str:
    zone = ZoneInfo(reader.time_zone)
    starts, ends = shift.starts_at.astimezone(zone), shift.ends_at.astimezone(zone)
    return f"{starts:%a %d %b %Y %H:%M} to {ends:%a %d %b %H:%M %Z}, {shift.get_role_display().lower()}"
