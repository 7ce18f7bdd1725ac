from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Exists, OuterRef, Q

from accounts.choices import Ability
from accounts.models import User
from escalations.choices import OPEN_STATES, WAITING_STATES

if TYPE_CHECKING:
    pass


class TicketQuerySet(models.QuerySet["Ticket"]):
    def open(self) -> "TicketQuerySet":
        return self.filter(state__in=OPEN_STATES)

    def waiting(self) -> "TicketQuerySet":
        return self.filter(state__in=WAITING_STATES)

    def visible_to(self, user: User) -> "TicketQuerySet":
        """The one rule of sight: unrestricted tickets for support staff, restricted ones for those named."""
        if not user.can(Ability.READ):
            return self.none()
        readers = self.model._meta.get_field("readers").related_model
        named = Exists(readers.objects.filter(ticket=OuterRef("pk"), user=user))
        return self.filter(Q(is_restricted=False) | named)
