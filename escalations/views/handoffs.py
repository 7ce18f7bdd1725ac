"""The handoff form and the filed handoff."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from escalations.access import escalation_for


def handoff_detail(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """The filed form, as its receiver reads it."""
    escalation = escalation_for(request.user, ref, pk)
    return render(request, "escalations/handoff_detail.html", {"escalation": escalation, "ticket": escalation.ticket})
