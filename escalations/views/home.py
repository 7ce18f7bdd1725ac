"""Where "/" leads: to what waits for this person."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from accounts.choices import Ability
from escalations.selectors.queue_options import ME
from escalations.selectors.queue_views import queue_url
from escalations.selectors.waiting import handoffs_for


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Handoffs that wait for an answer come first, then one's own tickets; who works none sees all open ones."""
    user = request.user
    if user.can(Ability.WORK) and handoffs_for(user).exists():
        return redirect("escalations:inbox_list")
    has_desk = user.can(Ability.WORK) and user.team_id is not None
    return redirect(queue_url({"owner": [ME]} if has_desk else {}))
