"""Start the server and Django, then run benchmarks one after the other."""

from collections.abc import Sequence
from importlib import import_module

import django

from tests.bench.measure import Line, goals
from tests.bench.server import find

# Each registers what it measures; a new benchmark is a new module here.
MODULES = ("queue", "filing", "ticket", "delivery", "credits", "triggers", "similar")


def measure(names: Sequence[str], *, rounds: int, times: int, quick: bool, peers: bool, write: bool) -> list[Line]:
    """Run the named benchmarks (all when none is named), print each line, and keep what was found."""
    from django.conf import settings  # noqa: PLC0415

    find(settings.BASE_DIR).hold()
    django.setup()
    for module in MODULES:
        import_module(f"tests.bench.{module}")
    from tests.bench import report, scratch  # noqa: PLC0415
    from tests.bench.bench import Bench  # noqa: PLC0415

    unknown = sorted(set(names) - set(goals.found))
    if unknown:
        raise SystemExit(f"No such benchmark: {', '.join(unknown)}. There are {', '.join(goals.found)}.")
    bench = Bench(rounds=rounds, times=times, quick=quick, peers=peers)
    lines = []
    try:
        for act in dict.fromkeys(goals.found[name] for name in names or goals.found):
            for line in act(bench):
                print(report.show(line), flush=True)
                lines.append(line)
        if not quick:
            kept = report.keep(lines)
            if write or not names:
                with scratch.on(bench.large):
                    report.write(kept)
    finally:
        scratch.discard(bench.prepared)
    return lines
