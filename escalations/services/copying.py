"""Many rows at once, by COPY. For rows made by the program: what forms check, whoever calls has checked."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from django.db.models import Field, Model
from psycopg import sql


def next_ids(model: type[Model], count: int) -> list[int]:
    """`count` fresh primary keys, so that rows can refer to each other before they are written."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [model._meta.db_table, count],
        )
        return [row[0] for row in cursor.fetchall()]


def copy_create(model: type[Model], rows: Iterable[Model], *, omit: Sequence[str] = ()) -> None:
    """Write the rows as they are; columns named in `omit`, and generated ones, get what the database gives them.

    Raises what the database raises for a row that breaks a rule; then none of them is written.
    """
    fields: list[Field[Any, Any]] = [
        field for field in model._meta.concrete_fields if not field.generated and field.name not in omit
    ]
    columns = sql.SQL(", ").join([sql.Identifier(str(field.column)) for field in fields])
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(model._meta.db_table), columns)
    prepare = [(field.attname, field.get_db_prep_save) for field in fields]
    # Django translates what psycopg raises for statements of its own only.
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row([save(getattr(row, name), connection) for name, save in prepare])
