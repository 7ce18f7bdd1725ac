"""The rows of a plan in words: what each comes to and why."""

from dataclasses import dataclass
from datetime import tzinfo

from accounts.choices import DutyRole
from accounts.models import User
from accounts.rota_lines import span_label
from accounts.services.rota_plan import Plan, Verdict

WORDS = {
    Verdict.NEW: ("New", "plus", "met"),
    Verdict.CHANGED: ("Changed", "pencil", "met"),
    Verdict.REMOVED: ("Removed", "minus", "watch"),
    Verdict.SAME: ("Stands", "check", ""),
    Verdict.LEFT_OUT: ("Left out", "circle-minus", "watch"),
    Verdict.WRONG: ("Not written", "alert-triangle", "missed"),
}


@dataclass(frozen=True, slots=True)
class PlanLine:
    number: int
    word: str
    sign: str
    css: str
    span: str
    person: User | None
    name: str
    role: str
    note: str
    says: tuple[str, ...]


def plan_lines(plan: Plan, zone: tzinfo) -> list[PlanLine]:
    lines = []
    for row in plan.rows:
        word, sign, css = WORDS[row.verdict]
        span = span_label(row.starts_at, row.ends_at, zone) if row.starts_at and row.ends_at else "–"
        role = DutyRole(row.role).label if row.role else ""
        lines.append(
            PlanLine(row.number, word, sign, css, span, row.user, row.name, role, row.note, tuple(row.says))
        )  # fmt: skip
    return lines


def plan_summary(plan: Plan) -> str:
    """ "12 new, 1 changed, 2 not written"."""
    said = [
        f"{count} {WORDS[verdict][0].lower()}"
        for verdict in Verdict
        if (count := plan.count(verdict)) and verdict != Verdict.SAME
    ]
    same = plan.count(Verdict.SAME)
    if same:
        said.append(f"{same} stand{'s' if same == 1 else ''} already")
    return ", ".join(said) or "nothing"
