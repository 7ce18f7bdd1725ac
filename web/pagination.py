"""Keyset pagination: the next page begins after the last row seen, so page 10,000 costs what page 1 does.

The ordering is a tuple of names, "-" for descending, ending in a unique column; none of them may be NULL.
A cursor is signed and bound to its ordering; a wrong one leads to the first page, with a note.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core import signing
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import BooleanField, Expression, F, Field, Model, Q, QuerySet, Value
from django.db.models.sql.compiler import SQLCompiler

M = TypeVar("M", bound=Model)
SALT = "web.pagination"
BAD_CURSOR = "That page link no longer fits. These are the first rows."


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """Rows in order; `next` and `previous` are cursors, or "" at the ends."""

    rows: list[M]
    size: int
    next: str = ""
    previous: str = ""
    notice: str = ""

    def __len__(self) -> int:
        return len(self.rows)


class RowCompare(Expression):
    """`(a, b) > (x, y)` as PostgreSQL compares rows, which a composite index serves directly."""

    output_field = BooleanField()
    conditional = True

    def __init__(self, names: Sequence[str], operator: str, values: Sequence[Value]) -> None:
        super().__init__()
        self.left: list[Any] = [F(name) for name in names]
        self.operator = operator
        self.right: list[Any] = list(values)

    def get_source_expressions(self) -> list[Any]:
        return [*self.left, *self.right]

    def set_source_expressions(self, exprs: Sequence[Any]) -> None:
        half = len(exprs) // 2
        self.left, self.right = list(exprs[:half]), list(exprs[half:])

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, list[Any]]:
        left = [compiler.compile(part) for part in self.left]
        right = [compiler.compile(part) for part in self.right]
        sql = f"({', '.join(s for s, _ in left)}) {self.operator} ({', '.join(s for s, _ in right)})"
        return sql, [param for _, params in [*left, *right] for param in params]


def paginate(queryset: QuerySet[M], *, ordering: Sequence[str], cursor: str = "", size: int = 50) -> Page[M]:
    """One page of `queryset`. One statement, whose cost does not depend on the depth."""
    backwards, after, notice = False, None, ""
    if cursor:
        try:
            backwards, after = _read(queryset, ordering, cursor)
        except ValueError:
            notice = BAD_CURSOR
    directed = [_flipped(name) for name in ordering] if backwards else list(ordering)
    rows = queryset.order_by(*directed)
    if after is not None:
        rows = rows.filter(_beyond(queryset, directed, after))
    found = list(rows[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    has_next = bool(found) and (backwards or more)
    has_previous = bool(found) and (more if backwards else after is not None)
    return Page(
        found,
        size,
        next=_write(ordering, found[-1], backwards=False) if has_next else "",
        previous=_write(ordering, found[0], backwards=True) if has_previous else "",
        notice=notice,
    )


def _beyond(queryset: QuerySet[Any], ordering: Sequence[str], after: Sequence[Any]) -> Any:
    names = [name.lstrip("-") for name in ordering]
    values = [Value(value, output_field=_field(queryset, name)) for name, value in zip(names, after, strict=True)]
    descending = {name.startswith("-") for name in ordering}
    if len(descending) == 1:
        return RowCompare(names, "<" if descending.pop() else ">", values)
    condition, equal = Q(), Q()
    for place, (name, value) in enumerate(zip(names, values, strict=True)):
        lookup = "lt" if ordering[place].startswith("-") else "gt"
        condition |= equal & Q(**{f"{name}__{lookup}": value})
        equal &= Q(**{name: value})
    return condition


def _flipped(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _field(queryset: QuerySet[Any], name: str) -> "Field[Any, Any]":
    """The field behind an ordering name: an annotation's, or the model's (through relations)."""
    if name in queryset.query.annotations:
        annotated: Field[Any, Any] = queryset.query.annotations[name].output_field
        return annotated
    model, field = queryset.model, None
    for step in name.split("__"):
        field = model._meta.pk if step == "pk" else model._meta.get_field(step)
        model = getattr(field, "related_model", None) or model
    if not isinstance(field, Field):
        raise FieldDoesNotExist(name)
    return field


def _write(ordering: Sequence[str], row: Model, *, backwards: bool) -> str:
    values = [_plain(_value(row, name.lstrip("-"))) for name in ordering]
    return signing.Signer(salt=SALT).sign_object(["b" if backwards else "f", ",".join(ordering), *values])


def _value(row: Any, name: str) -> Any:
    for step in name.split("__"):
        row = getattr(row, step)
    return row


def _plain(value: Any) -> Any:
    if value is None:
        raise ValueError("An ordering column is NULL; keyset pagination needs NOT NULL columns.")
    return value if isinstance(value, int | str) else str(value)


def _read(queryset: QuerySet[Any], ordering: Sequence[str], cursor: str) -> tuple[bool, list[Any]]:
    """Direction and values of a cursor; ValueError for one that is forged, old or of another ordering."""
    if len(cursor) > 1000:
        raise ValueError("too long")
    try:
        direction, made_for, *values = signing.Signer(salt=SALT).unsign_object(cursor)
        if made_for != ",".join(ordering) or len(values) != len(ordering):
            raise ValueError("made for another ordering")
        fields = [_field(queryset, name.lstrip("-")) for name in ordering]
        return direction == "b", [field.to_python(value) for field, value in zip(fields, values, strict=True)]
    except (signing.BadSignature, ValidationError, TypeError, UnicodeError) as error:
        raise ValueError("not a cursor of ours") from error
