from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Not before: it imports the models.
        from accounts import shell  # noqa: PLC0415

        shell.register()
