"""Events of a ticket, and the fact changes they carry."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Model

from escalations.services.locking import Held
from journal.services import event_append


def plain(value: Any) -> Any:
    """A fact's value as JSON keeps it: rows by their name, amounts and instants as text."""
    if isinstance(value, Model):
        return str(value)
    if isinstance(value, Decimal | datetime | date):
        return str(value) if isinstance(value, Decimal) else value.isoformat()
    return value


def tell(held: Held, kind: str, **data: Any) -> None:
    """Record what the held person did to the held ticket just now."""
    event_append(
        subject=("ticket", held.ticket.pk),
        kind=kind,
        at=held.now,
        actor=held.actor,
        data={key: plain(value) for key, value in data.items()},
    )


def tell_changes(held: Held, kind: str, changes: Mapping[str, tuple[Any, Any]], **data: Any) -> None:
    """Record changed facts as {field: [old, new]}; nothing when none changed."""
    if changes:
        tell(held, kind, changes={key: [plain(old), plain(new)] for key, (old, new) in changes.items()}, **data)
