"""The timeline: two streams in one order, a page at a time, nothing twice and nothing lost."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalations.models import Message
from escalations.selectors.timeline import VIEWS, _read_cursor, tally, timeline, view_of
from escalations.services.conversation import ticket_note, ticket_record_customer, ticket_reply
from journal import clock
from journal.services import event_append
from tests.factories import NOON, in_hours


def whole(ticket, size: int, view=VIEWS[0]) -> list[tuple[datetime, int, int]]:
    found, before = [], ""
    for _ in range(200):
        page = timeline(ticket, view=view, before=before, size=size)
        found += [(moment.at, moment.rank, moment.pk) for moment in page.moments]
        if not page.older:
            return found
        before = page.older
    raise AssertionError("the timeline does not end")


def fill(ticket, org) -> None:
    """Messages and events at the same and at different instants."""
    for number in range(20):
        at = NOON + timedelta(seconds=number // 4)
        Message.objects.create(ticket=ticket, kind="note", author=org.agent, body=str(number), said_at=at)
        event_append(subject=("ticket", ticket.pk), kind="ticket.changed", at=at, actor=org.agent, data={})


@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_pages_join_without_gap_or_repetition(org, size):
    with clock.travel(NOON):
        ticket = org.ticket()
        fill(ticket, org)
    found = whole(ticket, size)
    assert len(found) == len(set(found)) == 41
    assert found == sorted(found, reverse=True)


@pytest.mark.parametrize("view", VIEWS)
def test_each_filter_shows_as_many_as_it_counts(org, view):
    with clock.travel(NOON):
        ticket = org.ticket()
        ticket_reply(ticket=ticket, by=org.agent, body="One.")
        ticket_reply(ticket=ticket, by=org.agent, body="Two.", channel="phone")
        ticket_record_customer(ticket=ticket, by=org.agent, body="Three.", channel="email")
        ticket_note(ticket=ticket, by=org.agent, body="Four.")
        org.handoff(ticket)
    assert len(whole(ticket, 2, view)) == tally(ticket).counts[view.key]
    assert tally(ticket).counts == {"all": 7, "customer": 3, "notes": 1, "moves": 1}


def test_a_reply_carries_its_promise(org):
    with clock.travel(NOON):
        ticket = org.ticket()
        ticket_reply(ticket=ticket, by=org.agent, body="One.", next_update_at=in_hours(2))
        moment = next(one for one in timeline(ticket).moments if one.message)
    assert moment.promised == "2026-06-16T12:00:00+00:00"


def test_unknown_filter_is_all():
    assert view_of("<script>").key == "all"


@given(st.text(max_size=60))
def test_no_cursor_breaks_the_page(text):
    found = _read_cursor(text)
    assert found is None or isinstance(found[0], datetime)


def test_cursor_far_outside_of_time(org):
    ticket = org.ticket()
    assert timeline(ticket, before=f"{10**18}.1.{10**18}").moments
    assert timeline(ticket, before=f"0.1.{10**18}").moments == []
    assert datetime(1970, 1, 1, tzinfo=UTC) == _read_cursor("0.1.1")[0]
