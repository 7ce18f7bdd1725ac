"""The panel of what was solved before: what it says, what one does with it, and what came of that."""

import pytest
from django.test import Client
from django.urls import reverse

from escalations.choices import SimilarStage
from escalations.models import SimilarUse, Ticket
from escalations.services.resolutions import ticket_resolve
from escalations.services.similar import similar_take_back, similar_use
from escalations.services.tickets import ticket_restrict
from journal.models import Draft, Event
from tests.factories import Organisation
from tests.queries import statements

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
DONE = "Purged the <b>cache</b> of key ids & restarted EU-1."


@pytest.fixture
def solved(org) -> Ticket:
    ticket = org.ticket(subject="Webhook deliveries stop after key rotation", description="Old key id in signatures.")
    resolve(org, ticket, DONE)
    return ticket


@pytest.fixture
def ticket(org, solved) -> Ticket:
    return org.ticket(subject="No webhook since we rotated keys", description="The signature has an old key id.")


def resolve(org: Organisation, ticket: Ticket, done: str = "The same.") -> None:
    ticket_resolve(ticket=ticket, by=org.agent, root_cause="product_defect", what_was_done=done)


def as_(client: Client, user) -> Client:
    client.force_login(user)
    return client


def url(name: str, ticket: Ticket, other: Ticket | None = None) -> str:
    return reverse(f"escalations:{name}", args=[ticket.ref, *([other.ref] if other else [])])


# --- the panel -------------------------------------------------------------------------------------------


def test_the_ticket_page_loads_the_panel_later_and_links_to_it(org, ticket, client):
    page = as_(client, org.agent).get(ticket.get_absolute_url()).content.decode()
    assert f'hx-get="{url("ticket_similar", ticket)}" hx-trigger="load"' in page
    assert f'href="{url("ticket_similar", ticket)}"' in page


def test_it_costs_the_ticket_page_no_statement(org, ticket, client):
    as_(client, org.agent).get(ticket.get_absolute_url())
    said = statements(lambda: client.get(ticket.get_absolute_url()))
    assert not [sql for sql in said if "similaruse" in sql.lower() or "pg_stats" in sql]


def test_a_finished_ticket_has_no_panel(org, solved, client):
    assert "Solved before" not in as_(client, org.agent).get(solved.get_absolute_url()).content.decode()


def test_panel_and_page(org, ticket, solved, client):
    as_(client, org.agent)
    page = client.get(url("ticket_similar", ticket)).content.decode()
    panel = client.get(url("ticket_similar", ticket), headers=HTMX).content.decode()
    for text in (page, panel):
        assert solved.subject in text
        assert "Solved by <b>L1_First Example</b> (L1 Front)" in text
        assert "<mark>" in text
        assert "&lt;b&gt;" in text
        assert "<b>cache</b>" not in text
        assert "This answers it" in text
        assert "Use in reply" in text
    assert "<html" in page
    assert "<html" not in panel


def test_what_is_typed_is_searched_for_and_writes_nothing(org, solved, client):
    ticket = org.ticket(subject="Nothing arrives", description="")
    as_(client, org.agent)
    typed = {"technical_description": "signature carries the old key id since rotation", "stage": "handoff"}
    before = Event.objects.count()
    text = client.post(url("ticket_similar", ticket), typed, headers=HTMX).content.decode()
    assert solved.subject in text
    assert "Use as likely cause" in text
    assert Event.objects.count() == before
    same = client.post(url("ticket_similar", ticket), typed | {"shown": str(solved.pk)}, headers=HTMX)
    assert same.status_code == 204
    other = client.post(url("ticket_similar", ticket), {"shown": str(solved.pk)}, headers=HTMX)
    assert other.status_code == 200
    assert "Nothing like it was solved before." in other.content.decode()


def test_the_handoff_form_looks_again_while_it_is_written(org, ticket, client):
    page = as_(client, org.agent).get(url("handoff_create", ticket)).content.decode()
    assert "from:#id_technical_description" in page
    assert f'href="{url("ticket_similar", ticket)}?stage=handoff"' in page


def test_readers_see_the_panel_without_its_acts(org, ticket, solved, client):
    text = as_(client, org.process_owner).get(url("ticket_similar", ticket)).content.decode()
    assert solved.subject in text
    assert "This answers it" not in text
    assert "Use in reply" not in text


def test_a_restricted_one_shows_nothing_to_others(org, ticket, solved, client):
    ticket_restrict(ticket=solved, by=org.agent, readers=[], restricted=True)
    as_(client, org.manager)
    assert solved.subject not in client.get(url("ticket_similar", ticket)).content.decode()
    for name in ("similar_use", "similar_copy", "similar_take_back"):
        assert client.post(url(name, ticket, solved)).status_code == 404
    assert not SimilarUse.objects.exists()


# --- this answers it -------------------------------------------------------------------------------------


