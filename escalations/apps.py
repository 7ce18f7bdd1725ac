from django.apps import AppConfig


class EscalationsConfig(AppConfig):
    name = "escalations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Not before: they import the models. `wanted` registers what the outbox asks before it sends.
        from escalations import palette, shell, wanted  # noqa: F401, PLC0415

        shell.register()
        palette.register()
