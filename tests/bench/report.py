"""From lines to docs/benchmarks.json and docs/benchmarks.md."""

import json
import os
import platform
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from django.db import connection

from tests.bench.measure import Line
from tests.bench.scratch import ROOT, SCALES

KEPT = ROOT / "var" / "bench" / "lines.json"
DOCS = ROOT / "docs"

HEAD = """# Benchmarks

Written by `make bench` (`tests/bench/`); the goals are those of the design. Every goal is a ratio that holds when it
is at most its goal. What is compared ran in turns, in the same run on the same machine: {rounds} rounds at least, each
with the median of several runs, and of the rounds' ratios the median counts. Absolute figures are for orientation
only; they differ from machine to machine by a multiple.

- **Where it runs:** the application is called in its own process as gunicorn's workers call it (the WSGI application
  with its whole middleware, a real session, no socket). That is steadier than going through a server, and harder on
  the ratios: what a server would add to both sides alike is missing.
- **Data:** {scale}, in PostgreSQL with `fsync` on.
- **Empty view:** behind the whole middleware, logged in, asks and answers nothing.
- **Hand-written view:** the same login and middleware, the same SQL through a plain cursor, rows put together by
  Python's string formatting, as many bytes out.
- **This machine:** {machine}.
"""


def number(line: Line) -> tuple[int, str]:
    found = re.match(r"P(\d+)", line.name)
    return (int(found[1]) if found else 99, line.name)


def keep(lines: Iterable[Line]) -> list[Line]:
    """Put the lines among those that earlier runs here kept, and return all of them in order."""
    known = {one["name"]: one for one in json.loads(KEPT.read_text())} if KEPT.exists() else {}
    known |= {line.name: asdict(line) for line in lines}
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    KEPT.write_text(json.dumps(list(known.values()), indent=1))
    return sorted((Line(**one) for one in known.values()), key=number)


def write(lines: Sequence[Line], folder: Path = DOCS) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "benchmarks.json").write_text("".join(f"{json.dumps(brief(line))}\n" for line in lines))
    (folder / "benchmarks.md").write_text(page(lines))


def brief(line: Line) -> dict[str, object]:
    ratio = None if line.ratio is None else float(f"{line.ratio:.3g}")
    return {"name": line.name, "ratio": ratio, "goal": line.goal, "holds": line.holds, "rounds": line.rounds}


def page(lines: Sequence[Line]) -> str:
    rounds = min((line.rounds for line in lines if line.rounds > 1), default=1)
    text = [HEAD.format(rounds=rounds, scale=SCALES["large"], machine=machine()), "## Goals\n"]
    text += ["| | What | Ratio | Goal | Record sought | Holds |", "|---|---|---:|---:|---:|---|"]
    text += [
        f"| {line.name} | {line.title} | {_ratio(line)} | {line.goal:g} | {line.record} | {verdict(line)} |"
        for line in lines
    ]
    text.append("\n## Absolute figures\n")
    for line in lines:
        figures = [f"- {what}: {value}" for what, value in line.figures]
        for block in (f"**{line.name}** {line.title}", "\n".join(figures), line.note):
            text += [block, ""] if block else []
    return "\n".join(text).rstrip() + "\n"


def _ratio(line: Line) -> str:
    return "" if line.ratio is None else f"{line.ratio:.3g}"


def verdict(line: Line) -> str:
    return {True: "✓ yes", False: "✗ no", None: "not measured"}[line.holds]


def machine() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        server = cursor.fetchone()[0]
    return f"{os.cpu_count()} processors, PostgreSQL {server}, Python {platform.python_version()}"


def show(line: Line) -> str:
    figures = "; ".join(f"{what} {value}" for what, value in line.figures)
    return (
        f"{line.name:<15} {_ratio(line) or '-':>7} (goal {line.goal:g}) {verdict(line):<12} {line.title}\n    {figures}"
    )
