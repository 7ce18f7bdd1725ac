"""What the outbox asks before it sends is registered when the program starts, not when somebody imports it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ASK = "import django; django.setup(); from journal import outbox; print(' '.join(sorted(outbox._checks)))"


def test_every_check_is_registered_once_the_apps_are_ready():
    command = [sys.executable, "-c", ASK]
    env = {"DJANGO_SETTINGS_MODULE": "tests.settings", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True)

    assert {"clock", "escalation", "pause", "rota", "swap"} <= set(done.stdout.split())
