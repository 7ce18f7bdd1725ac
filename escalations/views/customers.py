"""A customer: who they are, what is open with them, and the form that managers keep it by."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.choices import Ability
from escalations.access import check_reads
from escalations.columns import customer_lines
from escalations.errors import NotAllowed, Refused
from escalations.forms.customers import CustomerForm
from escalations.models import Customer
from escalations.selectors.chips import chips_for
from escalations.selectors.customers import MOST_TICKETS, customer_page
from escalations.selectors.queue_options import ANY
from escalations.selectors.queue_views import queue_url
from escalations.services import customers
from escalations.services.customers import FACTS
from escalations.views.answers import conflict_panel, refuse, service_answers
from journal.models import Event
from policies.choices import PickListName
from policies.selectors import pick_labels
from web.clock import page_now
from web.conflicts import PREFIX, Conflict, resolve
from web.formats import format_time, zone_name
from web.http import CONFLICT, INVALID, OK, form_methods, redirect_to

LISTS = (PickListName.SEGMENT, PickListName.CONTACT_METHOD, PickListName.UPDATE_FREQUENCY)


def _customer(request: HttpRequest, pk: int) -> Customer:
    check_reads(request.user)
    return get_object_or_404(Customer.objects.select_related("region", "calendar", "success_manager"), pk=pk)


def _facts(customer: Customer, now: Any) -> list[tuple[str, Any]]:
    """What is known, as words; what is not known is left out."""
    labels = pick_labels(*LISTS)
    zone, place = ZoneInfo(customer.time_zone), customer.time_zone.rpartition("/")[2].replace("_", " ")
    said = {
        "Segment": labels["segment"].get(customer.segment, customer.segment),
        "VIP": "Yes" if customer.is_vip else "",
        "Region": customer.region,
        "Local time": f"{format_time(now, zone, now)} {zone_name(now, zone)}, {place}",
        "Contract hours": customer.calendar or "Around the clock",
        "Prefers": labels["contact_method"].get(customer.contact_method, customer.contact_method),
        "Wants updates": labels["update_frequency"].get(customer.update_frequency, customer.update_frequency),
        "Success manager": customer.success_manager,
        "Renewal": f"{customer.renewal_on:%d %b %Y}".lstrip("0") if customer.renewal_on else "",
    }
    return [(name, value) for name, value in said.items() if value]


@require_safe
def customer_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Facts, people, open tickets and those of the last 30 days."""
    customer, now = _customer(request, pk), page_now(request)
    found = customer_page(request.user, customer, now=now)
    zone = timezone.get_current_timezone()
    rows = [*found.open_tickets, *found.recent_tickets]
    chips = chips_for(rows, now=now, zone=zone)
    context = {
        "customer": customer,
        "found": found,
        "facts": _facts(customer, now),
        "open_lines": customer_lines(found.open_tickets, chips, now=now, zone=zone),
        "recent_lines": customer_lines(found.recent_tickets, chips, now=now, zone=zone),
        "most": MOST_TICKETS,
        "open_url": queue_url({"customer": [str(pk)]}),
        "all_url": queue_url({"customer": [str(pk)], "state": [ANY]}),
        "may_change": request.user.can(Ability.MANAGE),
        "may_work": request.user.can(Ability.WORK),
    }
    return render(request, "escalations/customer_detail.html", context)


@form_methods
@service_answers
def customer_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what is known. Segment, VIP and region reach the open tickets at once."""
    customer = _customer(request, pk)
    if not request.user.can(Ability.MANAGE):
        raise NotAllowed("Managers change customers.")
    form = CustomerForm(request.POST if request.method == "POST" else None, customer=customer)
    status, panel = INVALID if form.is_bound else OK, None
    if form.is_bound and form.is_valid():
        try:
            saved = _save(request, customer, form)
        except customers.CustomerConflict as conflict:
            form, panel, status = _from_theirs(form, conflict), _panel(request, form, conflict), CONFLICT
        except Refused as error:
            refuse(form, error)
        else:
            messages.success(request, f"{saved} saved.")
            return redirect_to(request, reverse("escalations:customer_detail", args=[pk]))
    context = {"customer": customer, "form": form, "conflict": panel}
    return render(request, "escalations/customer_change.html", context, status=int(status))


def _save(request: HttpRequest, customer: Customer, form: CustomerForm) -> Customer:
    """Save what this form changed; a change of other fields meanwhile is no conflict. Raises CustomerConflict."""
    changes, version = form.changes(), form.cleaned_data["version"]
    if "resolve" in request.POST or "take_all" in request.POST:
        asked = [name for name in FACTS if f"{PREFIX}{name}" in request.POST]
        theirs = {name: getattr(customer, name) for name in asked}
        changes |= resolve(request.POST, names=asked, theirs=theirs, mine=form.cleaned_data)
    try:
        return customers.customer_change(customer=customer, by=request.user, version=version, changes=changes)
    except customers.CustomerConflict as conflict:
        shown = form.shown()
        real = {name: pair for name, pair in conflict.fields.items() if (pair[0] or None) != (shown.get(name) or None)}
        if real:
            raise customers.CustomerConflict(conflict.customer, real) from None
        return customers.customer_change(
            customer=customer, by=request.user, version=conflict.customer.version, changes=changes
        )  # fmt: skip


def _from_theirs(form: CustomerForm, conflict: customers.CustomerConflict) -> CustomerForm:
    """The form once more, made from the version that was saved meanwhile, with what was typed here."""
    fresh = CustomerForm(customer=conflict.customer)
    data = form.data.copy()
    data["version"] = str(conflict.customer.version)
    for name in conflict.fields:
        # From now on "what the form showed" is theirs, so that the next save sees no conflict in it.
        value = fresh[name].initial
        data[form.add_initial_prefix(name)] = "" if value is None else str(value)
    again = CustomerForm(data, customer=conflict.customer)
    again.is_valid()
    return again


def _panel(request: HttpRequest, form: CustomerForm, conflict: customers.CustomerConflict) -> Conflict:
    told = Event.objects.filter(subject_type="customer", subject_id=conflict.customer.pk, kind="customer.changed")
    last = told.select_related("actor").order_by("-occurred_at", "-pk").first()
    lists = pick_labels(*LISTS)

    def words(name: str) -> Callable[[Any], str]:
        return lambda value: str(lists.get(name, {}).get(value, _yes_or(value)))

    return conflict_panel(
        request, who=(last.actor if last else None) or "Belay", at=last.occurred_at if last else page_now(request),
        what="customer", labels={name: str(form.fields[name].label) for name in conflict.fields},
        theirs={name: theirs for name, (theirs, _) in conflict.fields.items()},
        mine={name: mine for name, (_, mine) in conflict.fields.items()},
        show={name: words(name) for name in conflict.fields},
    )  # fmt: skip


def _yes_or(value: Any) -> Any:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return "nothing" if value in (None, "") else value
