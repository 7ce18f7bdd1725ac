"""Who finds which version: readers what is or was in force, those who draft and publish everything. Else 404."""

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts.choices import Ability
from accounts.models import User
from journal.models import Draft
from policies.choices import PolicyState
from policies.models import PolicyVersion


def check_reads(user: User) -> None:
    """Http404 for those whose role reads nothing here."""
    if not user.can(Ability.READ):
        raise Http404("This role reads no policy.")


def check_studio(user: User) -> None:
    """Http404 for those who neither draft nor publish: to them there is no studio."""
    if not user.can(Ability.POLICY):
        raise Http404("This role drafts no policy.")


def versions_for(user: User) -> QuerySet[PolicyVersion]:
    """The versions somebody may know of, without their snapshots."""
    check_reads(user)
    rows = PolicyVersion.objects.defer("snapshot").select_related("created_by", "published_by")
    return rows if user.can(Ability.POLICY) else rows.exclude(state=PolicyState.DRAFT)


def _storable(code: str) -> str:
    if "\x00" in code:
        raise Http404
    return code


def version_for(user: User, code: str) -> PolicyVersion:
    """A version by its code. Http404 for one that is not for this person."""
    return get_object_or_404(versions_for(user), code=_storable(code))


def studio_version(user: User, code: str) -> PolicyVersion:
    """A version in the studio, with the one it was made from. Http404 outside."""
    check_studio(user)
    versions = versions_for(user).select_related("base").defer("snapshot", "base__snapshot")
    return get_object_or_404(versions, code=_storable(code))


def draft_for(user: User, code: str) -> PolicyVersion:
    """A draft in the studio. Http404 for what is published: that has no forms."""
    version = studio_version(user, code)
    if version.state != PolicyState.DRAFT:
        raise Http404("A published version is not edited.")
    return version


def interview_for(user: User, number: int) -> Draft:
    """One's own interview of the designer. Http404 for others' and for those who draft no policy."""
    check_studio(user)
    return get_object_or_404(Draft, user=user, form=f"designer:{number}")
