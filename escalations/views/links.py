"""What a ticket is linked to: looking for the other one, linking under a parent, to an issue, and not at all."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST, require_safe

from escalations.access import parts_on_ticket, ticket_for
from escalations.errors import Refused
from escalations.filtersets import ref_number
from escalations.forms.links import IssueLinkForm
from escalations.models import Ticket
from escalations.selectors.duplicates import duplicates_of
from escalations.selectors.links import find_others, links_of, outages
from escalations.services import issues, parents
from escalations.services.bulk import bulk_once
from escalations.services.duplicates import ticket_not_duplicate as say_not_duplicate
from escalations.views.answers import refuse, service_answers
from escalations.views.ticket_actions import done, ticket_to_change
from escalations.views.tickets import crumbs
from web.clock import page_now
from web.http import INVALID, OK

LONGEST = 200


def other_ticket(request: HttpRequest, text: str) -> Ticket:
    """The ticket that somebody names by its reference. Raises Refused (field `parent`) for one they do not see."""
    number = ref_number(text[:LONGEST])
    found = Ticket.objects.visible_to(request.user).filter(pk=number).first() if number is not None else None
    if found is None:
        raise Refused("There is no such ticket.", {"parent": "Give its reference, such as BLY-4182."})
    return found


@require_safe
@service_answers
def ticket_links(request: HttpRequest, ref: str) -> HttpResponse:
    """The page with everything that links this ticket to others. `?q=` looks for the other one."""
    ticket = ticket_for(request.user, ref)
    return _page(request, ticket)


def _page(request: HttpRequest, ticket: Ticket, status: int = OK, **more: Any) -> HttpResponse:
    words = (request.GET.get("q") or request.POST.get("parent") or "")[:LONGEST].replace("\x00", "")
    found, has_more = find_others(ticket, request.user, words)
    context = {
        "ticket": ticket,
        "links": links_of(ticket, request.user),
        "crumbs": crumbs(ticket),
        "words": words,
        "found": found,
        "has_more": has_more,
        "outages": outages(ticket, request.user) if not words else [],
        "duplicates": duplicates_of(ticket, request.user, now=page_now(request)),
        "may_write": bool(parts_on_ticket(request.user, ticket)),
        "issue_form": IssueLinkForm(auto_id="issue_%s"),
        **more,
    }
    response = render(request, "escalations/ticket_links.html", context, status=int(status))
    patch_vary_headers(response, ("HX-Request",))
    return response


@require_POST
@service_answers
def ticket_link_parent(request: HttpRequest, ref: str) -> HttpResponse:
    """Link the ticket under another, which carries its tier from now on."""
    ticket = ticket_to_change(request, ref)
    try:
        parent = other_ticket(request, request.POST.get("parent", ""))
        action = bulk_once(code="link", ticket=ticket, by=request.user, values={"parent": parent.pk})
    except Refused as error:
        return _page(request, ticket, INVALID, problem=str(error), hint=" ".join(error.fields.values()))
    return done(request, ticket, f"{ticket.ref} is linked under {parent.ref}.", action)


@require_POST
@service_answers
def ticket_unlink_parent(request: HttpRequest, ref: str) -> HttpResponse:
    """Take the ticket from under its parent. By whoever holds either."""
    ticket = ticket_for(request.user, ref)
    if ticket.parent_id is None:
        ticket_to_change(request, ref)
    parents.ticket_unlink_parent(ticket=ticket, by=request.user)
    return done(request, ticket, f"{ticket.ref} stands by itself again.")


@require_POST
@service_answers
def ticket_link_issue(request: HttpRequest, ref: str) -> HttpResponse:
    """Say what the ticket is about: an issue that is there, or a new one."""
    ticket = ticket_to_change(request, ref)
    form = IssueLinkForm(request.POST, auto_id="issue_%s")
    if form.is_valid():
        try:
            text = _link_issue(request, ticket, form)
        except Refused as error:
            refuse(form, error)
        else:
            return done(request, ticket, text)
    return _page(request, ticket, INVALID, issue_form=form)


def _link_issue(request: HttpRequest, ticket: Ticket, form: IssueLinkForm) -> str:
    issue = form.cleaned_data["issue"]
    if issue is None:
        issue = issues.issue_create(
            by=request.user, title=form.cleaned_data["title"], product_area=ticket.product_area
        )  # fmt: skip
    also = issues.ticket_link_issue(ticket=ticket, issue=issue, by=request.user)
    return f"Linked to “{issue.title}”" + (f", and {also} of its children." if also else ".")


@require_POST
@service_answers
def ticket_unlink_issue(request: HttpRequest, ref: str) -> HttpResponse:
    """The ticket is about something else."""
    ticket = ticket_to_change(request, ref)
    issues.ticket_unlink_issue(ticket=ticket, by=request.user)
    return done(request, ticket, "Taken off the issue.")


@require_POST
@service_answers
def ticket_not_duplicate(request: HttpRequest, ref: str) -> HttpResponse:
    """Two tickets are not the same: the suggestion does not come again."""
    ticket = ticket_to_change(request, ref)
    other = other_ticket(request, request.POST.get("other", ""))
    say_not_duplicate(ticket=ticket, other=other, by=request.user)
    return done(request, ticket, f"{other.ref} is not suggested here again.")
