from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Not before: they import the models. `wanted` registers what the outbox asks before it sends.
        from accounts import shell, wanted  # noqa: F401, PLC0415

        shell.register()
