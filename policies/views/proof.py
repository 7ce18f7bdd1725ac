"""What the prover says of a version: each finding with its counterexample, accepted with a reason or still open."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.errors import Refused
from accounts.views.answers import service_answers
from journal import clock
from policies.access import draft_for, studio_version
from policies.choices import PolicyState
from policies.domain.facts import FACTS
from policies.domain.policy import Policy
from policies.domain.prover import Finding, prove
from policies.domain.triggers import Names, value_words
from policies.domain.words import money_words
from policies.models import PolicyVersion
from policies.offers import list_names
from policies.proving import organisation_at, rules_of
from policies.services import findings
from policies.services.versions import problems_of
from policies.studio import note_findings, studio_page
from web.formats import format_instant
from web.http import INVALID, OK, redirect_to

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?[+-]\d\d:\d\d")
KINDS = {
    "authority_not_monotone": "Less authority higher up",
    "authority_gap": "Something that nobody may grant",
    "authority_missing_limit": "An authority without its limit",
    "authority_overlap": "Two limits for one rank",
    "clock_contradiction": "Clocks that contradict each other",
    "team_no_tier_holds": "A team that no tier holds",
    "tier_nobody_staffs": "A tier without people",
    "delegation_cycle": "Delegations in a circle",
    "value_no_form_produces": "A value that no form produces",
    "trigger_never_fires": "A trigger that never fires",
    "trigger_moves_nothing": "A trigger that moves nothing",
    "trigger_names_lower_tier": "A trigger that names a lower tier",
    "trigger_shadowed": "A trigger in another’s shadow",
    "tier_without_rules": "A tier without rules",
}


@require_GET
def version_proof(request: HttpRequest, code: str) -> HttpResponse:
    """Findings, the open ones first; of a draft also what keeps it from being published."""
    return _page(request, studio_version(request.user, code))


def _page(request: HttpRequest, version: PolicyVersion, *, wrong: Mapping[str, str] | None = None) -> HttpResponse:
    policy, names = rules_of(version), list_names()
    found = prove(policy, organisation_at(clock.now()))
    lines = [_line(one, policy, names, wrong or {}) for one in found]
    context = studio_page(
        request, version, "proof", open_now=note_findings(version, found),
        open_lines=[line for line in lines if not line["finding"].accepted],
        accepted_lines=[line for line in lines if line["finding"].accepted],
        problems=problems_of(policy) if version.state == PolicyState.DRAFT else [],
        stale=_stale(policy, found),
    )  # fmt: skip
    return render(request, "policies/version_proof.html", context, status=int(INVALID if wrong else OK))


def _stale(policy: Policy, found: list[Finding]) -> list[Any]:
    """Accepted, and not found any more: its reason can go."""
    known = {one.id for one in found}
    return [one for one in policy.accepted if one.finding not in known]


def kind_words(kind: str) -> str:
    words = kind.replace("_", " ")
    return KINDS.get(kind, f"{words[:1].upper()}{words[1:]}")


def _line(finding: Finding, policy: Policy, names: Names, wrong: Mapping[str, str]) -> dict[str, Any]:
    return {
        "finding": finding,
        "kind": kind_words(finding.kind),
        "clauses": [policy.clause(key) for key in finding.clauses if policy.clause(key).number],
        "example": [_example(name, value, names) for name, value in finding.counterexample.items()],
        "wrong": wrong.get(finding.id, ""),
        "typed": wrong.get(f"typed:{finding.id}", ""),
    }


def _example(name: str, value: Any, names: Names) -> tuple[str, str]:
    """One fact of the counterexample in words."""
    fact = FACTS.get(name)
    if fact is not None and value is not None:
        words = value_words(fact, frozenset(value) if isinstance(value, list | set) else value, names)
        return fact.label, words or "any other"  # a contract target for all other customers names none
    label = name.replace("_", " ")
    if name in ("role", "action"):
        value = names["role" if name == "role" else "authority"].get(value, value)
    elif name in ("amount", "limit") and value is not None:
        value = money_words(Decimal(str(value)))
    elif isinstance(value, str) and INSTANT.fullmatch(value):
        value = format_instant(datetime.fromisoformat(value), UTC, clock.now())
    shown = "not known" if value is None else "yes" if value is True else "no" if value is False else str(value)
    return f"{label[:1].upper()}{label[1:]}", shown


@require_POST
@service_answers
def finding_accept(request: HttpRequest, code: str) -> HttpResponse:
    """Live with a finding, for a reason."""
    draft = draft_for(request.user, code)
    key, reason = request.POST.get("finding", ""), request.POST.get("reason", "").replace("\x00", "")
    found = {one.id: one for one in prove(rules_of(draft), organisation_at(clock.now()))}
    if key not in found:
        raise Http404("The prover does not say that of this draft.")
    try:
        findings.finding_accept(version=draft, finding=key, message=found[key].message, reason=reason, by=request.user)
    except Refused as error:
        return _page(request, draft, wrong={key: error.fields.get("reason", str(error)), f"typed:{key}": reason})
    messages.success(request, "Finding accepted.")
    return redirect_to(request, reverse("policies:version_proof", args=[draft.code]))


@require_POST
@service_answers
def finding_take_back(request: HttpRequest, code: str) -> HttpResponse:
    """A finding is open again."""
    draft = draft_for(request.user, code)
    findings.finding_take_back(version=draft, finding=request.POST.get("finding", "")[:200], by=request.user)
    messages.success(request, "The finding is open again.")
    return redirect_to(request, reverse("policies:version_proof", args=[draft.code]))
