"""What stands around every page of the studio: the version's head, its tabs, what may be done with it now."""

from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse

from accounts.choices import Ability
from accounts.models import User
from accounts.querysets import able
from policies.choices import PolicyState, PublicationState
from policies.domain.prover import Finding
from policies.models import PolicyVersion, Publication
from policies.proving import findings_of
from policies.services.versions import second_person_problem

# What the prover says follows from the draft and from the organisation; the second changes seldom.
KEPT_SECONDS = 60


def open_findings(version: PolicyVersion) -> int:
    """How many findings of the prover are not accepted; up to a minute old, for the tab alone."""
    key = f"policy-findings:{version.pk}:{version.edit}:{version.state}"
    number: int | None = cache.get(key)
    if number is None:
        number = note_findings(version, findings_of(version))
    return number


def note_findings(version: PolicyVersion, findings: list[Finding]) -> int:
    """Keep the number for the tab, after the prover was asked anyway."""
    number = sum(not one.accepted for one in findings)
    cache.set(f"policy-findings:{version.pk}:{version.edit}:{version.state}", number, KEPT_SECONDS)
    return number


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody may do with a version. `why_not` says why they may not publish it; `failed` is the publication
    that was set for later and could not be done."""

    is_draft: bool
    in_force: bool
    waiting: Publication | None
    why_not: str
    failed: Publication | None = None

    @property
    def may_edit(self) -> bool:
        return self.is_draft and self.waiting is None


def standing_of(version: PolicyVersion, request: HttpRequest) -> Standing:
    is_draft = version.state == PolicyState.DRAFT
    latest = version.publications.select_related("by").first() if is_draft else None
    return Standing(
        is_draft,
        version.state == PolicyState.PUBLISHED,
        latest if latest and latest.state == PublicationState.WAITING else None,
        second_person_problem(version, request.user) if is_draft else "",
        latest if latest and latest.state == PublicationState.REFUSED else None,
    )


def second_people(version: PolicyVersion, reader: User) -> list[User]:
    """Who may publish the draft instead of the reader, by name."""
    people = User.objects.filter(able(Ability.POLICY)).exclude(pk=reader.pk).order_by("full_name")
    return [one for one in people if not second_person_problem(version, one)]


def _tabs(version: PolicyVersion, tab: str, open_now: int) -> list[dict[str, Any]]:
    pages = [
        ("document", "Document", "version_detail", ""),
        ("rules", "Rules", "version_rules", ""),
        ("proof", "Proof", "version_proof", f"{open_now} open" if open_now else ""),
        ("changes", "Changes", "version_changes", ""),
    ]
    made = [
        {"label": label, "url": reverse(f"policies:{name}", args=[version.code]), "current": key == tab, "count": count}
        for key, label, name, count in pages
    ]
    count = PolicyVersion.objects.count()
    return [*made, {"label": "Versions", "url": reverse("policies:version_list"), "count": str(count)}]


def draft_of(version: PolicyVersion) -> PolicyVersion | None:
    """The newest draft that was started from a version."""
    drafts = PolicyVersion.objects.filter(base=version, state=PolicyState.DRAFT).defer("snapshot")
    return drafts.order_by("-created_at").first()


def studio_page(
    request: HttpRequest, version: PolicyVersion, tab: str, *, open_now: int | None = None, **context: Any
) -> dict[str, Any]:
    """The context of a page about one version. `open_now`: the open findings, where the page knows them."""
    standing = standing_of(version, request)
    return {
        "version": version,
        "standing": standing,
        "tabs": _tabs(version, tab, open_findings(version) if open_now is None else open_now),
        "draft": None if standing.is_draft else draft_of(version),
        **context,
    }
