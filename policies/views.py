"""The policy as a page to read: every clause has an address, so that a clock can cite it."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.choices import Ability
from policies.choices import PolicyState
from policies.document import document_of
from policies.models import PolicyVersion
from policies.selectors import policy_of


@require_GET
def policy_detail(request: HttpRequest, code: str | None = None) -> HttpResponse:
    """The version in force, or the published or retired one with this code. Drafts are not for readers."""
    if not request.user.can(Ability.READ):
        raise Http404
    published = PolicyVersion.objects.exclude(state=PolicyState.DRAFT)
    versions = list(published.defer("snapshot").select_related("published_by", "created_by").order_by("-published_at"))
    version = _chosen(versions, code)
    if version is None:
        if code is not None:
            raise Http404
        return render(request, "policies/policy_detail.html", {"version": None})
    context: dict[str, Any] = {
        "version": version,
        "versions": versions,
        "in_force": version.state == PolicyState.PUBLISHED,
        "document": document_of(policy_of(version.pk)),
    }
    return render(request, "policies/policy_detail.html", context)


def _chosen(versions: list[PolicyVersion], code: str | None) -> PolicyVersion | None:
    if code is None:
        return next((one for one in versions if one.state == PolicyState.PUBLISHED), None)
    return next((one for one in versions if one.code == code), None)
