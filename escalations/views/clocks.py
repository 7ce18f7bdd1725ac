"""Why this deadline."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from escalations.access import ticket_for
from escalations.selectors.ticket import clock_page
from escalations.views.tickets import crumbs
from web.clock import page_now
from web.http import page_or_fragment


@require_GET
def clock_detail(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """The sum behind one clock. For htmx the strip with the sum opened, or closed again with `?close`."""
    ticket = ticket_for(request.user, ref)
    context = clock_page(ticket, request.user, now=page_now(request), zone=timezone.get_current_timezone(), opened=pk)
    if context["why"] is None:
        raise Http404
    if "close" in request.GET:
        context = clock_page(
            ticket, request.user, now=page_now(request), zone=timezone.get_current_timezone(), opened=None
        )
    context["crumbs"] = crumbs(ticket)
    return page_or_fragment(request, "escalations/clock_detail.html", "escalations/_clock_strip.html", context)
