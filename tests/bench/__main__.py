"""`python -m tests.bench [P6 P7 …]`: measure, print, and (after a complete run) write docs/benchmarks.*."""

import argparse
import os
import sys
import time
from pathlib import Path

ROUNDS, TIMES = 7, 15


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("goals", nargs="*", metavar="P6", help="which goals; all of them when none is named")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds of each comparison (default %(default)s)")
    parser.add_argument("--quick", action="store_true", help="tiny data, few runs, nothing kept: shows that all runs")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.* after a partial run too")
    parser.add_argument("--peers", action="store_true", help="measure the peers anew, not once per machine")
    return parser.parse_args()


def main() -> int:
    asked = arguments()
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.bench.settings"
    os.environ["BELAY_BENCH_QUICK"] = "1" if asked.quick else ""
    # Which server to start depends on the two lines above, and Django on that server.
    from tests.bench import run  # noqa: PLC0415

    started = time.monotonic()
    lines = run.measure(
        asked.goals, rounds=1 if asked.quick else asked.rounds, times=1 if asked.quick else TIMES, quick=asked.quick,
        peers=asked.peers, write=asked.write,
    )  # fmt: skip
    print(f"{len(lines)} figures in {time.monotonic() - started:.0f} s")
    missed = [line.name for line in lines if line.holds is False]
    if missed and not asked.quick:
        print(f"Not reached: {', '.join(missed)}")
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    sys.exit(main())
