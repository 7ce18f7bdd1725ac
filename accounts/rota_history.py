"""What was done to a team's rota, in words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from accounts.models import Team
from accounts.rota_lines import span_label
from journal.models import Event
from web.formats import format_relative

LATEST = 12


@dataclass(frozen=True, slots=True)
class HistoryLine:
    who: str
    what: str
    when: str
    at: datetime


def rota_history(team: Team, zone: tzinfo, now: datetime) -> list[HistoryLine]:
    """The latest acts on the rota, the newest first. One statement."""
    events = Event.objects.filter(subject_type="team", subject_id=team.pk, kind__in=WORDS).select_related("actor")
    return [
        HistoryLine(str(event.actor or "Belay"), WORDS[event.kind](event.data, zone),
                    format_relative(event.occurred_at, now), event.occurred_at)
        for event in events.order_by("-occurred_at", "-pk")[:LATEST]
    ]  # fmt: skip


def _span(data: Mapping[str, Any], zone: tzinfo) -> str:
    try:
        return span_label(datetime.fromisoformat(data["from"]), datetime.fromisoformat(data["until"]), zone)
    except (KeyError, ValueError):
        return ""


def _person(data: Mapping[str, Any]) -> str:
    return str(data.get("person", ""))


def _changed(data: Mapping[str, Any], zone: tzinfo) -> str:
    if data.get("was_person") != data.get("person"):
        return f"gave the shift of {data.get('was_person')} to {_person(data)}, {_span(data, zone)}"
    return f"changed the shift of {_person(data)} to {_span(data, zone)}"


WORDS: dict[str, Callable[[Mapping[str, Any], tzinfo], str]] = {
    "shift.created": lambda data, zone: f"put {_person(data)} on duty, {_span(data, zone)}",
    "shift.changed": _changed,
    "shift.deleted": lambda data, zone: f"took {_person(data)} off, {_span(data, zone)}",
    "shift.ended": lambda data, zone: f"ended the shift of {_person(data)} early",
    "shift.covered": lambda data, zone: f"had {_person(data)} cover {data.get('was_person')}, {_span(data, zone)}",
    "swap.asked": lambda data, zone: f"asked {data.get('to')} to take {_span(data, zone)}",
    "swap.accepted": lambda data, zone: f"took the shift of {data.get('was_person')}, {_span(data, zone)}",
    "swap.declined": lambda data, zone: f"declined to take {_span(data, zone)}",
    "swap.withdrawn": lambda data, zone: f"took back what was asked of {data.get('to')}",
    "rota.written": lambda data, zone: f"wrote a pattern: {_counts(data)}",
    "rota.imported": lambda data, zone: f"imported {data.get('file', 'a file')}: {_counts(data)}",
}


def _counts(data: Mapping[str, Any]) -> str:
    said = [(data.get("shifts", 0), "new"), (data.get("changed", 0), "changed"), (data.get("removed", 0), "removed")]
    return ", ".join(f"{count} {word}" for count, word in said if count) or "nothing new"
