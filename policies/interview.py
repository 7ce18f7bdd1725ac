"""An interview of the designer: what somebody typed, step by step, read as answers and shown as a policy.

A draft of the journal holds it: `{"steps": {step: {field: [texts]}}, "done": [steps],
"edits": {step: [version, window]}}`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.datastructures import MultiValueDict

from journal import clock
from journal.models import Draft
from policies.choices import PickListName
from policies.document import Section, document_of
from policies.domain.answers import Answers
from policies.domain.clauses import number_clauses
from policies.domain.designer import design
from policies.domain.policy import Policy
from policies.domain.presets import Preset, preset_answers
from policies.domain.prover import Finding, Organisation, prove
from policies.forms.designer import (
    BusinessForm,
    Ground,
    ProblemsForm,
    SeveritiesForm,
    StepForm,
    TiersForm,
    TypesForm,
)
from policies.forms.designer_rules import CostsForm, LanesForm, SegmentsForm, TimesForm
from policies.models import PolicyVersion
from policies.offers import Names, list_names
from policies.proving import organisation_at
from policies.services.interviews import Designed, Typed, number_of
from policies.setting import design_base, setting_now

STEPS: dict[str, type[StepForm]] = {
    "business": BusinessForm,
    "tiers": TiersForm,
    "problems": ProblemsForm,
    "types": TypesForm,
    "severity": SeveritiesForm,
    "customers": SegmentsForm,
    "times": TimesForm,
    "costs": CostsForm,
    "lanes": LanesForm,
}


def ground_now() -> tuple[PolicyVersion, Ground]:
    """The version a design starts from, and what each step knows. Raises ImproperlyConfigured without any policy."""
    found = design_base()
    if found is None:
        raise ImproperlyConfigured("There is no policy to start from: run manage.py load_shipped first.")
    return found[0], Ground(setting_now(), found[1])


@dataclass
class Interview:
    """A draft, read. `before` are the answers that a step begins with; `wrong` are steps that cannot be read now."""

    draft: Draft
    ground: Ground
    base: PolicyVersion
    answers: Answers
    before: dict[str, Answers] = field(default_factory=dict)
    wrong: set[str] = field(default_factory=set)

    @property
    def number(self) -> int:
        return number_of(self.draft)

    @property
    def done(self) -> set[str]:
        return set(self.draft.data.get("done", ()))

    def typed(self, step: str) -> Typed:
        found: Typed = self.draft.data.get("steps", {}).get(step, {})
        return found

    def form(self, step: str, data: MultiValueDict[str, str] | None = None) -> StepForm:
        """The step's form: bound to `data`; else with what was typed, bound where that has to be corrected."""
        make, before, ground = STEPS[step], self.before[step], self.ground
        typed = MultiValueDict(self.typed(step))
        if data is not None:
            return make(data, answers=before, ground=ground)
        if step in self.wrong:
            return make(typed, answers=before, ground=ground)
        form = make(initial={name: typed.get(name) for name in typed}, answers=before, ground=ground)
        for name, one in form.fields.items() if typed else ():
            if name in typed or _may_be_absent(one):
                form.initial[name] = one.widget.value_from_datadict(typed, {}, name)
        return form


def _may_be_absent(one: Any) -> bool:
    """Whether a browser sends nothing for the field when it is empty: boxes that nobody ticked."""
    return not one.widget.value_omitted_from_data({}, {}, "absent")


def read_interview(draft: Draft, base: PolicyVersion, ground: Ground) -> Interview:
    """Every step's answers on those before it; where a step cannot be read, its defaults."""
    answers = preset_answers(Preset.GENERAL, ground.setting, ground.base)
    found = Interview(draft, ground, base, answers)
    for step, make in STEPS.items():
        found.before[step] = answers
        typed = found.typed(step)
        if not typed:
            continue
        form = make(MultiValueDict(typed), answers=answers, ground=ground)
        if form.is_valid():
            answers = form.apply()
        else:
            found.wrong.add(step)
    found.answers = answers
    return found


@dataclass(frozen=True, slots=True)
class Line:
    """One clause of the preview; `hit` where the step in hand decides it."""

    number: str
    text: str
    hit: bool


@dataclass(frozen=True, slots=True)
class Shown:
    title: str
    lines: list[Line]
    hit: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """The policy that follows from the answers: its document, and what the prover would say of it."""

    policy: Policy
    document: list[Section]
    findings: list[Finding]

    def shown(self, writes: tuple[str, ...]) -> list[Shown]:
        """The document in short: what the step decides first, then the rest."""
        made = [(section.title, self._lines(section, writes)) for section in self.document]
        parts = [
            Shown(title, [line for line in lines if line.hit == hit], hit)
            for hit in (True, False)
            for title, lines in made
        ]
        return [part for part in parts if part.lines]

    def _lines(self, section: Section, writes: tuple[str, ...]) -> list[Line]:
        texts = [(row.key, row.number, " · ".join(cell for cell in row.cells if cell)) for row in section.rows]
        texts += [(one.key, one.number, one.text) for one in (*section.clauses, *section.grouped)]
        return [
            Line(number, self.policy.clause(key).text or text, any(fnmatchcase(key, pattern) for pattern in writes))
            for key, number, text in texts
        ]


def _names_with(names: Mapping[str, Mapping[Any, str]], answers: Answers) -> Names:
    """The lists as they will be once the draft is made."""
    return {name: dict(values) for name, values in names.items()} | {
        str(PickListName.ISSUE_TYPE): {**names[PickListName.ISSUE_TYPE], **dict(answers.new_types)},
        "tier": {**names["tier"], **{one.rank: one.code for one in answers.tiers}},
        "tier_code": {**names["tier_code"], **{one.code: one.code for one in answers.tiers}},
        "pool": {one.key: one.name for one in answers.pools},
    }


def preview_of(interview: Interview, *, code: str = "preview") -> Preview:
    """What the interview would become now. Reads only."""
    answers = interview.answers
    policy = design(answers, interview.ground.base, code=code)
    here = organisation_at(clock.now())
    policy = number_clauses(policy, _names_with(list_names(), answers))
    place = Organisation(_names_with(here.names, answers), here.teams, here.week, here.delegations)
    return Preview(policy, document_of(policy), [one for one in prove(policy, place) if not one.accepted])


def designed(draft: Draft) -> Designed:
    """What an interview comes to now: for making the draft of it."""
    base, ground = ground_now()
    interview = read_interview(draft, base, ground)
    wrong = tuple(make.title for step, make in STEPS.items() if step in interview.wrong)
    return Designed(interview.answers, preview_of(interview).policy, base, wrong)
