"""What was solved before is found again: in other words, by those who may see it, and in a few statements."""

from datetime import timedelta

import pytest
from django.db import connection, transaction

from escalations.choices import SimilarStage
from escalations.models import Customer, Issue, SimilarUse, Ticket
from escalations.selectors.answers import answers_of, month_of, prevented_in
from escalations.selectors.similar import known_words, similar_to
from escalations.selectors.similar_shown import Piece, pieces
from escalations.services.resolutions import ticket_reopen, ticket_resolve
from escalations.services.similar import similar_use
from escalations.services.tickets import ticket_restrict
from journal import clock
from tests.bench import data, wording
from tests.factories import NOON, Organisation
from tests.queries import statements

pytestmark = pytest.mark.django_db
OPEN, TOTAL = 200, 4000
DONE = "Purged the cache of key ids in EU-1; rotation drops it now."


def solve(org: Organisation, *, done: str = DONE, satisfaction: int | None = None, **facts) -> Ticket:
    ticket = org.ticket(**facts)
    ticket_resolve(
        ticket=ticket, by=org.agent, root_cause="product_defect", what_was_done=done, satisfaction=satisfaction,
        minutes={ticket.tier: 40},
    )  # fmt: skip
    ticket.refresh_from_db()
    return ticket


def found(ticket: Ticket, user, **more) -> list[Ticket]:
    return [one.ticket for one in similar_to(ticket, user, now=clock.now(), **more).solved]


ROTATION = {"subject": "Webhook deliveries stop after key rotation", "description": "Signatures carry the old key id."}
AGAIN = {"subject": "No webhook arrives since we rotated our keys", "description": "The signature has an old key id."}
OTHER = {"subject": "Invoice shows too many seats", "description": "We removed people in time."}


def test_the_same_problem_in_other_words(org):
    with clock.travel(NOON):
        solve(org, **OTHER, done="Corrected the invoice.")
        old = solve(org, **ROTATION)
    with clock.travel(NOON + timedelta(days=12)):
        new = org.ticket(**AGAIN)
        shown = similar_to(new, org.agent, now=clock.now()).solved
    assert [one.ticket for one in shown] == [old]
    assert shown[0].resolution.resolved_by == org.agent
    assert shown[0].effort == "in 40 min"
    assert any("rotated" in reason for reason in shown[0].reasons)
    assert Piece("rotation", True) in shown[0].done


def test_what_was_done_counts_as_well(org):
    old = solve(org, **OTHER, done="Relaxed the issuer comparison of SCIM provisioning.")
    new = org.ticket(subject="Provisioning stopped", description="")
    assert found(new, org.agent, typed="SCIM issuer comparison is exact") == [old]
    assert found(new, org.agent) == []


def test_an_open_ticket_its_own_past_and_a_merged_one_are_not_answers(org):
    mine = solve(org, **ROTATION)
    ticket_reopen(ticket=mine, by=org.agent, reason="It is back.")
    mine.refresh_from_db()
    org.ticket(**ROTATION)
    merged = solve(org, **ROTATION)
    Ticket.objects.filter(pk=merged.pk).update(merged_into=mine)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    assert found(mine, org.agent) == [merged]
    survivor = org.ticket(**AGAIN)
    assert found(survivor, org.agent) == [merged]
    assert mine not in found(survivor, org.agent)


def test_a_restricted_ticket_answers_only_those_who_are_named(org):
    old = solve(org, **ROTATION)
    new = org.ticket(**AGAIN)
    ticket_restrict(ticket=old, by=org.agent, readers=[org.receiver], restricted=True)
    assert found(new, org.receiver) == [old]
    assert found(new, org.manager) == []
    assert found(new, org.people["l1_second"]) == []


def test_who_reads_no_tickets_finds_none(org):
    solve(org, **ROTATION)
    nobody = org.person("nobody", "l1_agent")
    nobody.role = None
    assert found(org.ticket(**AGAIN), nobody) == []


def test_tickets_of_the_same_issue_come_first(org):
    issue = Issue.objects.create(title="Key rotation", opened_at=clock.now())
    alike = solve(org, **ROTATION)
    linked = solve(org, subject="Nothing comes in", description="Since noon.")
    Ticket.objects.filter(pk=linked.pk).update(issue=issue)
    new = org.ticket(**AGAIN)
    Ticket.objects.filter(pk=new.pk).update(issue=issue)
    new.refresh_from_db()
    shown = similar_to(new, org.agent, now=clock.now()).solved
    assert [one.ticket for one in shown] == [linked, alike]
    assert shown[0].reasons[0] == "Same issue"


