"""The dead man's switch: how long a driver has been silent."""

from datetime import datetime, timedelta

from django.utils.timesince import timesince

from journal.models import Heartbeat

# No sweep for this long means that deadlines are not being watched: /readyz and the banner agree on it.
SILENCE = timedelta(seconds=90)


def silence_of(name: str, now: datetime) -> str:
    """What is wrong with a driver in words, "" while it beats."""
    beat = Heartbeat.objects.filter(name=name).first()
    if beat is None:
        return f"no {name} has ever run"
    return f"last {name} {timesince(beat.beat_at, now)} ago" if now - beat.beat_at > SILENCE else ""
