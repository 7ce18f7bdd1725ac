"""What a request asks the database, also where Django's own log would be reset between."""

from collections.abc import Callable
from typing import Any

from django.db import connection


def statements(act: Callable[[], Any]) -> list[str]:
    """The statements that `act` runs, in their order."""
    seen: list[str] = []

    def note(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        seen.append(str(sql))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        act()
    return seen
