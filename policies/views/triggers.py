"""The editor of a trigger: conditions as rows, what happens, and what it would do now."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.errors import EditConflict, Refused
from accounts.views.answers import lost_panel, service_answers
from policies.access import draft_for
from policies.domain.triggers import Problem
from policies.domain.typed import TypedGroup, typed_groups, understood_groups
from policies.forms.triggers import TriggerForm, TryForm, change_shape, editor_groups, editor_row, read_groups
from policies.models import PolicyVersion, Trigger
from policies.offers import Names, list_names
from policies.sections import BY_KEY
from policies.services.practice import draft_triggers
from policies.services.rows import row_values, shown
from policies.services.triggers import Conditions, ConditionsRefused, conditions_of, conditions_words, trigger_save
from policies.studio import studio_page
from policies.views.rows import refuse
from web.conflicts import chooses, resolve
from web.http import CONFLICT, INVALID, OK, form_methods, page_or_fragment, redirect_to

SECTION = BY_KEY["triggers"]
START = (TypedGroup(),)


@form_methods
@service_answers
def trigger_create(request: HttpRequest, code: str) -> HttpResponse:
    """A new trigger."""
    return _editor(request, draft_for(request.user, code), None)


@form_methods
@service_answers
def trigger_edit(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """A trigger of a draft."""
    draft = draft_for(request.user, code)
    return _editor(request, draft, get_object_or_404(draft_triggers(draft), pk=pk))


@require_GET
def trigger_condition(request: HttpRequest, code: str) -> HttpResponse:
    """One row anew, with what can be asked of its fact: for an editor whose fact was changed."""
    draft_for(request.user, code)
    groups = read_groups(request.GET)
    if len(groups) != 1 or len(groups[0].rows) != 1:
        raise BadRequest("One row at a time.")
    group, _, number = request.GET.get("at", "").partition("-")
    if not (group.isascii() and group.isdigit() and number.isascii() and number.isdigit() and len(group + number) < 6):
        raise BadRequest("This row has no place.")
    row = editor_row(int(group), int(number), groups[0].rows[0], list_names(in_use=True))
    context = {"row": row, "condition_url": reverse("policies:trigger_condition", args=[code])}
    return render(request, "policies/_trigger_condition.html", context)


def _editor(request: HttpRequest, draft: PolicyVersion, row: Trigger | None) -> HttpResponse:
    if request.method != "POST":
        form = TriggerForm(section=SECTION, version=draft, row=row, initial={} if row else {"is_active": True})
        stored = conditions_of(row) if row else None
        return _page(request, draft, row, form, stored.join if stored else "all",
                     typed_groups(stored.groups) if stored else START)  # fmt: skip
    groups, join = read_groups(request.POST), request.POST.get("join", "all")
    act = request.POST.get("do", "save")
    if act != "save":
        form = TriggerForm(section=SECTION, version=draft, row=row, initial=_as_typed(request))
        return _page(request, draft, row, form, join, change_shape(groups, act))
    form = TriggerForm(request.POST, section=SECTION, version=draft, row=row)
    rules, problems = understood_groups(groups)
    if not form.is_valid() or problems:
        return _page(request, draft, row, form, join, groups, problems)
    return _save(request, draft, row, form, Conditions(join, rules), groups)


def _as_typed(request: HttpRequest) -> dict[str, Any]:
    """The head as it was sent, to be shown again without judging it."""
    names = (*TriggerForm.base_fields, "edit")
    return {name: request.POST.get(name, "") for name in names}


def _save(
    request: HttpRequest, draft: PolicyVersion, row: Trigger | None, form: TriggerForm, conditions: Conditions,
    groups: tuple[TypedGroup, ...],
) -> HttpResponse:  # fmt: skip
    values = form.values()
    if row is not None and chooses(request.POST):
        theirs = {**row_values(row, SECTION), "conditions": conditions_of(row)}
        mine = {**values, "conditions": conditions}
        values = resolve(request.POST, names=mine, theirs=theirs, mine=mine)
        conditions = values.pop("conditions")
    try:
        kept = trigger_save(
            version=draft, pk=row.pk if row else None, values=values, conditions=conditions,
            edit=form.cleaned_data["edit"], by=request.user,
        )  # fmt: skip
    except ConditionsRefused as error:
        if error.fields:
            refuse(form, Refused("", error.fields))
        return _page(request, draft, row, form, conditions.join, groups, error.problems)
    except Refused as error:
        refuse(form, error)
        return _page(request, draft, row, form, conditions.join, groups)
    except EditConflict as lost:
        return _lost(request, draft, row, {**values, "conditions": conditions}, groups, lost)
    messages.success(request, f"Trigger saved: {kept.name}.")
    return redirect_to(request, reverse("policies:section_detail", args=[draft.code, SECTION.key]))


def _lost(
    request: HttpRequest, draft: PolicyVersion, row: Trigger | None, mine: dict[str, Any],
    groups: tuple[TypedGroup, ...], lost: EditConflict,
) -> HttpResponse:  # fmt: skip
    draft.refresh_from_db(fields=["edit"])
    form = TriggerForm(section=SECTION, version=draft, row=row, initial={**mine, "edit": draft.edit})
    names = list_names()
    show = {name: _shown(name) for name in form.labels}
    show["conditions"] = lambda value: conditions_words(value, names)
    panel = lost_panel(
        request, lost, what="trigger", labels={**form.labels, "conditions": "Conditions"}, mine=mine, show=show
    )
    return _page(request, draft, row, form, mine["conditions"].join, groups, panel=panel)


def _shown(name: str) -> Any:
    return lambda value: shown(name, value)


def _page(
    request: HttpRequest, draft: PolicyVersion, row: Trigger | None, form: TriggerForm, join: str,
    groups: tuple[TypedGroup, ...], problems: tuple[Problem, ...] = (), *, panel: Any = None,
) -> HttpResponse:  # fmt: skip
    names: Names = list_names(in_use=True)
    status = CONFLICT if panel else INVALID if form.is_bound else OK
    context = {
        "form": form, "name": row.name if row else "", "join": join, "panel": panel, "try_form": TryForm(),
        "groups": editor_groups(groups, names, problems), "wrong": [one for one in problems if one.group is None],
        "has_problems": bool(problems), "action": request.path,
        "back": reverse("policies:section_detail", args=[draft.code, SECTION.key]),
        "condition_url": reverse("policies:trigger_condition", args=[draft.code]), "version": draft,
    }  # fmt: skip
    if not request.htmx:
        context = studio_page(request, draft, "rules", section=SECTION, **{
            key: value for key, value in context.items() if key != "version"
        })  # fmt: skip
    return page_or_fragment(request, "policies/trigger_form.html", "policies/_trigger_form.html", context, int(status))
