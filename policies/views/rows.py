"""The rules of a version, section by section; of a draft, each row with its form."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.errors import EditConflict, Refused
from accounts.models import Role
from accounts.views.answers import lost_panel, service_answers
from policies.access import draft_for, studio_version
from policies.forms.authority import AuthorityForm
from policies.forms.rows import FORMS, RowForm
from policies.models import PolicyVersion
from policies.section_lines import HEADS, section_lines
from policies.sections import BY_KEY, SECTIONS, Section
from policies.services.authority import RoleAuthority, role_authority, role_authority_save
from policies.services.rows import row_delete as remove_row
from policies.services.rows import row_move as move_row
from policies.services.rows import row_name, row_save, row_values, shown
from policies.studio import studio_page
from web.conflicts import chooses, resolve
from web.http import CONFLICT, INVALID, OK, form_methods, page_or_fragment, redirect_to

# Sections whose rows have a page of their own kind.
APART = ("triggers", "authority")


def section_or_404(key: str) -> Section:
    section = BY_KEY.get(key)
    if section is None:
        raise Http404("There is no such section.")
    return section


def back_to(version: PolicyVersion, section: Section) -> str:
    return reverse("policies:section_detail", args=[version.code, section.key])


@require_GET
def version_rules(request: HttpRequest, code: str) -> HttpResponse:
    """The rules, beginning with the tiers."""
    return section_detail(request, code, SECTIONS[0].key)


@require_GET
def section_detail(request: HttpRequest, code: str, section: str) -> HttpResponse:
    """One section's rows; of a draft with everything that can be done to them."""
    return section_page(request, code, section_or_404(section))


def section_page(request: HttpRequest, code: str, section: Section) -> HttpResponse:
    version = studio_version(request.user, code)
    lines = section_lines(section, version)
    firsts = {line.group: line.pk for line in reversed(lines)}
    lasts = {line.group: line.pk for line in lines}
    places: dict[str, int] = {}
    heads = HEADS[section.key]
    rows = []
    for line in lines:
        place = places[line.group] = places.get(line.group, -1) + 1
        rows.append({
            "line": line, "cells": list(zip(heads[1:], line.cells, strict=False)), "place": place, "up": place - 1,
            "down": place + 1, "first": firsts[line.group] == line.pk, "last": lasts[line.group] == line.pk,
            "url": line_url(version, section, line.pk),
        })  # fmt: skip
    offers = section.key in APART or FORMS[section.key](section=section, version=version, row=None)
    context = studio_page(
        request, version, "rules", section=section, sections=SECTIONS, heads=heads, rows=rows,
        may_add=section.key != "authority" and not _full(offers), create=create_url(version, section),
    )  # fmt: skip
    return page_or_fragment(request, "policies/section_detail.html", "policies/_section_rows.html", context)


def _full(form: Any) -> bool:
    """Whether there is nothing left to add: every priority and every kind of response has its row."""
    return any(
        isinstance(form, RowForm) and name in form.fields and not list(form.fields[name].choices)  # type: ignore[attr-defined]
        for name in ("priority", "kind")
    )


def line_url(version: PolicyVersion, section: Section, pk: int) -> str:
    if section.key == "triggers":
        return reverse("policies:trigger_edit", args=[version.code, pk])
    return reverse("policies:row_edit", args=[version.code, section.key, pk])


def create_url(version: PolicyVersion, section: Section) -> str:
    if section.key == "triggers":
        return reverse("policies:trigger_create", args=[version.code])
    return reverse("policies:row_create", args=[version.code, section.key])


@form_methods
@service_answers
def row_create(request: HttpRequest, code: str, section: str) -> HttpResponse:
    """A new row of a section."""
    about = section_or_404(section)
    if about.key in APART:
        raise Http404("Triggers and authority have pages of their own.")
    return _row_page(request, draft_for(request.user, code), about, None)


@form_methods
@service_answers
def row_edit(request: HttpRequest, code: str, section: str, pk: int) -> HttpResponse:
    """A row of a section; of authority, everything that one role may grant."""
    about = section_or_404(section)
    draft = draft_for(request.user, code)
    if about.key == "authority":
        return _authority_page(request, draft, get_object_or_404(Role, pk=pk))
    if about.key == "triggers":
        raise Http404("Triggers have a page of their own.")
    return _row_page(request, draft, about, get_object_or_404(about.rows(draft), pk=pk))


def _row_page(request: HttpRequest, draft: PolicyVersion, section: Section, row: Model | None) -> HttpResponse:
    posted = request.POST if request.method == "POST" else None
    form = FORMS[section.key](posted, section=section, version=draft, row=row)
    if form.is_bound and form.is_valid():
        values = form.values()
        if row is not None and chooses(request.POST):
            values = resolve(request.POST, names=values, theirs=row_values(row, section), mine=values)
        try:
            kept = row_save(
                version=draft, section=section.key, pk=row.pk if row else None, values=values,
                edit=form.cleaned_data["edit"], by=request.user,
            )  # fmt: skip
        except Refused as error:
            refuse(form, error)
        except EditConflict as lost:
            return _row_lost(request, draft, section, row, values, lost)
        else:
            messages.success(request, f"{section.one[:1].upper()}{section.one[1:]} saved: {row_name(kept)}.")
            return redirect_to(request, back_to(draft, section))
    return _form_page(request, draft, section, form, name=row_name(row) if row else "")


