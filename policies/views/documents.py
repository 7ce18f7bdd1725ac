"""The policy as a page to read: every clause has an address, so that a clock can cite it."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from policies.access import check_reads, version_for, versions_for
from policies.choices import PolicyState
from policies.citing import clauses_cited
from policies.document import document_of
from policies.domain.policy import Policy
from policies.markdown import document_markdown
from policies.marking import marked_document
from policies.models import PolicyVersion
from policies.proving import rules_of
from web.clock import page_now
from web.formats import format_instant

NO_CHANGES = "none"


@require_GET
def policy_detail(request: HttpRequest, code: str | None = None) -> HttpResponse:
    """The version in force, or the published or retired one with this code. Drafts are read in the studio."""
    check_reads(request.user)
    published = versions_for(request.user).exclude(state=PolicyState.DRAFT)
    versions = list(published.order_by("-published_at"))
    version = _chosen(versions, code)
    if version is None:
        if code is not None:
            raise Http404
        return render(request, "policies/policy_detail.html", {"version": None})
    policy, since = rules_of(version), compared_with(request, version, versions)
    context: dict[str, Any] = {
        "version": version,
        "versions": versions,
        "in_force": version.state == PolicyState.PUBLISHED,
        "clause_citations": clauses_cited(request.user, version.pk),
        **document_context(version, policy, since),
    }
    return render(request, "policies/policy_detail.html", context)


def _chosen(versions: list[PolicyVersion], code: str | None) -> PolicyVersion | None:
    if code is None:
        return next((one for one in versions if one.state == PolicyState.PUBLISHED), None)
    return next((one for one in versions if one.code == code), None)


def compared_with(
    request: HttpRequest, version: PolicyVersion, versions: list[PolicyVersion]
) -> PolicyVersion | None:  # fmt: skip
    """The version of `?since=`, else the one that this was made from; None where no marks are wanted."""
    asked = request.GET.get("since", "")
    if asked == NO_CHANGES:
        return None
    others = [one for one in versions if one.pk != version.pk]
    if asked:
        return next((one for one in others if one.code == asked), None)
    return next((one for one in others if one.pk == version.base_id), None)


def document_context(version: PolicyVersion, policy: Policy, since: PolicyVersion | None) -> dict[str, Any]:
    """The document with its marks; what changed, clause by clause, for the side."""
    document = marked_document(policy, rules_of(since) if since else None)
    changed = [(section, one) for section in document for one in section.marked]
    return {
        "document": document,
        "since": since,
        "changed": changed,
        "removed": [text for section in document for text in section.removed],
    }


@require_GET
def policy_markdown(request: HttpRequest, code: str) -> HttpResponse:
    """The document of a version as a Markdown file."""
    version = version_for(request.user, code)
    body = document_markdown(
        title=f"{version.title} {version.code}", about=_about(request, version), document=document_of(rules_of(version))
    )
    response = HttpResponse(body, content_type="text/markdown; charset=utf-8")
    name = "".join(letter if letter.isalnum() or letter in ".-" else "_" for letter in version.code)
    response["Content-Disposition"] = f'attachment; filename="policy-{name}.md"'
    return response


def _about(request: HttpRequest, version: PolicyVersion) -> str:
    if version.published_at is None:
        return "A draft: not in force."
    at = format_instant(version.published_at, timezone.get_current_timezone(), page_now(request))
    who = f", drafted by {version.created_by}" if version.created_by else ""
    confirmed = f", confirmed by {version.published_by}" if version.published_by else ""
    state = "In force since" if version.state == PolicyState.PUBLISHED else "Retired. Was published"
    return f"{state} {at}{who}{confirmed}."