def test_an_answer_is_kept_once_and_told(org, ticket, solved, client):
    as_(client, org.agent)
    answer = client.post(url("similar_use", ticket, solved), {"stage": "ticket"})
    assert answer["Location"] == ticket.get_absolute_url()
    text = client.post(url("similar_use", ticket, solved), {"stage": "handoff"}, headers=HTMX).content.decode()
    assert "</b> said that it answers this" in text
    use = SimilarUse.objects.get()
    assert (use.ticket, use.similar, use.stage, use.by, use.prevented) == (ticket, solved, "ticket", org.agent, None)
    assert Event.objects.filter(kind="ticket.answer_found").count() == 1
    assert f"found the answer in <a href=\"{solved.get_absolute_url()}\">" in client.get(
        ticket.get_absolute_url()
    ).content.decode()  # fmt: skip


def test_a_colleague_of_another_team_may_find_it_readers_may_not(org, ticket, solved, client):
    assert as_(client, org.receiver).post(url("similar_use", ticket, solved)).status_code == 303
    SimilarUse.objects.all().delete()
    assert as_(client, org.process_owner).post(url("similar_use", ticket, solved)).status_code == 403
    assert not SimilarUse.objects.exists()


def test_only_what_is_solved_answers_and_only_an_open_ticket_is_answered(org, ticket, solved, client):
    as_(client, org.agent)
    assert client.post(url("similar_use", ticket, org.ticket())).status_code == 422
    assert client.post(url("similar_use", ticket, ticket)).status_code == 422
    resolve(org, ticket)
    assert client.post(url("similar_use", ticket, solved)).status_code == 409
    assert not SimilarUse.objects.exists()


def test_whoever_said_it_takes_it_back(org, ticket, solved, client):
    similar_use(ticket=ticket, similar=solved, by=org.agent, stage=SimilarStage.TICKET)
    assert as_(client, org.receiver).post(url("similar_take_back", ticket, solved)).status_code == 403
    assert as_(client, org.agent).post(url("similar_take_back", ticket, solved)).status_code == 303
    assert not SimilarUse.objects.exists()
    similar_take_back(ticket=ticket, similar=solved, by=org.agent)
    assert Event.objects.filter(kind="ticket.answer_dropped").count() == 1


# --- what came of it -------------------------------------------------------------------------------------


def test_resolved_without_escalating_is_prevented(org, ticket, solved, client):
    similar_use(ticket=ticket, similar=solved, by=org.agent, stage=SimilarStage.HANDOFF)
    resolve(org, ticket)
    assert SimilarUse.objects.get().prevented is True
    other = org.ticket(subject="No webhook since keys rotated", description="An old key id in the signature.")
    text = as_(client, org.agent).get(url("ticket_similar", other)).content.decode()
    assert "1 escalation prevented</a> this month" in text
    listed = client.get(reverse("escalations:answer_list")).content.decode()
    assert "Resolved without escalating" in listed
    assert ticket.ref in listed


def test_escalated_after_all_is_not(org, ticket, solved):
    similar_use(ticket=ticket, similar=solved, by=org.agent, stage=SimilarStage.TICKET)
    org.handoff(ticket)
    assert SimilarUse.objects.get().prevented is False
    resolve(org, ticket)
    assert SimilarUse.objects.get().prevented is False


def test_found_after_the_escalation_it_may_spare_the_next(org, ticket, solved):
    org.handoff(ticket)
    similar_use(ticket=ticket, similar=solved, by=org.agent, stage=SimilarStage.TICKET)
    resolve(org, ticket)
    assert SimilarUse.objects.get().prevented is True


def test_without_an_answer_filing_and_resolving_ask_nothing_of_them(org, ticket):
    said = statements(lambda: org.handoff(ticket)) + statements(lambda: resolve(org, ticket))
    assert not [sql for sql in said if sql.startswith("UPDATE") and "similaruse" in sql]


# --- used in reply or handoff ----------------------------------------------------------------------------


def test_without_a_script_it_goes_into_the_reply(org, ticket, solved, client):
    as_(client, org.agent)
    for _ in range(2):
        answer = client.post(url("similar_copy", ticket, solved))
        assert answer["Location"] == f"{ticket.get_absolute_url()}#compose"
    draft = Draft.objects.get(form=f"reply:{ticket.pk}")
    assert draft.data["body"] == [f"{DONE}\n\n{DONE}"]
    assert "Purged the &lt;b&gt;cache" in client.get(ticket.get_absolute_url()).content.decode()


def test_without_a_script_it_goes_into_the_handoff_beside_what_is_known(org, ticket, solved, client):
    as_(client, org.agent)
    answer = client.post(url("similar_copy", ticket, solved), {"stage": "handoff"})
    assert answer["Location"].startswith(url("handoff_create", ticket))
    form = client.get(url("handoff_create", ticket)).context["form"]
    assert form["likely_cause"].value() == f"Like {solved.ref}: {DONE}"
    assert form["customer_words"].value() == ticket.description


def test_only_those_who_hold_the_ticket_write_into_it(org, ticket, solved, client):
    assert as_(client, org.receiver).post(url("similar_copy", ticket, solved)).status_code == 403
    assert not Draft.objects.exists()