def refuse(form: forms.Form, error: Refused) -> None:
    """Put what the service refused at its fields; what has no field here, above."""
    for name, text in error.fields.items():
        form.add_error(name if name in form.fields else None, text)
    if not error.fields:
        form.add_error(None, str(error))


def _form_page(
    request: HttpRequest, draft: PolicyVersion, section: Section, form: forms.Form, *, name: str, panel: Any = None
) -> HttpResponse:
    status = CONFLICT if panel else INVALID if form.is_bound else OK
    context = studio_page(
        request, draft, "rules", section=section, form=form, name=name, panel=panel, back=back_to(draft, section)
    )
    return render(request, "policies/row_form.html", context, status=int(status))


def _row_lost(
    request: HttpRequest, draft: PolicyVersion, section: Section, row: Model | None, mine: dict[str, Any],
    lost: EditConflict,
) -> HttpResponse:  # fmt: skip
    draft.refresh_from_db(fields=["edit"])
    form = FORMS[section.key](section=section, version=draft, row=row, initial=mine)
    show = {name: _shown(name) for name in form.labels}
    panel = lost_panel(request, lost, what=section.one, labels=form.labels, mine=mine, show=show)
    return _form_page(request, draft, section, form, name=row_name(row) if row else "", panel=panel)


def _shown(name: str) -> Any:
    return lambda value: shown(name, value)


def _authority_page(request: HttpRequest, draft: PolicyVersion, role: Role) -> HttpResponse:
    section, current = BY_KEY["authority"], role_authority(draft, role)
    given = {**AuthorityForm.initial_of(current), "edit": draft.edit}
    form = AuthorityForm(request.POST if request.method == "POST" else None, initial=given)
    if form.is_bound and form.is_valid():
        wanted = form.wanted()
        if chooses(request.POST):
            wanted = RoleAuthority(
                **resolve(request.POST, names=vars_of(wanted), theirs=vars_of(current), mine=vars_of(wanted))
            )
        try:
            role_authority_save(
                version=draft, role=role, wanted=wanted, edit=form.cleaned_data["edit"], by=request.user
            )
        except Refused as error:
            refuse(form, error)
        except EditConflict as lost:
            return _authority_lost(request, draft, role, wanted, lost)
        else:
            messages.success(request, f"Authority of {role} saved.")
            return redirect_to(request, back_to(draft, section))
    return _form_page(request, draft, section, form, name=role.name)


def vars_of(authority: RoleAuthority) -> dict[str, Any]:
    return {name: getattr(authority, name) for name in RoleAuthority.__dataclass_fields__}


def _authority_lost(
    request: HttpRequest, draft: PolicyVersion, role: Role, wanted: RoleAuthority, lost: EditConflict
) -> HttpResponse:  # fmt: skip
    draft.refresh_from_db(fields=["edit"])
    form = AuthorityForm(initial={**AuthorityForm.initial_of(wanted), "edit": draft.edit})
    names = dict(form.fields["actions"].choices)
    show = {
        "actions": lambda value: ", ".join(names.get(one, one) for one in sorted(value)) or "nothing",
        "limit": _shown("limit"), "inclusive": _shown("inclusive"),
    }  # fmt: skip
    panel = lost_panel(
        request, lost, what="authority", labels=form.labels, mine=vars_of(wanted), show=show
    )  # fmt: skip
    return _form_page(request, draft, BY_KEY["authority"], form, name=role.name, panel=panel)


@require_POST
@service_answers
def row_delete(request: HttpRequest, code: str, section: str, pk: int) -> HttpResponse:
    """Remove a row. What the page was made at is noticed: nobody removes what they have not seen."""
    about, draft = section_or_404(section), draft_for(request.user, code)
    if about.key == "authority":
        raise Http404("Take a role's ticks away instead.")
    try:
        name = remove_row(version=draft, section=about.key, pk=pk, edit=_number(request, "edit"), by=request.user)
    except EditConflict as lost:
        messages.error(request, f"Not removed: {lost.who} changed it meanwhile. Look at it again.")
    else:
        messages.success(request, f"Removed: {name}.")
    return redirect_to(request, back_to(draft, about))


@require_POST
@service_answers
def row_move(request: HttpRequest, code: str, section: str, pk: int) -> HttpResponse:
    """Put a row elsewhere in its section."""
    about, draft = section_or_404(section), draft_for(request.user, code)
    move_row(version=draft, section=about.key, pk=pk, to=_number(request, "to"), by=request.user)
    if request.htmx:
        return section_page(request, code, about)
    return redirect_to(request, back_to(draft, about))


def _number(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise Refused("This form is incomplete. Open the page again.")
    return int(text)
