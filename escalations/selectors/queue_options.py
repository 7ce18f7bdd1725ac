"""What the queue can be filtered by, and what each choice is called."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from django.db import connection
from django.db.models import BooleanField, CharField, Value
from django.db.models.functions import Cast

from accounts.choices import Ability
from accounts.models import Region, Team, Tier, User
from accounts.querysets import able
from escalations.choices import Priority, Sentiment, TicketState
from policies.choices import PickListName
from policies.models import PickItem

PICKED = ("segment", "category", "issue_type", "product_area", "channel")
ANY, NONE, MINE, ME = "any", "none", "mine", "me"
# More people than anybody looks through: the rest are found by their tickets.
MOST_PEOPLE = 500


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a filter: `code` stands in the address, `value` in the database (None: nothing there)."""

    code: str
    label: str
    value: Any
    offered: bool = True


Choices = Mapping[str, Option]


class Options(Mapping[str, Choices]):
    """Filter → code → choice, as one person sees them ("me", "mine").

    What an organisation defines itself is read once, in one statement, and only when somebody asks for it.
    """

    def __init__(self, user: User) -> None:
        self.user = user
        self._certain = {name: _by_code(options) for name, options in {**_fixed(), **_personal(user)}.items()}

    def find(self, name: str, code: str) -> Option | None:
        """One choice. Those that follow from the person or the code alone need no statement."""
        return self._certain.get(name, {}).get(code) or self._all[name].get(code)

    @cached_property
    def _all(self) -> Mapping[str, Choices]:
        found: dict[str, list[Option]] = {name: [] for name in ("tier", "team", "owner", "region", *PICKED)}
        for kind, code, label, value, _, offered in sorted(_rows(), key=lambda row: (row[4], row[2])):
            found[kind].append(Option(code, label, code if kind in PICKED else int(value), offered))
        for name, options in _personal(self.user).items():
            # Who one is stands first; that nothing is entered, last.
            found[name] = [*options, *found[name]] if name in ("team", "owner") else [*found[name], *options]
        return {name: _by_code(options) for name, options in {**found, **_fixed()}.items()}

    def __getitem__(self, name: str) -> Choices:
        return self._all[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)


def queue_options(user: User) -> Options:
    return Options(user)


def _by_code(options: Iterable[Option]) -> Choices:
    return {option.code: option for option in options}


def _personal(user: User) -> dict[str, list[Option]]:
    """Choices among an organisation's own that need no row to be known."""
    own_team = [Option(MINE, "My team", user.team_id)] if user.team_id is not None else []
    return {
        "team": own_team,
        "owner": [Option(ME, "Me", user.pk), Option(NONE, "No owner", None)],
        "region": [Option(NONE, "Not set", None)],
        **{name: [Option(NONE, "Not set", "")] for name in PICKED},
    }


@cache
def _fixed() -> dict[str, list[Option]]:
    yes_no = [Option("yes", "Yes", True), Option("no", "No", False)]
    states = [Option(state.value, str(state.label), state.value) for state in TicketState]
    return {
        "state": [*states, Option(ANY, "Open and closed", ANY)],
        "priority": [Option(str(level.value), str(level.label), level.value) for level in Priority],
        "sentiment": [*(Option(s.value, str(s.label), s.value) for s in Sentiment), Option(NONE, "Not set", "")],
        "is_vip": yes_no,
        "is_restricted": yes_no,
        "breached": yes_no,
        "handoff": [
            Option("unseen", "Waits for my acknowledgement", "unseen"), Option("mine", "Waits for my answer", "mine"),
            Option(ANY, "Waits for anybody’s answer", ANY),
        ],
        "linked": [
            Option("parent", "Parents", "parent"), Option("child", "Children", "child"),
            Option(NONE, "No child of another", "none"),
        ],
        "due": [
            Option("30m", "Within 30 minutes", 30), Option("1h", "Within 1 hour", 60),
            Option("4h", "Within 4 hours", 240), Option("today", "Today", None), Option("24h", "Within 24 hours", 1440),
        ],
    }  # fmt: skip


def _rows() -> Sequence[tuple[str, str, str, str, int, bool]]:
    """(filter, code, label, row's id as text, place, offered) of everything an organisation defines itself."""
    with connection.cursor() as cursor:
        cursor.execute(*_statement())
        rows: Sequence[tuple[str, str, str, str, int, bool]] = cursor.fetchall()
    return rows


@cache
def _statement() -> tuple[str, Sequence[Any]]:
    """The same for everybody and always, so it is compiled once: compiling takes longer than running."""

    def of(rows: Any, kind: Any, code: str, label: str, place: Any, offered: Any) -> Any:
        return rows.order_by().values_list(kind, code, label, Cast("pk", CharField()), place, offered)

    yes = Value(True, output_field=BooleanField())
    people = User.objects.filter(able(Ability.WORK))[:MOST_PEOPLE]
    query = of(Tier.objects.all(), Value("tier"), "code", "code", "rank", yes).union(
        of(Team.objects.all(), Value("team"), "code", "name", "tier__rank", "is_active"),
        of(Region.objects.all(), Value("region"), "code", "name", Value(0), yes),
        User.objects.filter(pk__in=people.values("pk")).order_by().values_list(
            Value("owner"), "username", "full_name", Cast("pk", CharField()), Value(0), yes
        ),
        of(PickItem.objects.filter(list__in=PICKED_LISTS), "list", "code", "label", "position", "is_active"),
        all=True,
    )  # fmt: skip
    sql, params = query.query.sql_with_params()
    return sql, params


PICKED_LISTS = tuple(PickListName(name) for name in PICKED)
