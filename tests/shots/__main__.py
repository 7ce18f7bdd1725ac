"""`python -m tests.shots [--readme] [page …]`: see `take`."""

import os
import sys
from pathlib import Path

import pytest

os.environ["SHOTS"] = " ".join(word for word in sys.argv[1:] if not word.startswith("--"))
os.environ["SHOTS_README"] = "yes" if "--readme" in sys.argv else ""
sys.exit(pytest.main([str(Path(__file__).with_name("take.py")), "-n", "0", "-q", "-p", "no:cacheprovider"]))
