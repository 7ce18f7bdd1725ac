"""Two people edited the same thing: both versions, field by field, and what the second one chooses.

The panel is a plain part of the form that lost the race. Each differing field offers `theirs` and `mine`
(radio `conflict-<field>`); `resolve` then gives the values to save.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.datastructures import MultiValueDict

PREFIX = "conflict-"
THEIRS, MINE = "theirs", "mine"
# What the panel is between, where a form can lose two kinds of race: two windows of one person.
DRAFTS = "drafts"


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that both changed; `theirs` and `mine` as words to show."""

    name: str
    label: str
    theirs: str
    mine: str
    chosen: str = MINE

    @property
    def input_name(self) -> str:
        return f"{PREFIX}{self.name}"


@dataclass(frozen=True, slots=True)
class Conflict:
    """Who saved and when (words), what was edited, and where both differ. `between` comes back with the choice."""

    who: str
    when: str
    what: str
    differences: list[Difference] = field(default_factory=list)
    short: str = ""
    between: str = ""
    verb: str = "saved"

    @property
    def first_name(self) -> str:
        """How the buttons call whoever saved: `short`, else the first name."""
        return self.short or self.who.split(" ")[0]


def differences(
    *,
    labels: Mapping[str, str],
    theirs: Mapping[str, Any],
    mine: Mapping[str, Any],
    show: Mapping[str, Any] | None = None,
) -> list[Difference]:
    """The fields of `labels`, in its order, whose values differ. `show` maps a field to its formatter."""
    formatters = show or {}
    found = []
    for name, label in labels.items():
        if theirs.get(name) != mine.get(name):
            shown = formatters.get(name, _plain)
            found.append(Difference(name, label, shown(theirs.get(name)), shown(mine.get(name))))
    return found


def chooses(posted: Mapping[str, str]) -> bool:
    """Whether the form comes from the panel that shows both versions."""
    return "resolve" in posted or "take_all" in posted


def resolve(
    posted: MultiValueDict[str, str] | Mapping[str, str],
    *,
    names: Iterable[str],
    theirs: Mapping[str, Any],
    mine: Mapping[str, Any],
) -> dict[str, Any]:
    """The value of each field by what was chosen; "take_all" wins over single choices, mine is the default."""
    everything = posted.get("take_all", "")
    chosen = {name: everything or posted.get(f"{PREFIX}{name}", MINE) for name in names}
    return {name: (theirs if side == THEIRS else mine).get(name) for name, side in chosen.items()}


def _plain(value: Any) -> str:
    return "nothing" if value in (None, "", [], ()) else str(value)
