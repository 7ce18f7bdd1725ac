from django.apps import AppConfig
from django.http import HttpRequest

from web.navigation import register


def _may_read(request: HttpRequest) -> bool:
    return bool(request.user.can("read"))


class PoliciesConfig(AppConfig):
    name = "policies"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        register(
            group="Also", label="Policy", icon="book-2", url_name="policies:policy_detail", order=80, visible=_may_read
        )
