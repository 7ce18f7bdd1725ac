from django.apps import AppConfig


class EscalationsConfig(AppConfig):
    name = "escalations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Not before: it imports the models.
        from escalations import shell  # noqa: PLC0415

        shell.register()
