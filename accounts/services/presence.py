"""Who has which page open. Each open page says so every 20 seconds; what is not said again is forgotten."""

from datetime import datetime, timedelta

from accounts.models import Presence, User

# Two calls may be lost before somebody counts as gone.
STAYS = timedelta(seconds=45)
KEPT = timedelta(minutes=10)


def presence_seen(*, user: User, subject: str, at: datetime, is_writing: bool = False) -> None:
    """The person has the page open. One statement."""
    Presence.objects.bulk_create(
        [Presence(user=user, subject=subject, seen_at=at, is_writing=is_writing)],
        update_conflicts=True,
        unique_fields=["subject", "user"],
        update_fields=["seen_at", "is_writing"],
    )


def presence_left(*, user: User, subject: str) -> None:
    """The page was closed. Another window that is still open says so by itself soon."""
    Presence.objects.filter(user=user, subject=subject).delete()


def presence_forget(*, now: datetime) -> None:
    """Drop what nobody asks for any more. The sweep does it."""
    Presence.objects.filter(seen_at__lt=now - KEPT).delete()
