"""Where "/" leads: the desk of who works tickets; who only reads them comes to all open ones."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from accounts.choices import Ability
from escalations.selectors.queue_views import queue_url
from escalations.views.desk import desk_page


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    if request.user.can(Ability.WORK):
        return desk_page(request)
    return redirect(queue_url({}))
