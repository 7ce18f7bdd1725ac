from allauth.account.auth_backends import AuthenticationBackend

from accounts.models import User


class BelayBackend(AuthenticationBackend):
    """allauth's, loading with the person what every page asks of them: role, team and tier in the one query."""

    def get_user(self, user_id: int) -> User | None:
        try:
            user = User.objects.select_related("role", "team__tier", "team__calendar", "region").get(pk=user_id)
        except User.DoesNotExist:
            return None
        return user if self.user_can_authenticate(user) else None
