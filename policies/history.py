"""Who changed what of a draft, as lines to read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from journal.models import Event
from policies.models import PolicyVersion
from policies.sections import BY_KEY
from policies.services.drafts import SUBJECT

SHOWN = 100
SIGNS = {
    "added": "plus",
    "removed": "trash",
    "moved": "arrows-sort",
    "accepted": "check",
    "taken back": "arrow-back-up",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """`did` is what somebody did ("changed L2 Technical support"), `changes` field, old and new."""

    who: str
    at: datetime
    sign: str
    did: str
    changes: list[tuple[str, str, str]]


def _did(kind: str, data: dict[str, Any]) -> tuple[str, str]:
    match kind:
        case "policy.drafted":
            return "file-plus", f"started the draft from {data.get('from', 'nothing')}"
        case "policy.published":
            return "send", "published it"
        case "policy.scheduled":
            return "calendar-event", "confirmed it for later"
        case "policy.unscheduled":
            return "calendar-off", "called the publication off"
        case "policy.not_published":
            return "alert-triangle", f"could not be published: {' '.join(data.get('problems', []))}"
    if data.get("section") == "findings":
        taken_back = data.get("how") == "taken back"
        return SIGNS[data["how"]], "took the acceptance of a finding back" if taken_back else "accepted a finding"
    section = BY_KEY.get(data.get("section", ""))
    where = f" in {section.title.lower()}" if section and data.get("how") == "moved" else ""
    how = data.get("how", "changed")
    return SIGNS.get(how, "pencil"), f"{how} {data.get('name', '')}{where}"


def history_of(version: PolicyVersion) -> list[Entry]:
    """The latest changes, newest first. One statement."""
    rows = Event.objects.filter(subject_type=SUBJECT, subject_id=version.pk).select_related("actor")
    made = []
    for row in rows.order_by("-id")[:SHOWN]:
        sign, did = _did(row.kind, row.data)
        changes = [(str(one[0]), str(one[1]), str(one[2])) for one in row.data.get("changes", []) if len(one) == 3]
        made.append(Entry(str(row.actor or "Belay"), row.occurred_at, sign, did, changes))
    return made
