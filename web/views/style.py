from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from web.showcase import samples


def style(request: HttpRequest) -> HttpResponse:
    """Every component once, in its states."""
    if not settings.BELAY_STYLE_PAGE:
        raise Http404
    return render(request, "web/style.html", samples(request))
