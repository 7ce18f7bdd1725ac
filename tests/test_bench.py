"""Benchmarks run, on tiny data; what they find there says nothing."""

import json
import os
import subprocess
import sys

import pytest

from tests.bench import report
from tests.bench.measure import Line, Timings, in_turns, percentile
from tests.conftest import ROOT

# Two of them: all take minutes, on tiny data too.
SHORT = ("P6", "P16")


@pytest.mark.slow
def test_benchmarks_run():
    # A process of its own: it has settings and databases of its own.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "PYTEST_"))}
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", "--quick", *SHORT],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    measured = {line.split()[0] for line in done.stdout.splitlines() if line.startswith(("P", "S"))}
    assert measured >= set(SHORT)


def test_subjects_take_turns_and_each_round_is_compared_with_itself():
    ran = []
    timings = in_turns({"a": lambda: ran.append("a"), "b": lambda: ran.append("b")}, rounds=2, times=3)

    assert "".join(ran) == "ab" + 2 * ("ab" + "ba" + "ab")
    assert [len(seconds) for seconds in timings.rounds.values()] == [2, 2]
    # A machine that grows slower does not change the ratio.
    assert Timings({"a": [2.0, 4.0, 20.0], "b": [1.0, 2.0, 10.0]}).ratio("a", "b") == 2.0


def test_a_percentile_is_the_value_that_so_many_do_not_exceed():
    assert percentile(list(range(1, 21)), 0.95) == 19
    assert percentile([7.0], 0.95) == 7.0


def test_the_report_says_what_holds(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "machine", lambda: "a machine")
    lines = [
        Line("P6", "Queue", 1.51234, 2.5, 7, "1.5", [("page", "9.1 ms")]),
        Line("P9", "Filters", 1.2, 1.0, 20),
        Line("P17 tests", "Tests", None, 1.0, 0, note="Not recorded."),
    ]
    report.write(lines, tmp_path)

    found = [json.loads(text) for text in (tmp_path / "benchmarks.json").read_text().splitlines()]
    assert found[0] == {"name": "P6", "ratio": 1.51, "goal": 2.5, "holds": True, "rounds": 7}
    assert [one["holds"] for one in found] == [True, False, None]
    page = (tmp_path / "benchmarks.md").read_text()
    assert "| P6 | Queue | 1.51 | 2.5 | 1.5 | ✓ yes |" in page
    assert "- page: 9.1 ms" in page
    assert "not measured" in page
