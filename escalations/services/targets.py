"""To whom a ticket can be given, and who is let in by it."""

from datetime import datetime

from accounts.choices import Ability
from accounts.models import Team, User
from accounts.selectors import absences_now
from escalations.errors import Refused
from escalations.models import Ticket, TicketReader


def check_place(ticket: Ticket, to_team: Team, to_user: User | None) -> None:
    """Whether it can be addressed there: a team in use, a person who works in it.

    Raises Refused, naming the field `to_team` or `to_user`.
    """
    if not to_team.is_active:
        raise Refused(f"{to_team} is no longer in use.", {"to_team": "Choose a team that is in use."})
    if to_user is None:
        if ticket.is_restricted:
            raise Refused(
                "A restricted ticket is given to a person, not to a team.", {"to_user": "Name who may see it."}
            )
        return
    if not to_user.is_active:
        raise Refused(f"{to_user} has left.", {"to_user": f"Choose somebody else, or anyone of {to_team}."})
    if to_user.team_id != to_team.pk or not to_user.can(Ability.WORK):
        raise Refused(f"{to_user} does not work in {to_team}.", {"to_user": "Choose somebody of the team, or nobody."})


def check_target(ticket: Ticket, to_team: Team, to_user: User | None, *, at: datetime) -> None:
    """The same for what somebody holds from now on: they have to be there. Raises Refused."""
    check_place(ticket, to_team, to_user)
    away = absences_now(at).get(to_user.pk) if to_user is not None else None
    if away is not None:
        cover = f" {away.cover} answers meanwhile." if away.cover else ""
        raise Refused(f"{to_user} is away.{cover}", {"to_user": "Choose somebody who is there."})


def let_in(ticket: Ticket, user: User | None, *, by: User | None) -> None:
    """Who gets a restricted ticket is named on it, by whoever gave it."""
    if ticket.is_restricted and user is not None:
        TicketReader.objects.get_or_create(ticket=ticket, user=user, defaults={"named_by": by})
