"""Who may grant what: the matrix, one person's authority today, and the delegations."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.choices import Ability
from accounts.models import User
from policies.choices import PolicyState
from policies.errors import LendingRefused
from policies.forms.delegations import DelegationForm
from policies.lending import RELATIONS, delegations_of, in_force, lent_to
from policies.matrix import effective_of, matrix_of
from policies.models import Delegation, PolicyVersion
from policies.selectors import policy_of
from policies.services import delegations
from web.clock import page_now
from web.http import INVALID, OK, form_methods, redirect_to

ID_DIGITS = 18
SHOWN = 100


def _check_reads(request: HttpRequest) -> None:
    if not request.user.can(Ability.READ):
        raise Http404("This role reads no policy.")


def _people() -> QuerySet[User]:
    return User.objects.filter(is_active=True, role__isnull=False).select_related("role").order_by("full_name")


def _chosen(request: HttpRequest, people: list[User]) -> User:
    """The person of `?person=`, else the reader."""
    text = request.GET.get("person", "")
    if text.isascii() and text.isdigit() and len(text) <= ID_DIGITS:
        return next((one for one in people if one.pk == int(text)), request.user)
    return request.user


@require_GET
def authority_detail(request: HttpRequest) -> HttpResponse:
    """Role by action by limit, as the policy in force says it, and what one person may grant now."""
    _check_reads(request)
    version = PolicyVersion.objects.filter(state=PolicyState.PUBLISHED).defer("snapshot").first()
    if version is None:
        return render(request, "policies/authority_detail.html", {"version": None})
    policy, now = policy_of(version.pk), page_now(request)
    people = list(_people())
    person = _chosen(request, people)
    context = {
        "version": version, "policy": policy, "matrix": matrix_of(policy), "people": people, "person": person,
        "effective": effective_of(policy, person, lent_to(person, now)), "now": now,
        "running": list(in_force(now).select_related(*RELATIONS).order_by("ends_at")[:SHOWN]),
    }  # fmt: skip
    return render(request, "policies/authority_detail.html", context)


@require_GET
def delegation_list(request: HttpRequest) -> HttpResponse:
    """What this person lent and was lent; managers and administrators see everybody's."""
    _check_reads(request)
    sees_all = request.user.can(Ability.MANAGE) or request.user.can(Ability.ADMIN)
    rows = Delegation.objects.select_related(*RELATIONS, "created_by", "ended_by") if sees_all else delegations_of(
        request.user
    )  # fmt: skip
    context = {
        "rows": list(rows[:SHOWN]), "now": page_now(request), "may_lend": delegations.holds_authority(request.user),
        "sees_all": sees_all,
    }  # fmt: skip
    return render(request, "policies/delegation_list.html", context)


@form_methods
def delegation_create(request: HttpRequest) -> HttpResponse:
    """Lend one's own authority to somebody for a while."""
    _check_reads(request)
    if not delegations.holds_authority(request.user):
        raise Http404("This role has no authority to lend.")
    people = _people().exclude(pk=request.user.pk).filter(role__abilities__contains=[Ability.READ])
    form = DelegationForm(request.POST if request.method == "POST" else None, people=people)
    if request.method == "POST" and form.is_valid():
        try:
            made = delegations.delegation_create(by=request.user, **form.cleaned_data)
        except LendingRefused as error:
            _refuse(form, error)
        else:
            messages.success(request, f"{made.delegate} decides for you until the delegation ends.")
            return redirect_to(request, reverse("policies:delegation_list"))
    status = INVALID if form.is_bound else OK
    return render(request, "policies/delegation_create.html", {"form": form}, status=int(status))


def _refuse(form: forms.Form, error: LendingRefused) -> None:
    form.add_error(None, str(error))
    for name, text in error.fields.items():
        form.add_error(name, text)


@require_POST
def delegation_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a delegation now. For others than the two it does not exist, administrators and managers aside."""
    _check_reads(request)
    ends_any = request.user.can(Ability.ADMIN)
    rows: Any = Delegation.objects.all() if ends_any else delegations_of(request.user)
    row = get_object_or_404(rows, pk=pk)
    try:
        delegations.delegation_end(delegation=row, by=request.user)
    except LendingRefused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "The delegation has ended.")
    return redirect_to(request, reverse("policies:delegation_list"))
