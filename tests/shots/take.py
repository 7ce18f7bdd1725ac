"""Pictures of every main page, at 1280 and 375 px, light and dark: `make shots` writes them into `shots/`.

The demo organisation on a Tuesday afternoon, so that two runs show the same. `python -m tests.shots queue ticket` takes
only these pages; `--readme` also writes the four small pictures of the README into `docs/images/`.
"""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser

from accounts.models import User
from escalations.choices import EscalationState
from escalations.models import BulkAction, Consult, Escalation, SavedView, Ticket
from journal import clock
from policies.selectors import forget_policies

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "shots"
IMAGES = ROOT / "docs" / "images"
AFTERNOON = datetime(2026, 11, 17, 13, 32, tzinfo=UTC)
WIDTHS = {1280: 800, 375: 812}
THEMES = ("light", "dark")
# name of the page → theme of its picture in the README
README = {"queue": "light", "ticket": "light", "handoff": "light", "inbox": "dark"}


def _ticket(**facts: object) -> Ticket:
    return Ticket.objects.open().filter(**facts).order_by("queue_key").first() or pytest.fail(f"no ticket with {facts}")


def _of_escalation(*states: EscalationState, **facts: object) -> Escalation:
    found = Escalation.objects.filter(state__in=states, **facts).select_related("ticket").order_by("-filed_at").first()
    return found or pytest.fail(f"no escalation {states} with {facts}")


def _ticket_page(username: str) -> str:
    return _ticket(owner__username=username, state="open", tier__code="L2").get_absolute_url()


def _handoff_form() -> str:
    return reverse(
        "escalations:handoff_create", args=[_ticket(owner__username="tomasz", state="open", attempts__gte=1).ref]
    )


def _handoff(**facts: object) -> str:
    escalation = _of_escalation(EscalationState.PENDING, EscalationState.ACKNOWLEDGED, **facts)
    return escalation.get_absolute_url()


def _consult(state: str, **facts: object) -> str:
    found = Consult.objects.filter(state=state, **facts).select_related("ticket").first()
    return reverse("escalations:consult_detail", args=[found.ticket.ref, found.pk]) if found else pytest.fail("none")


def _held_by_ines(name: str) -> str:
    accepted = _of_escalation(EscalationState.ACCEPTED, ticket__owner__username="ines")
    return reverse(f"escalations:{name}", args=[accepted.ticket.ref])


PAGES: dict[str, tuple[str, Callable[[], str]]] = {
    "login": ("", lambda: reverse("account_login")),
    "queue": ("ines", lambda: reverse("escalations:queue_list")),
    "inbox": ("ines", lambda: reverse("escalations:inbox_list")),
    "ticket": ("ines", lambda: _ticket_page("ines")),
    "hops": ("ines", lambda: reverse("escalations:hop_list", args=[_ticket(owner__username="priya").ref])),
    "resolve": (
        "ines",
        lambda: reverse("escalations:ticket_resolve", args=[_ticket(owner__username="ines", state="open").ref]),
    ),
    "handoff": ("tomasz", _handoff_form),
    "handoff-answer": ("ines", lambda: _handoff(to_team__code="integrations")),
    "read-back": (
        "tomasz",
        lambda: _of_escalation(
            EscalationState.ACCEPTED, from_user__username="tomasz", read_backs__state="given"
        ).get_absolute_url(),
    ),
    "after-acceptance": (
        "ines",
        lambda: _of_escalation(
            EscalationState.ACCEPTED, accepted_by__username="ines", is_warm=True, released_at__isnull=True
        ).ticket.get_absolute_url(),
    ),
    "consults": ("ines", lambda: reverse("escalations:consult_list")),
    "consult": ("ines", lambda: _consult("asked", to_team__code="integrations")),
    "transfer": ("ines", lambda: _held_by_ines("ticket_transfer")),
    "de-escalate": ("ines", lambda: _held_by_ines("ticket_de_escalate")),
    "create": ("tomasz", lambda: reverse("escalations:ticket_create")),
    "similar": (
        "tomasz",
        lambda: reverse(
            "escalations:ticket_similar", args=[_ticket(owner__username="tomasz", product_area="webhooks").ref]
        ),
    ),
    "answers": ("dana", lambda: reverse("escalations:answer_list")),
    "customer": (
        "ines",
        lambda: reverse("escalations:customer_detail", args=[_ticket(owner__username="ines").customer_id]),
    ),
    "view": ("ines", lambda: SavedView.objects.get(name="Webhooks, longest waiting").get_absolute_url()),
    "views": ("ines", lambda: reverse("escalations:view_list")),
    "view-save": ("ines", lambda: reverse("escalations:view_create") + "?priority=1&segment=enterprise"),
    "bulk": ("ines", lambda: reverse("escalations:bulk_list")),
    "bulk-result": ("ines", lambda: BulkAction.objects.latest("at").get_absolute_url()),
    "search": ("ines", lambda: reverse("escalations:ticket_search") + "?q=webhook"),
    "imports": ("dana", lambda: reverse("escalations:import_list")),
    "policy": ("aiko", lambda: reverse("policies:policy_detail")),
    "administration": ("admin", lambda: reverse("admin:index")),
    "missing": ("tomasz", lambda: "/no/such/page/"),
}


@pytest.fixture
def demo(transactional_db: None) -> Iterator[None]:
    forget_policies()
    with clock.travel(AFTERNOON):
        call_command("seed_demo", verbosity=0)
        call_command("sweep", verbosity=0)
        yield


def _session(username: str) -> str:
    client = Client()
    client.force_login(User.objects.get(username=username))
    return client.cookies["sessionid"].value


@pytest.mark.slow
def test_take(demo: None, live_server, browser: Browser) -> None:
    FOLDER.mkdir(exist_ok=True)
    wanted = set(os.environ.get("SHOTS", "").split()) or set(PAGES)
    for name, (username, path) in PAGES.items():
        if name not in wanted:
            continue
        url = live_server.url + path()
        for width, height in WIDTHS.items():
            for theme in THEMES:
                context = browser.new_context(
                    viewport={"width": width, "height": height}, reduced_motion="reduce", color_scheme=theme
                )
                cookies = {"sessionid": _session(username)} if username else {}
                context.add_cookies(
                    [{"name": key, "value": value, "url": live_server.url} for key, value in cookies.items()]
                )
                page = context.new_page()
                page.goto(url)
                page.wait_for_load_state("networkidle")
                page.screenshot(path=FOLDER / f"{name}-{width}-{theme}.png", full_page=True)
                if os.environ.get("SHOTS_README") and width == 1280 and README.get(name) == theme:
                    IMAGES.mkdir(parents=True, exist_ok=True)
                    page.screenshot(path=IMAGES / f"{name}.png", clip={"x": 0, "y": 0, "width": 1280, "height": 800})
                context.close()
