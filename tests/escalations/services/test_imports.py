"""What an import makes of a file: every row once, no storm of breaches, nothing lost."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.base import ContentFile

from accounts.calendars import working_calendar
from escalations.choices import ClockKind, ClockState, HopKind, ImportState, TicketState
from escalations.domain.importing import MappingInvalid, Rule
from escalations.errors import NotAllowed, Overtaken, Refused
from escalations.models import Clock, Customer, Hop, ImportRun, ImportSeen, Pause, Ticket
from escalations.services import imports_work
from escalations.services.clocks import TicketClocks
from escalations.services.import_books import next_business_day
from escalations.services.import_files import TableFormat
from escalations.services.imports import (
    import_check,
    import_map,
    import_reread,
    import_start,
    import_undo,
    import_upload,
)
from escalations.services.sweep import sweep
from journal import clock
from journal.models import Event
from tests.escalations.import_runs import clocks, counts, finish, loaded, ticket, upload
from tests.escalations.import_tables import (
    INCIDENT_MAPPING,
    INCIDENT_ROWS,
    TICKET_ROWS,
    TICKETS,
    as_csv,
    as_xlsx,
    many,
    with_rule,
)
from tests.factories import NOON

pytestmark = pytest.mark.django_db


def test_rows_become_tickets_with_customer_contact_and_history_kept_apart(org):
    with clock.travel(NOON):
        run = loaded(org)
    assert (run.state, run.rows_created, run.rows_refused) == (ImportState.DONE, 4, 0)
    first, closed = ticket("INC1"), ticket("INC4")
    assert (first.customer.name, first.contact.name, first.team.name) == ("Site A", "Caller 1", "Front")
    assert first.opened_at == first.waiting_since == datetime(2016, 2, 29, 5, 38, tzinfo=UTC)
    assert first.tier_since == NOON
    assert ticket("INC2").description == "Owner in otherdesk: Resolver 5"
    assert ticket("INC3").owner == org.receiver
    assert (closed.state, closed.next_check_at, closed.due_at) == (TicketState.CLOSED, None, None)
    assert not Clock.objects.filter(ticket=closed).exists()
    assert not Hop.objects.filter(ticket=closed).exists()
    assert Customer.objects.filter(batch=run.batch).count() == 2
    event = Event.objects.get(subject_type="ticket", subject_id=first.pk)
    assert (event.kind, event.batch, event.actor, event.data["line"]) == (
        "ticket.imported", run.batch, org.administrator, 2,
    )  # fmt: skip


def test_old_tickets_raise_no_storm(org):
    with clock.travel(NOON) as traveller:
        loaded(org)
        before = counts()
        sweep()
        assert counts() == before
        assert clocks("INC1") == {
            ClockKind.FIRST_RESPONSE: (ClockState.BREACHED, True),
            ClockKind.TIER_RESOLUTION: (ClockState.RUNNING, False),
            ClockKind.TIME_AT_TIER: (ClockState.RUNNING, False),
        }
        # In progress: nobody knows when it was first answered. The contract counts from the real opening.
        assert clocks("INC2")[ClockKind.CONTRACT_RESOLUTION] == (ClockState.BREACHED, True)
        assert ClockKind.FIRST_RESPONSE not in clocks("INC2")
        late = Clock.objects.get(ticket__external_id="INC2", kind=ClockKind.CONTRACT_RESOLUTION)
        assert late.started_at == ticket("INC2").opened_at
        assert (late.fired_at, late.stopped_at) == (NOON, None)
        # What begins here does ring, once.
        traveller.forward(timedelta(hours=2))
        sweep()
        sweep()
        rung = Event.objects.filter(kind="clock.breached")
        assert [event.data["clock"] for event in rung] == [ClockKind.TIER_RESOLUTION]


def test_waiting_tickets_wait_until_the_next_business_day(org):
    with clock.travel(NOON):
        loaded(org)
        waiting = ticket("INC3")
        pause = Pause.objects.get(ticket=waiting)
        assert (pause.reason, pause.wait, pause.started_at) == ("Imported as waiting", "waiting_customer", NOON)
        assert pause.review_at == datetime(2026, 6, 17, 6, tzinfo=UTC)  # Wednesday 8:00 in Berlin
        assert clocks("INC3")[ClockKind.TIER_RESOLUTION] == (ClockState.PAUSED, False)
        assert Hop.objects.get(ticket=waiting).kind == HopKind.PAUSED
        saturday = datetime(2026, 6, 19, 20, tzinfo=UTC)
        calendar = working_calendar(org.calendar.current)
        assert next_business_day(saturday, calendar, "Europe/Berlin") == datetime(2026, 6, 22, 6, tzinfo=UTC)


def test_the_queue_places_imported_tickets_as_it_places_all_others(org):
    with clock.travel(NOON):
        loaded(org, as_csv(INCIDENT_ROWS + many(3)[2:]))
        for row in Ticket.objects.filter(batch__isnull=False).select_related("customer", "team", "tier"):
            stored = row.due_at, row.due_kind, row.queue_key, row.next_check_at
            if row.is_open:
                TicketClocks(row, NOON).reschedule()
                assert (row.due_at, row.due_kind, row.queue_key, row.next_check_at) == stored


def test_a_first_reply_in_the_file_is_evidence(org):
    mapping = with_rule("first_replied_at", Rule(column="touched"))
    with clock.travel(NOON):
        loaded(org, mapping=mapping)
    assert clocks("INC1")[ClockKind.FIRST_RESPONSE] == (ClockState.MET, False)
    assert clocks("INC2")[ClockKind.FIRST_RESPONSE] == (ClockState.BREACHED, True)
    assert ticket("INC1").waiting_since is None


def test_a_workbook_of_another_product(org):
    run = import_upload(by=org.administrator, file=ContentFile(as_xlsx(TICKET_ROWS, TICKETS)), name="tickets.xlsx")
    run.mapping["fields"]["team"] |= {"values": {"Tier 1": "front"}}
    run.mapping["fields"]["owner"] |= {"values": {"L1_First Example": "l1_first"}}
    run.mapping["fields"] |= {"order_value": {"column": "Amount"}}
    ImportRun.objects.filter(pk=run.pk).update(mapping=run.mapping, state=ImportState.MAPPED)
    import_start(run=run, by=org.administrator)
    finish(run)
    assert (run.rows_created, run.rows_refused) == (2, 0), list(run.row_errors.values_list("errors", flat=True))
    first = Ticket.objects.get(external_id="101")
    assert (first.priority, first.state, first.is_vip, first.owner, str(first.order_value)) == (
        1, TicketState.OPEN, True, org.agent, "1250.50",
    )  # fmt: skip
    assert first.opened_at == datetime(2024, 2, 3, 8, 30, tzinfo=UTC)  # in the zone of whoever imports
    assert first.contact.email == "ada@kern.example"
    assert Ticket.objects.get(external_id="102").resolved_at == datetime(2024, 2, 5, 10, tzinfo=UTC)


def test_a_second_import_of_the_same_file_creates_nothing(org):
    loaded(org)
    before = counts()
    again = loaded(org)
    assert (again.rows_created, again.rows_known, again.rows_refused) == (0, 4, 0)
    assert counts() == before


def test_a_dry_run_writes_no_ticket_and_foretells_the_real_one(org):
    rows = [*INCIDENT_ROWS, INCIDENT_ROWS[0], ["INC9", "Odd", *INCIDENT_ROWS[0][2:]]]
    before = counts()
    run = upload(org, as_csv(rows))
    import_check(run=run, by=org.administrator)
    finish(run)
    assert counts() == before
    assert not ImportSeen.objects.exists()
    assert run.state == ImportState.CHECKED
    assert run.report["check"] == {"read": 6, "created": 4, "known": 0, "refused": 2}
    assert [(row.number, row.errors) for row in run.row_errors.all()] == [
        (6, [["number", "Line 2 has the same number, INC1."]]),
        (7, [["status_name", "“Odd” is not mapped yet. Say under Values what it means."]]),
    ]
    import_start(run=run, by=org.administrator)
    finish(run)
    assert (run.rows_created, run.rows_refused) == (4, 2)


def test_duplicates_are_found_across_chunks(org, monkeypatch):
    monkeypatch.setattr(imports_work, "CHUNK", 2)
    data = as_csv([*INCIDENT_ROWS, INCIDENT_ROWS[0]])
    run = upload(org, data)
    import_check(run=run, by=org.administrator)
    finish(run)
    assert run.row_errors.get().errors == [["number", "Line 2 has the same number, INC1."]]
    import_start(run=run, by=org.administrator)
    finish(run)
    assert (run.rows_created, run.rows_refused, run.report["repeats"]) == (4, 1, 1)


def test_refused_rows_keep_their_words_and_come_in_once_put_right(org):
    wrong = [*INCIDENT_ROWS[:2], ["INC3", *INCIDENT_ROWS[2][1:-2], "31-02-2016", "?"]]
    run = loaded(org, as_csv(wrong))
    kept = run.row_errors.get()
    assert (run.rows_created, kept.number, kept.values[0]) == (2, 4, "INC3")
    again = loaded(org, as_csv(INCIDENT_ROWS[:3]))
    assert (again.rows_created, again.rows_known) == (1, 2)


def test_a_row_that_only_the_database_refuses_is_refused_alone(org, monkeypatch):
    taken = org.ticket(source="otherdesk", external_id="INC3")
    monkeypatch.setattr("escalations.services.imports_load.sort_out", lambda rows, **_: list(rows))
    run = loaded(org)
    assert (run.rows_created, run.rows_refused) == (3, 1)
    assert "database refused" in run.row_errors.get().errors[0][1]
    assert ticket("INC3") == taken


def test_customers_are_found_by_name_and_refused_when_several_have_it(org):
    site = Customer.objects.create(name="Site A", segment="enterprise", is_vip=True)
    run = loaded(org)
    assert ticket("INC1").customer == site
    assert (ticket("INC1").segment, ticket("INC1").is_vip) == ("enterprise", True)
    assert Customer.objects.filter(batch=run.batch).count() == 1
    Customer.objects.create(name="Site B")
    again = loaded(org, as_csv([["INC7", *INCIDENT_ROWS[2][1:]]]))
    assert again.rows_created == 1  # ours is the one that the same source brought
    Customer.objects.create(name="Pellworth Freight")
    rows = [["INC8", "New", "Pellworth Freight", *INCIDENT_ROWS[0][3:]]]
    assert "Several customers" in loaded(org, as_csv(rows)).row_errors.get().errors[0][1]


def test_who_may_and_when(org):
    with pytest.raises(NotAllowed):
        import_upload(by=org.agent, file=ContentFile(as_csv(INCIDENT_ROWS)), name="a.csv")
    run = upload(org)
    ImportRun.objects.filter(pk=run.pk).update(state=ImportState.FAILED)
    with pytest.raises(Refused, match="nothing to take back"):
        import_undo(run=run, by=org.administrator)
    ImportRun.objects.filter(pk=run.pk).update(state=ImportState.MAPPED)
    import_start(run=run, by=org.administrator)
    with pytest.raises(Overtaken):
        import_map(run=run, by=org.administrator, mapping=INCIDENT_MAPPING)
    with pytest.raises(Overtaken):
        import_start(run=run, by=org.administrator)


def test_the_mapping_of_the_last_file_with_these_columns_is_taken_up_again(org):
    first = upload(org)
    second = import_upload(by=org.manager, file=ContentFile(as_csv(INCIDENT_ROWS[:1])), name="next.csv")
    assert second.mapping == first.mapping
    assert second.report["remembered"] == first.pk
    other = import_upload(by=org.manager, file=ContentFile(as_csv([["1", "x"]], ["Ticket id", "Title"])), name="o.csv")
    assert other.mapping["fields"]["external_id"] == {"column": "Ticket id"}


def test_a_wrong_encoding_names_the_rows_and_reading_again_mends_it(org):
    rows = [[*INCIDENT_ROWS[0][:4], "Café", *INCIDENT_ROWS[0][5:]], *INCIDENT_ROWS[1:]]
    data = as_csv(rows, encoding="cp1252")
    run = import_upload(
        by=org.administrator, file=ContentFile(data), name="a.csv", how=TableFormat("csv", encoding="utf-8")
    )
    run = import_map(run=run, by=org.administrator, mapping=INCIDENT_MAPPING)
    import_check(run=run, by=org.administrator)
    finish(run)
    assert run.row_errors.get().errors[0][0] == "area"
    run = import_reread(run=run, by=org.administrator, how=TableFormat("csv", encoding="cp1252"))
    run = import_map(run=run, by=org.administrator, mapping=INCIDENT_MAPPING)
    import_start(run=run, by=org.administrator)
    assert finish(run).rows_created == 4
    assert ticket("INC1").subject == "Café: Slow"


def test_a_mapping_for_other_columns_is_refused_whole(org):
    run = import_upload(by=org.administrator, file=ContentFile(as_csv([["1", "x"]], ["a", "b"])), name="o.csv")
    with pytest.raises(MappingInvalid) as caught:
        import_map(run=run, by=org.administrator, mapping=INCIDENT_MAPPING)
    assert Counter(key for key, _ in caught.value.problems)["external_id"] == 1
