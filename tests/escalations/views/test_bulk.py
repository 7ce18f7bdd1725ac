"""Acts on many tickets over HTTP: counted first, done once, a result for each, and the way back."""

import re
import uuid

import pytest
from django.test import Client

from escalations.choices import EscalationState
from escalations.models import BulkAction, Escalation, Message, Ticket
from escalations.services.resolutions import ticket_resolve
from escalations.services.tickets import ticket_assign, ticket_restrict
from tests.factories import accept
from tests.queries import statements

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
FETCH = {"X-Requested-With": "fetch"}


@pytest.fixture
def handed(org) -> list[Ticket]:
    """Three tickets that wait for L2's acknowledgement."""
    tickets = [org.ticket(subject=f"Ticket number {number}") for number in range(3)]
    for ticket in tickets:
        org.handoff(ticket)
    return tickets


def post(client: Client, act: str, tickets=(), **values):
    data = {"act": act, "ticket": [one.ref for one in tickets], "key": uuid.uuid4().hex, "next": "/inbox/"}
    return client.post("/bulk/create/", data | values)


def sure(answer) -> dict[str, object]:
    """What the page that asks would send on."""
    text = answer.content.decode()
    data: dict[str, object] = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', text))
    return data | {"ticket": re.findall(r'name="ticket" value="([^"]+)"', text)}


def states() -> list[str]:
    return list(Escalation.objects.order_by("pk").values_list("state", flat=True))


# --- counted first --------------------------------------------------------------------------------------


def test_a_clear_selection_is_acted_on_at_once(org, client, handed):
    client.force_login(org.receiver)
    answer = post(client, "acknowledge", handed)
    assert (answer.status_code, answer["Location"]) == (303, "/inbox/")
    assert states() == ["acknowledged"] * 3
    text = client.get("/inbox/").content.decode()
    assert "3 tickets acknowledged" in text
    assert f'action="/bulk/{BulkAction.objects.get().pk}/undo/"' in text


def test_what_cannot_be_done_is_counted_before_anything_is_done(org, client, handed):
    others = [org.ticket(), org.ticket()]
    client.force_login(org.receiver)
    answer = post(client, "acknowledge", [*handed, *others])
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "3 tickets will change" in text
    assert "<b>2</b> No handoff waits on it" in text
    assert "Acknowledge: 3 tickets</button>" in text
    assert states() == ["pending"] * 3
    done = client.post("/bulk/create/", sure(answer))
    assert done["Location"] == f"/bulk/{BulkAction.objects.get().pk}/"
    text = client.get(done["Location"]).content.decode()
    assert "3 tickets acknowledged" in text
    # Those that were left out beforehand are not told of again.
    assert others[0].ref not in text


def test_nothing_to_do_has_no_button(org, client):
    client.force_login(org.receiver)
    text = post(client, "acknowledge", [org.ticket()]).content.decode()
    assert "None can be changed" in text
    assert 'class="btn btn-primary"' not in text.split('id="bulk_form"')[1]


def test_all_that_match_are_counted_exactly_beyond_the_page(org, client, handed, monkeypatch):
    monkeypatch.setattr("escalations.selectors.queue.PAGE_SIZE", 1)
    client.force_login(org.receiver)
    answer = post(client, "acknowledge", handed[:1], all="1", query="handoff=unseen&sort=newest")
    assert "3 tickets will change" in answer.content.decode()
    client.post("/bulk/create/", sure(answer))
    assert states() == ["acknowledged"] * 3


def test_too_many_are_refused_with_their_number(org, client, handed, monkeypatch):
    monkeypatch.setattr("escalations.selectors.bulk.LIMIT", 2)
    client.force_login(org.receiver)
    answer = post(client, "acknowledge", all="1", query="handoff=unseen")
    assert answer.status_code == 422
    assert "3 tickets match" in answer.content.decode()
    assert states() == ["pending"] * 3


def test_what_changed_after_the_count_says_so_in_its_row(org, client, handed):
    client.force_login(org.receiver)
    asked = post(client, "acknowledge", [*handed, org.ticket()])
    escalation = Escalation.objects.get(ticket=handed[1])
    accept(escalation, org.people["l2_second"])
    done = client.post("/bulk/create/", sure(asked))
    text = client.get(done["Location"]).content.decode()
    assert "2 tickets acknowledged" in text
    assert text.count("No handoff waits on it any more.") == 1
    assert states() == ["acknowledged", "accepted", "acknowledged"]


