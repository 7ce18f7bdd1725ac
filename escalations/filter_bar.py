"""The row of filters above the queue: a chip per filter with its choices behind it, in one form without script."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from escalations.columns import COLUMNS
from escalations.filtersets import TicketFilter
from escalations.selectors.queue import Queue
from escalations.selectors.queue_options import Choices, Option

# Shown even while nothing is chosen; the others wait behind "Filter" until they are used.
ALWAYS = ("state", "priority", "tier", "team")
# Of these one is enough: later ones hold the earlier.
SINGLE = ("due",)
BY_ROW = ("customer", "parent", "issue", "when")
NAMES_SHOWN = 2
COMPACT = "compact"
OF = "of"


@dataclass(frozen=True, slots=True)
class Facet:
    """One filter: `summary` says what is chosen, `choices` are its boxes, `off` is the address without it."""

    name: str
    label: str
    summary: str
    choices: SafeString
    off: str = ""

    @property
    def is_on(self) -> bool:
        return bool(self.off)


@dataclass(frozen=True, slots=True)
class Choice:
    """A link of a menu: an order, a density."""

    label: str
    url: str
    current: bool


class FilterBar:
    """What the bar shows for one queue. `narrowed` names the rows it is narrowed to: filter → name.

    `view` is the id of the saved view that the reader began with: every address of the bar carries it along.
    """

    def __init__(
        self, queue: Queue, path: str, narrowed: Mapping[str, str] | None = None, view: int | None = None
    ) -> None:
        self.queue, self.path, self.narrowed = queue, path, narrowed or {}
        self.chosen = queue.chosen
        asked = [key for key in queue.data.getlist("column") if COLUMNS.get(key)]
        is_compact = queue.data.get("density") == COMPACT
        self.look: dict[str, list[str]] = {
            name: values
            for name, values in (
                ("sort", [queue.sort.key] if queue.sort is not queue.sorts[0] else []),
                ("density", [COMPACT] if is_compact else []),
                ("column", asked),
                (OF, [str(view)] if view else []),
            )
            if values
        }
        self.columns = COLUMNS.choose(asked)
        self.is_compact = is_compact

    def url(self, chosen: Mapping[str, list[str]], look: Mapping[str, list[str]]) -> str:
        query = urlencode({**chosen, **look}, doseq=True)
        return f"{self.path}?{query}" if query else self.path

    @property
    def query(self) -> str:
        """Filters and order, without place: what the export and the news need."""
        return urlencode({**self.chosen, **self.look}, doseq=True)

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """What the filter form carries along."""
        narrowed = {name: self.chosen[name] for name in BY_ROW if name in self.chosen}
        return _pairs({**self.look, **narrowed})

    @property
    def hidden_of_columns(self) -> list[tuple[str, str]]:
        """What the form of the columns carries along."""
        return _pairs({**self.chosen, **{name: self.look[name] for name in self.look if name in ("sort", OF)}})

    @property
    def facets(self) -> list[Facet]:
        shown = [name for name in self._names if name in ALWAYS or name in self.chosen]
        return [self._facet(name) for name in shown] + self._by_row()

    @property
    def more(self) -> list[Facet]:
        return [self._facet(name) for name in self._names if name not in ALWAYS and name not in self.chosen]

    @property
    def clear_url(self) -> str:
        """The address without any filter, "" while there is none."""
        return self.url({}, self.look) if self.chosen else ""

    @property
    def shows_clear(self) -> bool:
        """One or two are as quickly taken away one by one, and the bar keeps to its line."""
        return len(self.chosen) > 2

    @property
    def sorts(self) -> list[Choice]:
        others = {name: values for name, values in self.look.items() if name != "sort"}
        return [
            Choice(sort.label, self.url(self.chosen, {**others, "sort": [sort.key]}), sort is self.queue.sort)
            for sort in self.queue.sorts
        ]

    @property
    def column_boxes(self) -> SafeString:
        on = {column.key for column in self.columns}
        return boxes("column", [Option(column.key, column.label, None) for column in COLUMNS], on)

    @property
    def density_boxes(self) -> SafeString:
        return boxes("density", [Option(COMPACT, "Compact rows", None)], {COMPACT} if self.is_compact else set())

    @property
    def _names(self) -> list[str]:
        return [name for name in TicketFilter.base_filters if name in self.queue.options]

    def _facet(self, name: str) -> Facet:
        codes, choices = self.chosen.get(name, []), self.queue.options[name]
        off = self.url({key: value for key, value in self.chosen.items() if key != name}, self.look) if codes else ""
        label = str(TicketFilter.base_filters[name].label)
        shown = [option for option in choices.values() if option.offered or option.code in codes]
        return Facet(name, label, _summary(name, codes, choices), boxes(name, shown, set(codes)), off)

    def _by_row(self) -> list[Facet]:
        """Filters by one row or by a trigger's conditions, which links bring and nobody chooses from a list."""
        shown = []
        for name in BY_ROW:
            if name in self.chosen:
                off = self.url({key: value for key, value in self.chosen.items() if key != name}, self.look)
                label = str(TicketFilter.base_filters[name].label)
                shown.append(Facet(name, label, self.narrowed.get(name) or self.chosen[name][0], mark_safe(""), off))
        return shown


def _summary(name: str, codes: list[str], choices: Choices) -> str:
    if not codes:
        return "Open" if name == "state" else "Any"
    labels = [choices[code].label if code in choices else code for code in codes]
    if len(labels) <= NAMES_SHOWN:
        return ", ".join(labels)
    return f"{', '.join(labels[:NAMES_SHOWN])} and {len(labels) - NAMES_SHOWN} more"


def _pairs(params: Mapping[str, list[str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, values in params.items() for value in values]


def boxes(name: str, options: Iterable[Option], chosen: set[str]) -> SafeString:
    """The choices of a filter as boxes, or as buttons where one is enough. Joined here: there are hundreds."""
    kind = "radio" if name in SINGLE else "checkbox"
    parts = [ANY_BUTTON.format(name, "" if chosen else " checked")] if kind == "radio" else []
    for option in options:
        checked = " checked" if option.code in chosen else ""
        code, label = conditional_escape(option.code), conditional_escape(option.label)
        parts.append(f'<label class="pick"><input type="{kind}" name="{name}" value="{code}"{checked}> {label}</label>')
    return mark_safe("".join(parts))


ANY_BUTTON = '<label class="pick"><input type="radio" name="{}" value=""{}> Any time</label>'