@pytest.mark.parametrize(
    "typed",
    ["", " ", "'", "a & | ! ( ) <-> :* ''", "\\' OR 1=1 --", "\x00\ud800 \x02", "der " * 50_000, "🙂", "-1 4711 0x1F"],
)
def test_whatever_is_typed_breaks_nothing(org, typed):
    old = solve(org, **ROTATION)
    assert found(org.ticket(**AGAIN), org.agent, typed=typed) == [old]
    similar_to(Ticket(subject=typed[:200], description=typed), org.agent, now=clock.now())


def test_it_costs_the_same_however_much_there_is(org):
    def cost(ticket: Ticket) -> int:
        return len(statements(lambda: similar_to(ticket, org.agent, now=clock.now())))

    solve(org, **ROTATION)
    new = org.ticket(**AGAIN)
    few = cost(new)
    for number in range(8):
        solve(org, **{**ROTATION, "description": f"Signatures carry the old key id {number}."})
    assert cost(new) == few


def test_long_texts_are_cut_between_words():
    text = "word " * 200 + "\x02end\x03"
    shown = pieces(text, longest=100)
    assert "".join(piece.text for piece in shown).endswith("word …")
    assert sum(len(piece.text) for piece in shown) <= 102
    assert pieces("a \x02b\x03 c") == [Piece("a "), Piece("b", True), Piece(" c")]


def test_words_are_shown_as_they_were_written(org):
    known = known_words("(“Signatures”, signed; signing) SIGNATURE!")
    assert [word.written for word in known.tickets] == ["Signatures", "signed"]


# --- what came of it -------------------------------------------------------------------------------------


def test_the_count_is_of_tickets_that_one_may_see(org):
    with clock.travel(NOON) as time:
        sources = [solve(org, **ROTATION), solve(org, **ROTATION)]
        new = org.ticket(**AGAIN)
        for source in sources:
            similar_use(ticket=new, similar=source, by=org.agent, stage=SimilarStage.TICKET)
        month = month_of(clock.now(), NOON.tzinfo)
        assert prevented_in(month, org.agent) == 0
        time.forward(timedelta(hours=1))
        ticket_resolve(ticket=new, by=org.agent, root_cause="product_defect", what_was_done="The same.")
        assert prevented_in(month, org.agent) == 1
        assert len(answers_of(month, org.agent).rows) == 2
        ticket_restrict(ticket=sources[0], by=org.agent, readers=[], restricted=True)
        hidden = [row.source for row in answers_of(month, org.manager).rows]
        assert None in hidden
        assert sources[1] in hidden
        ticket_restrict(ticket=new, by=org.agent, readers=[], restricted=True)
        assert prevented_in(month, org.manager) == 0
        assert answers_of(month, org.manager).rows == []


def test_a_month_ends_where_the_next_begins():
    december = month_of(NOON.replace(month=12, day=31), NOON.tzinfo)
    assert (december.since.month, december.until.month, december.until.year) == (12, 1, NOON.year + 1)
    assert month_of(december.until, NOON.tzinfo).since == december.until


# --- among many ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def filled(django_db_setup, django_db_blocker):
    """Thousands of tickets and fifty problems that came back, rolled back afterwards."""
    with django_db_blocker.unblock(), transaction.atomic():
        org = data.organisation()
        data.fill(connection, OPEN, TOTAL)
        wording.fill_resolutions(connection)
        yield org, wording.plant(connection)
        transaction.set_rollback(True)


def test_every_planted_case_is_among_the_first_three(filled):
    org, pairs = filled
    user = org.people["l1_first"]
    assert len(pairs) == wording.CASES
    missed = [new for old, new in pairs if old not in [one.pk for one in found(Ticket.objects.get(pk=new), user)[:3]]]
    assert missed == []


def test_the_same_while_a_long_text_is_typed(filled):
    org, pairs = filled
    typed = " ".join(wording.word(rank) for rank in range(300, 420))
    old, new = pairs[0]
    assert old in [one.pk for one in found(Ticket.objects.get(pk=new), org.agent, typed=typed)[:3]]


def test_nothing_like_it_is_said_rather_than_guessed(filled):
    org, _ = filled
    customer = Customer.objects.order_by("pk").first()
    stranger = Ticket(subject="Zephyr quixotic", description="Marzipan umbrella.", customer=customer)
    assert found(stranger, org.agent) == []
    assert not SimilarUse.objects.exists()
