"""Is this process alive, and can this installation do its work? Asked by load balancers, so without login."""

from collections.abc import Callable

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from journal import clock
from journal.heartbeats import silence_of


def check_database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return ""


def check_migrations() -> str:
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return f"{len(waiting)} migrations not applied" if waiting else ""


def check_sweep() -> str:
    return silence_of("sweep", clock.now())


CHECKS: dict[str, Callable[[], str]] = {
    "database": check_database,
    "migrations": check_migrations,
    "sweep": check_sweep,
}


def failures() -> dict[str, str]:
    """What keeps this installation from working: name of the check → what it found. Empty when ready."""
    found = {}
    for name, check in CHECKS.items():
        try:
            problem = check()
        except DatabaseError:
            problem = "the database does not answer" if name == "database" else "could not be checked"
        if problem:
            found[name] = problem
    return found


@login_not_required
@never_cache
@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """200 for as long as the process can answer at all. Touches nothing else."""
    return HttpResponse("alive\n", content_type="text/plain")


@login_not_required
@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when the database answers, its tables are current and the sweep runs; else 503 naming what fails."""
    found = failures()
    body = {name: found.get(name, "ok") for name in CHECKS}
    return JsonResponse(body, status=503 if found else 200)
