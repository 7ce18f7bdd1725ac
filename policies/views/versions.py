"""The studio: versions and drafts, what one is called, which was made from which."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.errors import EditConflict
from accounts.views.answers import lost_panel, service_answers
from policies.access import check_studio, draft_for, studio_version, versions_for
from policies.choices import PolicyState
from policies.citing import cited_by, clauses_cited
from policies.forms.versions import DraftForm
from policies.proving import rules_of
from policies.services.drafts import draft_create, draft_delete, draft_describe
from policies.studio import open_findings, studio_page
from policies.views.documents import compared_with, document_context
from web.conflicts import chooses, resolve
from web.http import CONFLICT, INVALID, OK, form_methods, redirect_to

SHOWN = 50
FIELDS = {"title": "Title", "note": "What changes, and why"}


@require_GET
def version_list(request: HttpRequest) -> HttpResponse:
    """Every version with its state, who made and confirmed it, what it was made from and what cites it."""
    check_studio(request.user)
    rows = versions_for(request.user).select_related("base").defer("snapshot", "base__snapshot")
    versions = list(rows.order_by("-created_at", "-id")[:SHOWN])
    cited = cited_by(request.user, (version.pk for version in versions))
    lines = [
        {
            "version": version,
            "cited": cited[version.pk],
            "open": open_findings(version) if version.state != PolicyState.RETIRED else None,
        }
        for version in versions
    ]
    return render(request, "policies/version_list.html", {"lines": lines, "shown": SHOWN})


@require_GET
def version_detail(request: HttpRequest, code: str) -> HttpResponse:
    """The document of any version, with what changed since another."""
    version = studio_version(request.user, code)
    versions = list(versions_for(request.user).order_by("-created_at"))
    since = compared_with(request, version, versions)
    context = studio_page(
        request, version, "document", versions=versions, cited=cited_by(request.user, [version.pk])[version.pk],
        clause_citations=clauses_cited(request.user, version.pk),
        **document_context(version, rules_of(version), since),
    )  # fmt: skip
    context["open_now"] = open_findings(version)
    return render(request, "policies/version_detail.html", context)


@require_POST
@service_answers
def version_copy(request: HttpRequest, code: str) -> HttpResponse:
    """Start a draft from a version."""
    version = studio_version(request.user, code)
    draft = draft_create(version=version, by=request.user)
    messages.success(request, f"Draft {draft.code} started from {version.code}.")
    return redirect_to(request, reverse("policies:version_rules", args=[draft.code]))


@require_POST
@service_answers
def version_delete(request: HttpRequest, code: str) -> HttpResponse:
    """Remove a draft."""
    draft = draft_for(request.user, code)
    draft_delete(version=draft, by=request.user)
    messages.success(request, f"Draft {code} deleted.")
    return redirect_to(request, reverse("policies:version_list"))


@form_methods
@service_answers
def version_edit(request: HttpRequest, code: str) -> HttpResponse:
    """What a draft is called and what it says about itself."""
    draft = draft_for(request.user, code)
    given = {"title": draft.title, "note": draft.note, "edit": draft.edit}
    form = DraftForm(request.POST if request.method == "POST" else None, initial=given)
    if request.method == "POST" and form.is_valid():
        values = {name: form.cleaned_data[name] for name in FIELDS}
        if chooses(request.POST):
            values = resolve(request.POST, names=FIELDS, theirs=given, mine=values)
        try:
            draft_describe(version=draft, **values, edit=form.cleaned_data["edit"], by=request.user)
        except EditConflict as lost:
            return _lost(request, code, values, lost)
        messages.success(request, f"Draft {draft.code} changed.")
        return redirect_to(request, reverse("policies:version_detail", args=[draft.code]))
    status = INVALID if form.is_bound else OK
    return render(request, "policies/version_edit.html", studio_page(request, draft, "", form=form), status=int(status))


def _lost(request: HttpRequest, code: str, mine: dict[str, Any], lost: EditConflict) -> HttpResponse:
    draft = draft_for(request.user, code)
    panel = lost_panel(request, lost, what="draft", labels=FIELDS, mine=mine)
    form = DraftForm(initial={**mine, "edit": draft.edit})
    context = studio_page(request, draft, "", form=form, panel=panel)
    return render(request, "policies/version_edit.html", context, status=int(CONFLICT))
