"""The demo organisation loads, twice is once, and everything in it satisfies the nothing-lost queries."""

from datetime import timedelta
from random import Random
from types import SimpleNamespace

import pytest
from django.core.management import call_command

from accounts.demo import PASSWORD, documented_logins
from accounts.models import Role, Team, User
from escalations.choices import ClockState, EscalationState
from escalations.demo import history
from escalations.models import Clock, Escalation, Handoff, HandoffFeedback, Hop, Ticket
from journal import audit, clock
from journal.models import Event, OutboxMessage
from policies.selectors import forget_policies
from tests.factories import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo(monkeypatch):
    """The demo with a past of three weeks instead of years: the same code, less of it."""
    forget_policies()
    monkeypatch.setattr(history, "BEGIN", NOON.replace(hour=0) - timedelta(days=21))
    with clock.travel(NOON):
        call_command("seed_demo", verbosity=0)
        yield
    forget_policies()


def test_demo(demo, capsys):
    organisation_and_present()
    nothing_in_it_is_lost_or_impossible()
    somebody_watched_the_clocks()
    the_past_has_variety()
    count = Ticket.objects.count()
    call_command("seed_demo")
    assert "nothing loaded" in capsys.readouterr().out
    assert Ticket.objects.count() == count


def organisation_and_present():
    assert 45 <= User.objects.count() <= 55
    assert Team.objects.count() == 7
    assert Team.objects.filter(lead=None).count() == 0
    logins = documented_logins()
    assert {role for role, _, _ in logins} == set(Role.objects.values_list("name", flat=True))
    assert len({User.objects.get(username=name).time_zone for _, name, _ in logins}) == len(logins)
    assert all(User.objects.get(username=name).check_password(PASSWORD) for _, name, _ in logins[:2])

    assert Ticket.objects.count() > 150
    late = Ticket.objects.open().filter(due_at__lt=NOON).count()
    assert 5 <= late <= Ticket.objects.open().count() * 0.35
    waiting = Escalation.objects.filter(state__in=[EscalationState.PENDING, EscalationState.ACKNOWLEDGED])
    assert waiting.filter(to_team__code="integrations").count() >= 3
    soon = Clock.objects.filter(state=ClockState.RUNNING, due_at__range=(NOON, NOON + timedelta(minutes=30)))
    assert soon.count() >= 2
    assert Clock.objects.filter(state=ClockState.BREACHED, stopped_at=None).exists()
    assert HandoffFeedback.objects.filter(escalation__from_user__username="tomasz", seen_at=None).exists()
    assert not OutboxMessage.objects.filter(state=OutboxMessage.State.PENDING).exists()


def nothing_in_it_is_lost_or_impossible():
    findings = [finding for finding in audit.run(clock.now()) if finding.alarms]
    assert not findings
    assert not Clock.objects.filter(state=ClockState.RUNNING, ticket__state__in=["resolved", "closed"]).exists()
    for ticket_id in Ticket.objects.order_by("?").values_list("pk", flat=True)[:40]:
        hops = list(Hop.objects.filter(ticket=ticket_id).order_by("span"))
        assert all(before.span.upper == after.span.lower for before, after in zip(hops, hops[1:], strict=False))
    assert Handoff.objects.filter(filled__lt=1).count() == 0


def somebody_watched_the_clocks():
    rung = Event.objects.filter(kind="clock.breached")
    assert rung.count() > 10
    assert list(rung.filter(data__late=True).values_list("subject_id", "data__clock", "data__seconds_late")) == []


def the_past_has_variety():
    told = list(Ticket.objects.filter(state="closed").order_by("opened_at").values_list("subject", "opened_at")[:50])
    assert len({subject for subject, _ in told}) > 25
    assert len({opened for _, opened in told}) > 45


def test_the_past_follows_from_the_seed():
    """The same seed opens the same tickets at the same instants, another seed others."""

    def opened(seed: int) -> list:
        return list(history.openings(SimpleNamespace(rng=Random(seed)), history.BEGIN + timedelta(days=30)))

    assert len(opened(1)) > 100
    assert opened(1) == opened(1)
    assert opened(1) != opened(2)