def test_the_same_form_twice_does_it_once(org, client, handed):
    client.force_login(org.agent)
    asked = post(client, "note", handed)
    data = sure(asked) | {"body": "Known issue, see the status page"}
    first, second = client.post("/bulk/create/", data), client.post("/bulk/create/", data)
    assert first["Location"] == second["Location"]
    assert Message.objects.filter(kind="note").count() == 3
    # And so does a selection that is acted on at once.
    client.force_login(org.receiver)
    key = uuid.uuid4().hex
    for _ in range(2):
        assert post(client, "acknowledge", handed, key=key).status_code == 303
    assert BulkAction.objects.count() == 2


def test_the_same_list_page_acts_on_others_too(org, client, handed):
    """The page came back from the browser's memory with the key it had."""
    client.force_login(org.receiver)
    key = uuid.uuid4().hex
    for ticket in handed:
        post(client, "acknowledge", [ticket], key=key)
    assert states() == ["acknowledged"] * 3


def test_an_invalid_form_comes_back_with_what_was_typed(org, client, handed):
    client.force_login(org.agent)
    asked = post(client, "wait", handed)
    assert asked.status_code == 200
    wrong = client.post(
        "/bulk/create/", sure(asked) | {"wait": "waiting_customer", "reason": "Trace id", "review_at": ""}
    )
    assert wrong.status_code == 422
    assert 'value="Trace id"' in wrong.content.decode()
    assert sure(wrong)["ticket"] == [one.ref for one in handed]
    assert not BulkAction.objects.exists()


def test_priority_wait_owner_and_close_ask_what_they_need(org, client):
    tickets = [org.ticket(), org.ticket()]
    client.force_login(org.agent)
    asked = post(client, "priority", tickets)
    client.post("/bulk/create/", sure(asked) | {"priority": "2", "reason": "An outage"})
    asked = post(client, "assign", tickets)
    client.post("/bulk/create/", sure(asked) | {"owner": org.people["l1_second"].pk})
    asked = post(client, "wait", tickets)
    client.post(
        "/bulk/create/",
        sure(asked) | {"wait": "waiting_vendor", "reason": "Their part", "review_at": "2026-06-18T10:00"},
    )
    for ticket in tickets:
        ticket.refresh_from_db()
        assert (ticket.priority, ticket.owner, ticket.state) == (2, org.people["l1_second"], "waiting_vendor")
    assert post(client, "resume", tickets).status_code == 303
    for ticket in tickets:
        ticket_resolve(ticket=ticket, by=org.agent, root_cause="configuration", what_was_done="Done.")
    post(client, "close", tickets)
    assert set(Ticket.objects.values_list("state", flat=True)) == {"closed"}


# --- who, and what they see -----------------------------------------------------------------------------


def test_restricted_tickets_are_neither_counted_nor_named(org, client, handed):
    hidden = handed[0]
    ticket_restrict(ticket=hidden, by=org.agent, readers=[], restricted=True)
    client.force_login(org.receiver)
    text = post(client, "note", handed).content.decode()
    assert hidden.ref not in text
    assert "Ticket number 0" not in text
    assert "<b>1</b> You do not see it any more" in text


def test_a_result_hides_what_was_restricted_since(org, client, handed):
    client.force_login(org.receiver)
    post(client, "acknowledge", handed)
    ticket_restrict(ticket=handed[0], by=org.agent, readers=[], restricted=True)
    text = client.get(BulkAction.objects.get().get_absolute_url()).content.decode()
    assert "A ticket that you do not see any more" in text
    assert "Ticket number 0" not in text
    assert handed[0].ref not in text


def test_the_result_is_its_authors_alone(org, client, handed):
    client.force_login(org.receiver)
    post(client, "acknowledge", handed)
    url = BulkAction.objects.get().get_absolute_url()
    client.force_login(org.people["l2_second"])
    assert client.get(url).status_code == 404
    assert client.post(f"{url}undo/").status_code == 404
    assert states() == ["acknowledged"] * 3


def test_an_act_that_there_is_not(org, client):
    client.force_login(org.agent)
    assert post(client, "delete", [org.ticket()]).status_code == 404
    answer = post(client, "take")
    assert (answer.status_code, answer["Location"]) == (303, "/inbox/")
    client.force_login(org.people["l1_second"])
    assert post(client, "take", [org.ticket()], next="https://elsewhere.example/")["Location"] == "/queue/"
    assert client.get("/bulk/create/").status_code == 405


# --- the way back ---------------------------------------------------------------------------------------


def test_undo_answers_for_each(org, client, handed):
    client.force_login(org.receiver)
    post(client, "acknowledge", handed)
    action = BulkAction.objects.get()
    escalation = Escalation.objects.get(ticket=handed[2])
    accept(escalation, org.people["l2_second"])
    for _ in range(2):
        answer = client.post(f"/bulk/{action.pk}/undo/", {"next": "/inbox/"})
        assert answer["Location"] == action.get_absolute_url()
    text = client.get(action.get_absolute_url()).content.decode()
    assert "2 taken back" in text
    assert "1 not taken back" in text
    assert "Not taken back. L2_Second Example changed the handoff since." in text
    assert "Take back" not in text
    assert states() == ["pending", "pending", "accepted"]
    listed = client.get("/bulk/").content.decode()
    assert "3 tickets acknowledged" in listed
    assert "2 taken back" in listed


