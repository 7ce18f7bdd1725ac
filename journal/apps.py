from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class JournalConfig(AppConfig):
    name = "journal"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # What each app knows about its own record: nothing-lost queries, and which mails are still wanted.
        autodiscover_modules("audit", "wanted")
