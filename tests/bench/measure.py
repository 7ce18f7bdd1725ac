"""Measuring side by side: only what ran in turns, in the same minute on the same machine, is compared."""

import gc
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

Act = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Line:
    """One goal and what was found. It holds when the ratio is at most the goal; `record` is what we are after.

    `figures` are absolute values for the reader, as (what, value). A goal that could not be measured has no ratio,
    and says why in `note`.
    """

    name: str
    title: str
    ratio: float | None
    goal: float
    rounds: int
    record: str = ""
    figures: Sequence[tuple[str, str]] = ()
    note: str = ""

    @property
    def holds(self) -> bool | None:
        return None if self.ratio is None else self.ratio <= self.goal


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds per subject, one median for each round."""

    rounds: Mapping[str, Sequence[float]]

    def ratio(self, subject: str, to: str) -> float:
        """The median of the rounds' ratios."""
        return median(a / b for a, b in zip(self.rounds[subject], self.rounds[to], strict=True))

    def seconds(self, subject: str) -> float:
        return median(self.rounds[subject])

    def figures(self, **words: str) -> list[tuple[str, str]]:
        """(words, duration) of the subjects named."""
        return [(text, duration(self.seconds(name))) for name, text in words.items()]


def in_turns(subjects: Mapping[str, Act], *, rounds: int, times: int) -> Timings:
    """Run the subjects in turns, `times` each in a round, in an order that moves on; once each beforehand.

    A round's figure is the median of its runs, so that a moment in which the machine did something else counts
    for little.
    """
    for act in subjects.values():
        act()
    found: dict[str, list[float]] = {name: [] for name in subjects}
    names = list(subjects)
    for _ in range(rounds):
        gc.collect()
        taken: dict[str, list[float]] = {name: [] for name in names}
        for turn in range(times):
            shift = turn % len(names)
            for name in names[shift:] + names[:shift]:
                start = time.perf_counter()
                subjects[name]()
                taken[name].append(time.perf_counter() - start)
        for name, seconds in taken.items():
            found[name].append(median(seconds))
    return Timings(found)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of all do not exceed (nearest rank)."""
    ranked = sorted(values)
    return ranked[max(0, -(-int(len(ranked) * share * 1000) // 1000) - 1)]


def duration(seconds: float) -> str:
    """ "0.52 ms", "13.4 ms", "2.1 s"."""
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{seconds * 1000:.1f} ms" if seconds >= 0.01 else f"{seconds * 1000:.2f} ms"


@dataclass(slots=True)
class Goals:
    """The benchmarks by the numbers of what they measure."""

    found: dict[str, Callable[..., Iterator[Line]]] = field(default_factory=dict)

    def measure(self, *names: str) -> Callable[[Callable[..., Iterator[Line]]], Callable[..., Iterator[Line]]]:
        """Register a benchmark: a generator of lines, given the `Bench`."""

        def register(act: Callable[..., Iterator[Line]]) -> Callable[..., Iterator[Line]]:
            self.found |= dict.fromkeys(names, act)
            return act

        return register


goals = Goals()
