"""The demo's interview in progress: what the process owner has answered of the designer so far."""

from datetime import datetime, timedelta

from accounts.models import User
from journal import clock
from journal.models import Draft
from policies.domain.presets import Preset
from policies.forms.designer import StepForm
from policies.interview import ground_now, read_interview
from policies.services.interviews import Typed, interview_start, number_of, step_save

TITLE = "Escalation policy, three tiers"
ANSWERS: tuple[tuple[str, Typed], ...] = (
    ("business", {"title": [TITLE]}),
    ("tiers", {"count": ["3"]}),
    ("problems", {"problems": ["delays", "unnecessary", "wrong_team"]}),
)


def _typed(form: StepForm) -> Typed:
    """What a browser would send of the form as it is shown."""
    found: Typed = {}
    for field in form:
        value = field.value()
        if value is True:
            found[field.name] = ["on"]
        elif isinstance(value, list | tuple):
            found[field.name] = [str(one) for one in value]
        elif value is not False:
            found[field.name] = ["" if value is None else str(value)]
    return found


def load_interview(*, by: User, now: datetime) -> Draft:
    """An interview of a B2B policy with three of its nine steps answered."""
    with clock.travel(now - timedelta(hours=20)):
        draft = interview_start(by=by, preset=Preset.B2B)
    for place, (step, answers) in enumerate(ANSWERS):
        with clock.travel(now - timedelta(hours=19, minutes=-7 * place)):
            base, ground = ground_now()
            typed = _typed(read_interview(draft, base, ground).form(step)) | answers
            draft = step_save(
                by=by, number=number_of(draft), step=step, typed=typed, version=draft.version, done=True
            )  # fmt: skip
    return draft
