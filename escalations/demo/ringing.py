"""The sweep of the demo's past: it came by whenever a deadline passed."""

from datetime import datetime, timedelta

from escalations.choices import ClockState
from escalations.models import Clock
from escalations.services.sweep import sweep
from journal import clock

LAG = timedelta(seconds=5)


def ring(*, until: datetime) -> None:
    """Let the sweep come by shortly after each deadline that passes before `until`."""
    passed = Clock.objects.filter(state=ClockState.RUNNING, due_at__lt=until - LAG).order_by("due_at")
    for due_at in list(passed.values_list("due_at", flat=True).distinct()):
        with clock.travel(due_at + LAG):
            sweep()
