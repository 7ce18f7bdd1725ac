"""Interviews of the designer: begun, saved as they go, discarded, and made into a draft of the policy."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from accounts.errors import Overtaken, Refused
from accounts.models import User
from journal.models import Draft
from journal.services import DraftConflict, claim_submit, draft_discard, draft_save, settle_submit
from policies.choices import PickListName
from policies.domain.answers import Answers
from policies.domain.policy import Policy
from policies.domain.presets import PRESET_WORDS, Preset
from policies.models import PickItem, PolicyVersion
from policies.services.written import version_from_policy
from policies.setting import design_base

MOST_INTERVIEWS = 20
PURPOSE = "policy.designed"
FORM = "designer:"
ORDER = ("business", "tiers", "problems", "types", "severity", "customers", "times", "costs", "lanes")
Typed = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Designed:
    """What an interview comes to: the policy, the version it started from, and the steps that cannot be read."""

    answers: Answers
    policy: Policy
    base: PolicyVersion
    wrong: tuple[str, ...]


def form_name(number: int) -> str:
    """Whose draft of the journal an interview is."""
    return f"{FORM}{number}"


def number_of(draft: Draft) -> int:
    return int(draft.form.removeprefix(FORM))


def interviews_of(user: User) -> list[Draft]:
    """Somebody's interviews in progress, the latest first."""
    return list(Draft.objects.filter(user_id=user.pk, form__startswith=FORM).order_by("-saved_at"))


@transaction.atomic
def interview_start(*, by: User, preset: Preset) -> Draft:
    """A new interview, with everything as the preset suggests. Refused where too many are in progress."""
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    held = interviews_of(by)
    if len(held) >= MOST_INTERVIEWS:
        raise Refused(f"You have {MOST_INTERVIEWS} interviews in progress. Finish one, or discard one.")
    number = max((number_of(one) for one in held), default=0) + 1
    base = design_base()
    if base is None:
        raise Refused("There is no policy to start from. Load the shipped one first.")
    first = {"preset": [preset.value], "title": [base[1].title]}
    return draft_save(
        user=by, form=form_name(number), data={"steps": {"business": first}, "done": [], "edits": {}}, version=None
    )


def held_interview(by: User, number: int) -> Draft:
    """The interview, locked. Overtaken when it is none any more."""
    draft = Draft.objects.select_for_update().filter(user_id=by.pk, form=form_name(number)).first()
    if draft is None:
        raise Overtaken("This interview was finished or discarded in another window.")
    return draft


def changed_elsewhere(draft: Draft, step: str, *, version: int, window: str) -> bool:
    """Whether another window has saved the step since `version`."""
    edit, by_window = draft.data.get("edits", {}).get(step, [0, ""])
    return edit > version and not (window and window == by_window)


@transaction.atomic
def step_save(
    *, by: User, number: int, step: str, typed: Typed, version: int, window: str = "", done: bool | None = None,
    anyway: bool = False,
) -> Draft:  # fmt: skip
    """Keep what was typed into a step, right or wrong. `done`: whether it counts as answered (None: as before).

    `version` is the draft's that the page was made at. DraftConflict when another window saved this step since and
    says something else; `anyway` after both were seen.
    """
    draft = held_interview(by, number)
    data: dict[str, Any] = {"done": [], "edits": {}, **draft.data}
    same = data["steps"].get(step) == typed
    if not same and not anyway and changed_elsewhere(draft, step, version=version, window=window):
        raise DraftConflict(draft)
    if not same:
        data["steps"] = {**data["steps"], step: typed}
        data["edits"] = {**data["edits"], step: [draft.version + 1, window[:40]]}
    if done is not None:
        data["done"] = [one for one in ORDER if (one in data["done"] and one != step) or (one == step and done)]
    return draft_save(user=by, form=draft.form, data=data, version=draft.version)


@transaction.atomic
def interview_discard(*, by: User, number: int) -> None:
    """Throw an interview away."""
    draft_discard(user=by, form=form_name(number))


def _create_types(answers: Answers) -> None:
    """The issue types that the list has not yet; nothing else in the lists changes."""
    last = PickItem.objects.filter(list=PickListName.ISSUE_TYPE).count()
    PickItem.objects.bulk_create(
        [
            PickItem(list=PickListName.ISSUE_TYPE, code=code, label=label, position=last + place)
            for place, (code, label) in enumerate(answers.new_types)
        ],
        ignore_conflicts=True,
    )


@transaction.atomic
def interview_finish(
    *, by: User, number: int, version: int, key: uuid.UUID, read: Callable[[Draft], Designed]
) -> PolicyVersion:  # fmt: skip
    """Make the draft of the policy from the interview, once per `key`, and put the interview away.

    `read` understands what the forms took in. Refused while a step has to be corrected; Overtaken when the interview
    changed since `version`.
    """
    claim, first = claim_submit(key=key, user=by, purpose=PURPOSE)
    if not first and claim.result:
        made: Mapping[str, Any] = claim.result
        return PolicyVersion.objects.get(pk=made["version"])
    draft = held_interview(by, number)
    if draft.version != version:
        raise Overtaken("An answer was changed in another window since you looked. Look at the policy again.")
    designed = read(draft)
    if designed.wrong:
        raise Refused(f"Correct {', '.join(f'“{title}”' for title in designed.wrong)} first.")
    _create_types(designed.answers)
    name = PRESET_WORDS[Preset(designed.answers.preset)][0]
    made_version = version_from_policy(
        policy=designed.policy, by=by, base=designed.base, note=f"Designed by interview, from the preset {name}."
    )
    draft_discard(user=by, form=draft.form)
    settle_submit(claim=claim, result={"version": made_version.pk})
    return made_version
