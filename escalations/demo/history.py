"""The demo organisation's past: a working day after the other, from March 2025 to the day before yesterday."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from escalations.demo.story import Rows, Story, reserve
from escalations.demo.world import World
from escalations.models import Escalation, Message, Resolution, Ticket

BEGIN = datetime(2025, 3, 1, tzinfo=UTC)
PRIORITIES = ((1, 2), (2, 13), (3, 65), (4, 20))
A_WEEKDAY, A_WEEKEND_DAY = 7, 1
# A story draws at most this many ids of each kind.
IDS_PER_STORY = {Ticket: 1, Message: 10, Escalation: 3, Resolution: 1}


def openings(world: World, until: datetime) -> Iterator[tuple[datetime, int]]:
    """When tickets were opened, and with what priority: in the waking hours of their region, fewer at weekends."""
    rng = world.rng
    day = BEGIN
    while day < until:
        usual = A_WEEKDAY if day.weekday() < 5 else A_WEEKEND_DAY
        for _ in range(max(0, round(rng.gauss(usual, usual**0.5)))):
            zone = ZoneInfo(rng.choices(("Europe/Berlin", "America/New_York", "Asia/Singapore"), (45, 35, 20))[0])
            local = datetime.combine(day.date(), time(rng.randrange(7, 18), rng.randrange(60), rng.randrange(60)), zone)
            priority = rng.choices([value for value, _ in PRIORITIES], [weight for _, weight in PRIORITIES])[0]
            yield local.astimezone(UTC), priority
        day += timedelta(days=1)


def write_history(world: World, until: datetime) -> int:
    """Tell every story that has ended by `until` and write them together. Returns how many."""
    begun = sorted(openings(world, until))
    ids = {model: reserve(model, len(begun) * per_story) for model, per_story in IDS_PER_STORY.items()}
    rows = Rows()
    for opened, priority in begun:
        story = Story(world, ids, opened, priority)
        if story.tell_all(until):
            rows.add(story.rows)
    rows.write()
    return len(rows.tickets)