# --- one key --------------------------------------------------------------------------------------------


def test_one_press_acknowledges_from_a_row_and_gives_the_way_back(org, client, handed):
    client.force_login(org.receiver)
    for page in ("/queue/?handoff=unseen", "/inbox/"):
        text = client.get(page).content.decode()
        assert text.count("data-act>") == 3
        assert f'value="acknowledge:{handed[0].ref}"' in text
    answer = client.post("/bulk/one/", {"one": f"acknowledge:{handed[0].ref}"}, headers=FETCH)
    toast = answer.content.decode()
    assert f"{handed[0].ref} acknowledged" in toast
    undo = re.search(r'action="(/bulk/\d+/undo/)"', toast)[1]
    assert states()[0] == "acknowledged"
    assert client.get("/queue/?handoff=unseen").content.decode().count("data-act>") == 2
    back = client.post(undo, headers=FETCH)
    assert "1 ticket no longer acknowledged" in back.content.decode()
    assert states()[0] == "pending"
    # Without a script: the list again, with the same toast.
    plain = client.post("/bulk/one/", {"one": f"acknowledge:{handed[0].ref}", "next": "/inbox/"})
    assert (plain.status_code, plain["Location"]) == (303, "/inbox/")
    assert f"{handed[0].ref} acknowledged" in client.get("/inbox/").content.decode()


def test_one_press_too_late_or_not_ones_own(org, client, handed):
    client.force_login(org.people["l2_second"])
    client.post("/bulk/one/", {"one": f"acknowledge:{handed[0].ref}"})
    client.force_login(org.receiver)
    late = client.post("/bulk/one/", {"one": f"acknowledge:{handed[0].ref}"}, headers=FETCH)
    assert late.status_code == 409
    assert "L2_Second Example was first" in late.content.decode()
    client.force_login(org.people["l3_first"])
    assert client.post("/bulk/one/", {"one": f"acknowledge:{handed[1].ref}"}).status_code == 403
    ticket_restrict(ticket=handed[2], by=org.agent, readers=[], restricted=True)
    client.force_login(org.receiver)
    assert client.post("/bulk/one/", {"one": f"acknowledge:{handed[2].ref}"}).status_code == 404
    assert client.post("/bulk/one/", {"one": f"note:{handed[1].ref}"}).status_code == 404
    assert EscalationState.PENDING in states()


def test_filter_by_whom_a_handoff_waits_for(org, client, handed):
    def found(user, which: str) -> list[str]:
        client.force_login(user)
        text = client.get(f"/queue/?handoff={which}").content.decode()
        return sorted(re.findall(r'name="ticket" value="([^"]+)"', text))

    everything = sorted(one.ref for one in handed)
    client.force_login(org.receiver)
    client.post("/bulk/one/", {"one": f"acknowledge:{handed[0].ref}"})
    assert found(org.receiver, "mine") == found(org.agent, "any") == everything
    assert found(org.receiver, "unseen") == sorted(one.ref for one in handed[1:])
    assert found(org.agent, "mine") == found(org.people["l3_first"], "mine") == []


def test_rows_offer_it_only_to_receivers(org, client, handed):
    for user in (org.agent, org.people["l3_first"], org.process_owner):
        client.force_login(user)
        assert "data-act>" not in client.get("/queue/?handoff=any").content.decode()
    org.teams["L2"].lead = org.people["l3_first"]
    org.teams["L2"].save()
    client.force_login(org.people["l3_first"])
    assert client.get("/queue/?handoff=mine").content.decode().count("data-act>") == 3


# --- what it costs --------------------------------------------------------------------------------------


def test_counting_first_asks_the_same_however_many(org, client, handed):
    extra = org.ticket()  # somebody else's: so that it is asked about first
    client.force_login(org.receiver)
    post(client, "acknowledge", [handed[0], extra])
    few = len(statements(lambda: post(client, "acknowledge", [handed[0], extra])))
    many = len(statements(lambda: post(client, "acknowledge", [*handed, extra])))
    assert few == many


def test_taking_and_giving_back(org, client):
    ticket = org.ticket()
    ticket_assign(ticket=ticket, by=org.agent, owner=None)
    client.force_login(org.people["l1_second"])
    post(client, "take", [ticket])
    ticket.refresh_from_db()
    assert ticket.owner == org.people["l1_second"]
    client.post(f"/bulk/{BulkAction.objects.get().pk}/undo/")
    ticket.refresh_from_db()
    assert ticket.owner is None
