"""What differs between two versions, who changed it, and how a draft comes into force."""

from itertools import groupby
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.errors import Refused
from accounts.views.answers import service_answers
from journal import clock
from policies.access import draft_for, studio_version, versions_for
from policies.choices import PolicyState
from policies.domain.diff import TITLES, Change, differences
from policies.domain.policy import PolicyInvalid
from policies.domain.prover import prove
from policies.forms.versions import PublishForm
from policies.history import history_of
from policies.models import PolicyVersion
from policies.offers import list_names
from policies.proving import findings_of, organisation_at, rules_of
from policies.services.publications import publication_cancel as cancel
from policies.services.publications import publication_schedule
from policies.services.versions import problems_of
from policies.services.versions import version_publish as publish
from policies.studio import note_findings, second_people, studio_page
from policies.views.rows import refuse
from web.http import INVALID, OK, form_methods, redirect_to


def grouped(changes: list[Change]) -> list[dict[str, Any]]:
    """By section, then by row."""
    return [
        {"title": TITLES[section], "changes": list(rows)} for section, rows in groupby(changes, lambda one: one.section)
    ]


def changes_between(old: PolicyVersion, new: PolicyVersion) -> list[Change]:
    names = list_names()
    names["pool"] = {pool.key: pool.name for one in (old, new) for pool in one.pools.all()}
    was, now = rules_of(old), rules_of(new)
    if was.accepted != now.accepted:
        names["finding"] = {one.id: one.message for version in (old, new) for one in findings_of(version)}
    return differences(was, now, names)


@require_GET
def version_changes(request: HttpRequest, code: str) -> HttpResponse:
    """Field by field against another version (`?with=`; else the one it was made from), and its record."""
    version = studio_version(request.user, code)
    others = list(versions_for(request.user).exclude(pk=version.pk).order_by("-created_at"))
    asked = request.GET.get("with", "")
    if asked and all(one.code != asked for one in others):
        raise Http404("There is no such version.")
    other = next((one for one in others if one.code == asked), None) or next(
        (one for one in others if one.pk == version.base_id), None
    )
    changes = changes_between(other, version) if other else []
    context = studio_page(
        request, version, "changes", others=others, other=other, groups=grouped(changes), number=len(changes),
        history=history_of(version),
    )  # fmt: skip
    return render(request, "policies/version_changes.html", context)


@form_methods
@service_answers
def version_publish(request: HttpRequest, code: str) -> HttpResponse:
    """What comes into force, what the prover says of it, and the act. By a second person."""
    draft = draft_for(request.user, code)
    form = PublishForm(request.POST if request.method == "POST" else None, initial={"edit": draft.edit})
    problems: list[str] = []
    if form.is_bound and form.is_valid():
        edit, at = form.cleaned_data["edit"], form.cleaned_data["effective_at"]
        try:
            if at is None:
                publish(version=draft, by=request.user, edit=edit)
                messages.success(request, f"Policy {draft.code} is in force.")
            else:
                publication_schedule(version=draft, by=request.user, at=at, edit=edit)
                messages.success(request, f"Draft {draft.code} confirmed for later.")
        except PolicyInvalid as error:
            problems = error.problems
        except Refused as error:
            refuse(form, error)
        else:
            return redirect_to(request, reverse("policies:version_detail", args=[draft.code]))
    return _publish_page(request, draft, form, problems)


def _publish_page(
    request: HttpRequest, draft: PolicyVersion, form: PublishForm, problems: list[str]
) -> HttpResponse:  # fmt: skip
    in_force = PolicyVersion.objects.filter(state=PolicyState.PUBLISHED).defer("snapshot").first()
    policy = rules_of(draft)
    found = prove(policy, organisation_at(clock.now()))
    changes = changes_between(in_force, draft) if in_force else []
    status = INVALID if form.is_bound else OK
    if form.is_bound and problems:
        form = PublishForm(initial={"edit": draft.edit, "effective_at": form.cleaned_data.get("effective_at")})
    context = studio_page(
        request, draft, "", open_now=note_findings(draft, found), form=form, in_force=in_force,
        groups=grouped(changes), number=len(changes), findings=[one for one in found if not one.accepted],
        unfit=problems_of(policy), problems=problems, publishing=True,
        others=second_people(draft, request.user),
        overtaken=in_force is not None and draft.base_id is not None and draft.base_id != in_force.pk,
    )  # fmt: skip
    return render(request, "policies/version_publish.html", context, status=int(status))


@require_POST
@service_answers
def publication_cancel(request: HttpRequest, code: str) -> HttpResponse:
    """The draft can be edited again."""
    draft = draft_for(request.user, code)
    cancel(version=draft, by=request.user)
    messages.success(request, f"Publication of {draft.code} called off.")
    return redirect_to(request, reverse("policies:version_detail", args=[draft.code]))
