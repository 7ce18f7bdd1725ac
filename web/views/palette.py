from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from web.palette import LONGEST, Ask, groups_for


@require_safe
def palette(request: HttpRequest) -> HttpResponse:
    """What fits the words typed, as options of the palette. `at` is the page it stands over."""
    text, at = request.GET.get("q", "").replace("\x00", "")[:LONGEST].strip(), request.GET.get("at", "")[:300]
    groups = groups_for(Ask(request, text, at))
    number = sum(len(group.items) for group in groups)
    return render(request, "components/_palette_results.html", {"groups": groups, "number": number, "text": text})
