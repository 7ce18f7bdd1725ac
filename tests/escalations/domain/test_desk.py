"""The order of a desk: by deadline, moved up by what stands still, and the same whatever order things came in."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from escalations.domain.desk import (
    NEVER,
    NOW_WITHIN,
    OWN_TICKET,
    RULES,
    Claim,
    Group,
    Kind,
    arrange,
    deadline,
    moment,
)

NOW = datetime(2026, 6, 16, 10, 0, tzinfo=UTC)
DAY_ENDS = datetime(2026, 6, 16, 22, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

instants = st.integers(-60 * 24 * 5, 60 * 24 * 5).map(lambda minutes: NOW + minutes * MINUTE)
claims = st.builds(
    Claim,
    kind=st.sampled_from(Kind),
    key=st.integers(1, 400),
    ticket=st.one_of(st.none(), st.integers(1, 8)),
    at=st.one_of(st.none(), instants),
    since=st.one_of(st.none(), instants),
    lead=st.integers(0, 600).map(lambda minutes: minutes * MINUTE),
    priority=st.integers(1, 4),
)
desks = st.lists(claims, max_size=25, unique_by=lambda claim: (claim.kind, claim.key))


def desk(*found: Claim, now: datetime = NOW) -> list[Claim]:
    return [item.claim for item in arrange(found, now=now, day_ends=DAY_ENDS)]


def at(kind: Kind, minutes: float, *, key: int = 1, ticket: int | None = None, **more) -> Claim:
    return Claim(kind, key, ticket if ticket is not None else key, at=NOW + minutes * MINUTE, **more)


def test_every_kind_has_its_rule():
    assert set(RULES) == set(Kind)


@given(desks, st.randoms(use_true_random=False))
def test_the_order_does_not_depend_on_the_order_of_arrival(found, random):
    shuffled = list(found)
    random.shuffle(shuffled)
    assert arrange(found, now=NOW, day_ends=DAY_ENDS) == arrange(shuffled, now=NOW, day_ends=DAY_ENDS)


@given(desks)
def test_nothing_is_lost_and_nothing_stands_twice(found):
    items = arrange(found, now=NOW, day_ends=DAY_ENDS)
    shown = [claim for item in items for claim in (item.claim, *item.also)]
    assert sorted(shown, key=repr) == sorted(found, key=repr)


@given(desks)
def test_an_own_ticket_stands_alone_only_when_nothing_else_asks_about_it(found):
    exact = {claim.ticket for claim in found if claim.kind not in OWN_TICKET and claim.ticket is not None}
    for item in arrange(found, now=NOW, day_ends=DAY_ENDS):
        if item.claim.kind in OWN_TICKET:
            assert item.claim.ticket not in exact
        assert all(one.kind in OWN_TICKET and one.ticket == item.claim.ticket for one in item.also)


@given(desks)
def test_groups_follow_each_other(found):
    groups = [item.group for item in arrange(found, now=NOW, day_ends=DAY_ENDS)]
    assert groups == sorted(groups)


@given(desks, st.integers(1, 600))
def test_time_only_ever_brings_things_nearer(found, minutes):
    before = {item.claim: item.group for item in arrange(found, now=NOW, day_ends=DAY_ENDS)}
    later = NOW + minutes * MINUTE
    for item in arrange(found, now=later, day_ends=DAY_ENDS):
        if item.claim in before:  # which claim takes an own ticket along may change
            assert item.group <= before[item.claim] or item.also == ()


@given(claims, claims)
def test_of_one_kind_the_earlier_deadline_comes_first(one, other):
    pair = [Claim(Kind.CONSULT, number, None, at=claim.at, since=claim.since) for number, claim in
            enumerate((one, other))]  # fmt: skip
    first, second = desk(*pair)
    assert deadline(first) <= deadline(second)


@given(claims)
def test_no_claim_is_moved_further_than_its_head_starts(claim):
    rule = RULES[claim.kind]
    assert moment(claim, NOW) >= NOW - rule.late_at_most - rule.head_start - timedelta(minutes=45)
    assert moment(claim, NOW) <= max(deadline(claim), NOW)


def test_an_acknowledgement_due_in_minutes_stands_before_what_was_missed_last_week():
    missed = at(Kind.TICKET, -7 * 24 * 60, key=1)
    soon = at(Kind.PENDING, 14, key=2)
    later = at(Kind.PENDING, 40, key=3)
    assert desk(missed, later, soon) == [soon, missed, later]


def test_what_is_only_to_be_read_never_buries_a_promise_that_can_still_be_kept():
    promise = at(Kind.PROMISE, 24, key=1)
    old = [Claim(kind, 2, 2, since=NOW - timedelta(days=3)) for kind in (Kind.MENTION, Kind.HANDED, Kind.ANSWER)]
    for claim in old:
        assert desk(claim, promise) == [promise, claim]


def test_feedback_is_never_something_for_now():
    feedback = Claim(Kind.FEEDBACK, 1, 1, since=NOW - timedelta(days=30))
    quiet = at(Kind.WAIT, 29, key=2)
    items = arrange([feedback, quiet], now=NOW, day_ends=DAY_ENDS)
    assert [(item.claim.kind, item.group) for item in items] == [(Kind.WAIT, Group.NOW), (Kind.FEEDBACK, Group.TODAY)]


def test_among_the_late_the_latest_comes_first():
    found = [at(Kind.TICKET, minutes, key=-minutes) for minutes in (-90, -600, -61)]
    assert desk(*found) == [found[1], found[0], found[2]]


def test_a_claim_takes_the_own_ticket_along_and_its_place():
    ticket = at(Kind.TICKET, -5, key=7)
    note = Claim(Kind.MENTION, 3, 7, since=NOW - 10 * MINUTE)
    other = at(Kind.TICKET, 20, key=8)
    items = arrange([other, note, ticket], now=NOW, day_ends=DAY_ENDS)
    assert [(item.claim, item.also) for item in items] == [(note, (ticket,)), (other, ())]
    assert items[0].group == Group.NOW


def test_a_waiting_customer_counts_where_no_clock_is_nearer():
    waiting = Claim(Kind.TICKET, 1, 1, at=NOW + timedelta(days=2), since=NOW - timedelta(hours=5))
    quiet = Claim(Kind.TICKET, 2, 2, at=NOW + timedelta(days=1))
    nothing = Claim(Kind.TICKET, 3, 3)
    items = arrange([nothing, quiet, waiting], now=NOW, day_ends=DAY_ENDS)
    assert [item.claim for item in items] == [waiting, quiet, nothing]
    assert [item.group for item in items] == [Group.NOW, Group.LATER, Group.LATER]
    assert deadline(nothing) == NEVER


def test_the_head_start_of_a_severity_is_counted_up_to_a_bound():
    """A P1 of one's own stands before a P3 due a little earlier, and never before an acknowledgement that is due."""
    p1 = at(Kind.TICKET, 60, key=1, lead=timedelta(hours=8), priority=1)
    p3 = at(Kind.TICKET, 30, key=2)
    due = at(Kind.PENDING, 10, key=3)
    assert desk(p3, p1, due) == [due, p1, p3]


def test_the_edges_of_now_and_today():
    edge = at(Kind.WAIT, NOW_WITHIN.total_seconds() / 60, key=1)
    after = at(Kind.WAIT, NOW_WITHIN.total_seconds() / 60 + 1, key=2)
    tomorrow = Claim(Kind.WAIT, 3, 3, at=DAY_ENDS)
    groups = [item.group for item in arrange([tomorrow, after, edge], now=NOW, day_ends=DAY_ENDS)]
    assert groups == [Group.NOW, Group.TODAY, Group.LATER]
