"""Filing a handoff, through the page, against what creating a ticket costs in django-helpdesk."""

import uuid
from collections.abc import Iterator, Sequence
from datetime import timedelta
from html.parser import HTMLParser
from statistics import median
from typing import Any

from accounts.models import Team, User
from escalations.choices import EscalationState
from escalations.models import Customer, Escalation, Ticket
from escalations.services.handoffs import handoff_file
from escalations.services.tickets import ticket_create
from journal import clock
from tests.bench import scratch
from tests.bench.bench import EMPTY, Bench
from tests.bench.measure import Line, goals, in_turns
from tests.bench.peers import helpdesk
from tests.bench.site import Visitor, statements
from tests.factories import COMPLETE

SOURCE = "filing"


class FormFields(HTMLParser):
    """What a browser would send of the handoff form if nobody touched it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.inside = False
        self.select = self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, value = given.get("name") or "", given.get("value") or ""
        if tag == "form":
            self.inside = "/handoff/create/" in (given.get("action") or "")
        elif not self.inside:
            return
        elif tag == "input" and given.get("type") not in ("file", "submit"):
            if name and (given.get("type") not in ("radio", "checkbox") or "checked" in given):
                self.fields[name] = value
        elif tag == "textarea":
            self.text, self.fields[name] = name, ""
        elif tag == "select":
            self.select = name
        elif tag == "option" and "selected" in given:
            self.fields[self.select] = value

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.text = ""

    def handle_data(self, data: str) -> None:
        if self.text:
            self.fields[self.text] += data


def filled(fields: dict[str, str], team: Team) -> dict[str, str]:
    """The form as a careful agent fills it in."""
    soon = (clock.now() + timedelta(hours=6)).strftime("%Y-%m-%dT%H:%M")
    words = {name: value for name, value in COMPLETE.to_json().items() if isinstance(value, str)}
    steps: dict[str, Any] = {"steps-TOTAL_FORMS": str(len(COMPLETE.steps)), "steps-INITIAL_FORMS": "0"}
    for place, step in enumerate(COMPLETE.steps):
        steps |= {f"steps-{place}-{name}": str(getattr(step, name)) for name in ("step", "result", "minutes")}
    own = {
        "reason": "technical_complexity", "to": f"team:{team.pk}", "do": "file", "next_update_at": soon,
        "last_contact_at": "2026-01-05T09:50",
    }  # fmt: skip
    return fields | words | steps | own


class Filing:
    """Tickets to hand over, and one handoff at a time: through the page, or by the service alone."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.by = User.objects.select_related("role", "team__tier").get(pk=visitor.user.pk)
        self.customer = Customer.objects.order_by("pk")[0]
        self.team = Team.objects.select_related("tier", "calendar").get(tier__code="L2")
        self.tickets: list[int] = []
        self.waiting: list[tuple[str, dict[str, str]]] = []
        self.counts: list[int] = []

    def ticket(self) -> Ticket:
        made = ticket_create(
            by=self.by, customer=self.customer, subject="Webhook deliveries stop after key rotation",
            description="Nothing arrives.", priority=3, source=SOURCE, external_id=uuid.uuid4().hex,
        )  # fmt: skip
        self.tickets.append(made.pk)
        return made

    def open_form(self) -> tuple[str, dict[str, str]]:
        url = f"{self.ticket().get_absolute_url()}handoff/create/"
        return url, filled(FormFields(self.visitor.get(url).body.decode()).fields, self.team)

    def prepare(self, count: int) -> None:
        """Open so many forms, as people do before they send them."""
        self.waiting = [self.open_form() for _ in range(count)]

    def through_page(self) -> None:
        url, form = self.waiting.pop()
        self.visitor.post(url, form)

    def by_service(self, ticket: Ticket) -> Escalation:
        return handoff_file(
            ticket=ticket, by=self.by, key=uuid.uuid4(), reason="technical_complexity", to_team=self.team, to_user=None,
            content=COMPLETE, next_update_at=clock.now() + timedelta(hours=6),
        )  # fmt: skip

    def count_statements(self) -> tuple[int, int]:
        """Of the page's filing and of the service alone."""
        self.prepare(1)
        with statements() as through_page:
            self.through_page()
        ticket = self.ticket()
        with statements() as by_service:
            self.by_service(ticket)
        return len(through_page), len(by_service)


@goals.measure("P12")
def filing(bench: Bench) -> Iterator[Line]:
    """A complete handoff with two steps, sent in as a browser does, and committed to disk."""
    times = 1 if bench.quick else 20
    with helpdesk.peer(bench) as peer, bench.visit(bench.large) as visitor:
        work = Filing(visitor)
        try:
            found = _rounds(bench, work, peer, times)
            counts = [work.count_statements() for _ in range(3)]
            filed = Escalation.objects.filter(ticket__in=work.tickets, state=EscalationState.PENDING).count()
            assert filed == len(work.tickets), "every ticket was handed over"
        finally:
            scratch.forget(work.tickets)
    with bench.visit(bench.small) as visitor:
        other = Filing(visitor)
        try:
            counts.append(other.count_statements())
        finally:
            scratch.forget(other.tickets)
    yield Line(
        "P12", "Filing a handoff against creating a ticket in django-helpdesk",
        median(a / b for a, b in zip(found["page"], found["peer"], strict=True)), 1.0, bench.rounds, "0.5",
        [
            ("filing through the page", f"{median(found['page']) * 1000:.1f} ms"),
            ("of it what every page costs us: login, session, middleware", f"{median(found['empty']) * 1000:.1f} ms"),
            ("filing by the service alone", f"{median(found['service']) * 1000:.1f} ms"),
            ("django-helpdesk, public ticket creation", f"{median(found['peer']) * 1000:.1f} ms"),
        ],
        note=peer.note,
    )  # fmt: skip
    pages, services = ([pair[place] for pair in counts] for place in (0, 1))
    yield Line(
        "P12 statements", "Statements of one filing, most against fewest", max(pages) / min(pages), 1.0, 1,
        figures=[("through the page, login included", str(max(pages))), ("the service alone", str(max(services)))],
    )  # fmt: skip


def _rounds(bench: Bench, work: Filing, peer: helpdesk.Peer, times: int) -> dict[str, list[float]]:
    """Seconds per act, a median for each round. What is sent in is made before a round, not within it."""
    found: dict[str, list[float]] = {"page": [], "service": [], "empty": [], "peer": []}
    for _ in range(bench.rounds):
        work.prepare(times + 1)
        tickets = [work.ticket() for _ in range(times + 1)]
        subjects = {
            "page": work.through_page,
            "service": lambda tickets=tickets: work.by_service(tickets.pop()),
            "empty": lambda: work.visitor.get(EMPTY),
        }
        if peer.kept is None:
            subjects["peer"] = lambda: peer.create(1)
        turns = in_turns(subjects, rounds=1, times=times)
        for name, seconds in found.items():
            seconds.append(turns.rounds[name][0] if name in subjects else peer.create(1))
    return found
