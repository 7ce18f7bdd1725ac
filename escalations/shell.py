"""What escalations put around every page: links with counts, the search, the alarm when nobody watches the clocks."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts.choices import Ability
from escalations.choices import Complexity, Sentiment
from escalations.selectors.citations import citations, clause_citations
from escalations.selectors.counts import CAP, count_text
from escalations.selectors.desk import desk_count
from escalations.selectors.holdings import open_by_tier
from escalations.selectors.saved_views import pins_of
from escalations.selectors.waiting import RailCounts, rail_counts
from journal.heartbeats import silence_of
from policies.citing import register_citations
from policies.offers import register_list
from policies.proving import register_holdings
from web import navigation
from web.clock import page_now


def unwatched(request: HttpRequest) -> str | None:
    """Shown above every page: without a sweep no deadline rings, and people have to know that."""
    problem = silence_of("sweep", page_now(request))
    return f"Clocks are not being watched: {problem}. Deadlines hold, but nothing rings." if problem else None


def _reads(request: HttpRequest) -> bool:
    return bool(request.user.can(Ability.READ))


def _works(request: HttpRequest) -> bool:
    return bool(request.user.can(Ability.WORK))


def _imports(request: HttpRequest) -> bool:
    return bool(request.user.can(Ability.IMPORT))


def _counts(request: HttpRequest) -> RailCounts:
    """All counts in one statement, once a page. A page that counts the held tickets itself says so beforehand."""
    found: RailCounts | None = getattr(request, "_rail_counts", None)
    if found is None:
        found = rail_counts(request.user, getattr(request, "held_tickets", None))
        request._rail_counts = found  # type: ignore[attr-defined]
    return found


def _waiting(request: HttpRequest) -> navigation.Count:
    number = _counts(request).waiting
    return navigation.Count(number, hot=True, text=count_text(number, CAP) if number > CAP else "")


def _approvals(request: HttpRequest) -> navigation.Count:
    number = _counts(request).approvals
    return navigation.Count(number, hot=True, text=count_text(number, CAP) if number > CAP else "")


def _held(request: HttpRequest) -> navigation.Count:
    number = _counts(request).held
    return navigation.Count(number, text=count_text(number, CAP) if number > CAP else "")


def _desk(request: HttpRequest) -> navigation.Count:
    """What needs the person now. The desk itself has counted it by the time the rail is drawn."""
    number: int | None = getattr(request, "desk_now", None)
    if number is None:
        number = desk_count(request.user, now=page_now(request), zone=timezone.get_current_timezone())
    return navigation.Count(number, hot=True, text=count_text(number, CAP) if number > CAP else "")


def _leads(request: HttpRequest) -> bool:
    return bool(request.user.can(Ability.MANAGE) or (request.user.can(Ability.WORK) and _counts(request).leads))


def _pins(request: HttpRequest) -> list[navigation.Link]:
    """The saved views that this person pinned, with their counts."""
    if not _reads(request):
        return []
    shown = request.GET.get("view") or request.GET.get("of") or ""
    is_queue = request.path == reverse("escalations:queue_list")
    return [
        navigation.Link(
            pin.view.name, pin.view.get_absolute_url(),
            count=navigation.Count(0, text=pin.count) if pin.count else None,
            current=is_queue and shown == str(pin.view.pk),
        )
        for pin in pins_of(request.user, now=page_now(request), zone=timezone.get_current_timezone())
    ]  # fmt: skip


def register() -> None:
    """Called once when the app is ready."""
    navigation.register(
        group="Work", label="My desk", icon="home", url_name="escalations:home", order=10,
        visible=_works, count=_desk,
    )  # fmt: skip
    navigation.register(
        group="Work", label="Team desk", icon="users", url_name="escalations:team_desk", order=15, visible=_leads,
    )  # fmt: skip
    register_citations(citations, clause_citations)
    register_holdings(open_by_tier)
    register_list("sentiment", lambda: dict(Sentiment.choices))
    register_list("complexity", lambda: dict(Complexity.choices))
    navigation.register(
        group="Work", label="Inbox", icon="inbox", url_name="escalations:inbox_list", order=20,
        visible=_works, count=_waiting, topbar=True,
    )  # fmt: skip
    navigation.register(
        group="Work", label="Queue", icon="list-details", url_name="escalations:queue_list", order=30,
        visible=_reads, count=_held,
    )  # fmt: skip
    navigation.register(
        group="Work", label="Issues", icon="bug", url_name="escalations:issue_list", order=40, visible=_reads,
    )  # fmt: skip
    navigation.register(
        group="Also", label="Imports", icon="file-import", url_name="escalations:import_list", order=60,
        visible=_imports,
    )  # fmt: skip
    navigation.register(
        group="Run", label="Approvals", icon="file-dollar", url_name="escalations:approval_list", order=25,
        visible=_works, count=_approvals,
    )  # fmt: skip
    navigation.register_links(group="Pinned views", provider=_pins)
    navigation.register_search(url_name="escalations:ticket_search")
    navigation.register_alarm(unwatched)
