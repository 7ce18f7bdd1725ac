"""Named filters of people."""

from django.db.models import Q

from accounts.choices import Ability


def able(ability: Ability) -> Q:
    """People who can do it, as `User.can` says of one: their role grants it, and they have not left."""
    return Q(is_active=True, role__abilities__contains=[ability])
