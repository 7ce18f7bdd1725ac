"""The PostgreSQL that is measured: an embedded one of its own that keeps data safe, as in production."""

import os
from pathlib import Path

from config import embedded
from tests.bed import server as bed

QUICK = "BELAY_BENCH_QUICK"


def is_quick() -> bool:
    """Whether tiny data on the tests' server will do: to show that every measurement runs."""
    return os.environ.get(QUICK) == "1"


def find(checkout: Path) -> bed.Server:
    return bed.find(checkout) if is_quick() else embedded.locate(checkout, "bench")
