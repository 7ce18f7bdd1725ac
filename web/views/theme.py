from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.views.decorators.http import require_POST

from web import themes
from web.http import safe_next


@login_not_required
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the chosen theme and return to the page it was chosen on."""
    response = HttpResponseRedirect(safe_next(request))
    try:
        themes.choose(request, response, request.POST.get("theme", ""))
    except ValueError:
        return HttpResponseBadRequest("Choose light, dark or auto.", content_type="text/plain")
    return response
