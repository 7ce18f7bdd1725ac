"""Who may open tickets by hand."""

from accounts.choices import Ability
from accounts.models import User
from escalations.errors import NotAllowed


def check_takes_in(user: User) -> None:
    """Raises NotAllowed for those who neither work tickets nor manage."""
    if not user.can(Ability.WORK) and not user.can(Ability.MANAGE):
        raise NotAllowed("Tickets are opened by the people who work them.")
