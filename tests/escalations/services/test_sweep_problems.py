"""A ticket that cannot be worked through: noted, tried again ever more slowly, never in the way."""

from datetime import timedelta

import psycopg
import pytest

from escalations.choices import ClockState
from escalations.models import Clock, SweepProblem
from escalations.services import sweep as service
from escalations.services.sweep import sweep
from journal import audit, clock
from journal.models import Event
from tests.factories import NOON, Organisation

HOUR = timedelta(hours=1, seconds=1)


@pytest.fixture
def poison(transactional_db, superuser_connection: psycopg.Connection):
    """The database refuses any event about the ticket that the fixture is called with."""
    made = []

    def make(ticket_id: int) -> None:
        made.append(True)
        superuser_connection.execute(
            f"""
            CREATE FUNCTION refuse_event() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN IF NEW.subject_id = {ticket_id} AND NEW.kind = 'clock.breached'
               THEN RAISE EXCEPTION 'poisoned row'; END IF; RETURN NEW; END $$;
            CREATE TRIGGER refuse_event BEFORE INSERT ON journal_event FOR EACH ROW EXECUTE FUNCTION refuse_event();
            """
        )

    yield make
    if made:
        superuser_connection.execute("DROP FUNCTION IF EXISTS refuse_event CASCADE")


def test_it_holds_up_nobody_and_is_tried_again(poison, superuser_connection):
    org = Organisation()
    with clock.travel(NOON) as traveller:
        tickets = [org.ticket() for _ in range(6)]
        bad = tickets[0]
        poison(bad.pk)
        traveller.forward(HOUR)
        report = sweep(limit=3)
        assert (report.breached, report.problems) == (5, 1)
        problem = SweepProblem.objects.get()
        assert (problem.ticket_id, problem.attempts) == (bad.pk, 1)
        assert "poisoned row" in problem.error
        assert sweep().looked_at == 0
        waits = []
        for _ in range(9):
            before = clock.now()
            traveller.to(SweepProblem.objects.get().next_try_at)
            waits.append((clock.now() - before).total_seconds())
            assert sweep().problems == 1
        assert waits == [30, 30 * 2, 30 * 4, 30 * 8, 30 * 16, 30 * 32, 30 * 64, 3600, 3600]
        # Nothing of it was half done, and the auditor alarms about it.
        assert not Event.objects.filter(kind="clock.breached", subject_id=bad.pk).exists()
        assert Clock.objects.filter(ticket=bad, state=ClockState.BREACHED).count() == 0
        found = {finding.query.name: finding for finding in audit.run(clock.now())}
        assert (
            found["running and overdue by 2 min"].count
            == Clock.objects.filter(ticket=bad, due_at__lt=clock.now() - timedelta(minutes=2)).count()
        )
        assert bad.ref in str(found["ticket that the sweep cannot work through"])

        superuser_connection.execute("DROP FUNCTION refuse_event CASCADE")
        traveller.to(SweepProblem.objects.get().next_try_at)
        assert sweep().breached > 0
    assert not SweepProblem.objects.exists()
    assert Event.objects.filter(kind="clock.breached", subject_id=bad.pk, data__late=True).exists()


def test_a_programming_error_about_one_ticket_is_a_problem_of_that_ticket(transactional_db, monkeypatch):
    org = Organisation()
    with clock.travel(NOON) as traveller:
        bad, good = org.ticket(), org.ticket()
        traveller.forward(HOUR)
        real = service.fire_clocks

        def broken(ids, **values):
            if bad.pk in ids:
                raise KeyError("no such thing")
            return real(ids, **values)

        monkeypatch.setattr(service, "fire_clocks", broken)
        assert sweep().breached == 1
    assert SweepProblem.objects.get().error == "KeyError: 'no such thing'"
    assert Clock.objects.filter(ticket=good, state=ClockState.BREACHED).exists()
