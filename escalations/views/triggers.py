"""The tester of the trigger editor: the studio is a room below, so it loads this panel by its address."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from accounts.models import User
from escalations.access import TICKET_RELATIONS, may_see
from escalations.models import Ticket
from escalations.selectors.queue_views import queue_url
from escalations.selectors.trying import SHOWN, OnOne, try_on_open, try_on_ticket
from journal import clock
from policies.access import check_studio
from policies.domain.compiling import compile_trigger
from policies.domain.linked import conditions_text
from policies.domain.triggers import CompiledTrigger, InvalidRule, Names, Problem, TriggerRule, trigger_words
from policies.domain.typed import understood_groups
from policies.forms.triggers import read_groups
from policies.offers import list_names
from web.http import INVALID, OK, page_or_fragment

LONGEST_REF = 40


@require_POST
def trigger_try(request: HttpRequest) -> HttpResponse:
    """What the conditions in the editor match now: one ticket by its number, and the open ones. Changes nothing."""
    check_studio(request.user)
    names = list_names(in_use=True)
    trigger, problems = _trigger(request, names)
    context: dict[str, Any] = {"problems": problems, "shown": SHOWN}
    if trigger is not None:
        now = clock.now()
        reference = request.POST.get("try_ref", "").replace("\x00", "")[:LONGEST_REF].strip()
        context |= {
            "words": trigger_words(trigger, names),
            "reference": reference,
            "one": _one(request.user, reference, trigger, names) if reference else None,
            "open": try_on_open(trigger, request.user, now=now),
            "queue": queue_url({"when": [conditions_text(trigger.rule)]}),
        }
    status = OK if trigger is not None else INVALID
    return page_or_fragment(request, "escalations/trigger_try.html", "escalations/_trigger_try.html", context, status)


def _trigger(request: HttpRequest, names: Names) -> tuple[CompiledTrigger | None, list[str]]:
    groups, problems = understood_groups(read_groups(request.POST))
    if not problems:
        try:
            return compile_trigger(TriggerRule("", "", request.POST.get("join", "all"), groups), names), []
        except InvalidRule as error:
            problems = error.problems
    return None, [_said(problem) for problem in problems]


def _said(problem: Problem) -> str:
    return str(problem)


def _one(user: User, reference: str, trigger: CompiledTrigger, names: Names) -> OnOne | None:
    """None: no ticket with this number, or none that this person may see."""
    relations = (*TICKET_RELATIONS, "region", "issue")
    ticket = Ticket.objects.select_related(*relations).filter(ref__iexact=reference).first()
    if ticket is None or not may_see(user, ticket):
        return None
    return try_on_ticket(trigger, ticket, now=clock.now(), names=names)
