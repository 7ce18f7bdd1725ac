from django.apps import AppConfig


class PoliciesConfig(AppConfig):
    name = "policies"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Not before: it imports the models.
        from policies import shell  # noqa: PLC0415

        shell.register()
