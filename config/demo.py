"""`make demo`: everything on this machine, from the checkout alone, until Ctrl-C.

    python -m config.demo

Starts the embedded PostgreSQL (unless DATABASE_URL names another), brings the tables up to date, loads
the demo organisation into an empty database, and runs the processes of the Procfile.
"""

import hashlib
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from honcho import manager as honcho
from honcho.environ import parse_procfile

from config import processes

STOP_PATIENCE = 12  # seconds from asking the processes to stop to killing them; a worker needs about five


def say(text: str) -> None:
    print(text, flush=True)


def check_port(host: str, port: int) -> None:
    """Exit with a word about it when somebody listens there already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            sys.exit(f"Cannot listen on {host}:{port} ({error.strerror}). Try another: PORT=8001 make demo")


def migrate() -> None:
    """Bring the tables up to date, as the owner. Only looks when they are."""
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    connection.close()
    if waiting:
        say("Preparing the database …")
        manage = str(settings.BASE_DIR / "manage.py")
        subprocess.run([sys.executable, manage, "migrate", "--verbosity", "0", "--no-input"], check=True)


def collect_static() -> None:
    """Copy static files to where they are served from, when they or the packages that bring some changed."""
    digest = hashlib.sha256((settings.BASE_DIR / "requirements.txt").read_bytes())
    for path in sorted((settings.BASE_DIR / "static").rglob("*")):
        if path.is_file():
            about = path.stat()
            digest.update(f"{path}:{about.st_size}:{about.st_mtime_ns}\n".encode())
    stamp = Path(settings.STATIC_ROOT).with_suffix(".stamp")
    if stamp.exists() and stamp.read_text() == digest.hexdigest():
        return
    say("Collecting static files …")
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    stamp.write_text(digest.hexdigest())


def run_processes() -> int:
    """Run the Procfile until one process ends or we are told to; all of them have ended on return."""
    honcho.KILL_WAIT = STOP_PATIENCE
    manager = honcho.Manager()
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    environment = {
        **os.environ,
        "PATH": programs,
        "PYTHONUNBUFFERED": "1",
        "BELAY_SUPERVISED": "1",
    }
    procfile = parse_procfile((settings.BASE_DIR / "Procfile").read_text())
    for name, command in procfile.processes.items():
        manager.add_process(name, command, env=environment, cwd=str(settings.BASE_DIR))
    # A closed terminal means the same as Ctrl-C.
    signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    manager.loop()
    return manager.returncode or 0


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("LOG_FORMAT", "console")
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    host, port = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8000"))
    check_port(host, port)
    django.setup()
    processes.hold_database()
    migrate()
    collect_static()
    call_command("seed_demo")  # does nothing to a database that has tickets; says who may log in
    connection.close()
    say(f"\nBelay is at http://{host}:{port}/ in a moment. Ctrl-C stops everything.\n")
    stopped = run_processes()
    return 0 if stopped in (128 + signal.SIGINT, 128 + signal.SIGTERM) else stopped


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("Stopped.")
