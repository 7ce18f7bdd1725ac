"""The small forms of a ticket, with and without a script."""

import uuid

import pytest
from django.test import Client

from escalations.choices import TicketState
from escalations.models import Effort, HandoffFeedback, Resolution
from escalations.services.resolutions import ticket_resolve
from escalations.services.tickets import ticket_change_facts
from tests.factories import accept

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def agent(org, client: Client) -> Client:
    client.force_login(org.agent)
    return client


@pytest.mark.parametrize("name", ["facts", "priority", "assign", "wait", "restrict"])
def test_each_form_is_a_page_and_a_fragment(org, agent, name):
    url = f"{org.ticket().get_absolute_url()}{name}/"
    page, fragment = agent.get(url).content.decode(), agent.get(url, headers=HTMX).content.decode()
    assert "<html" in page
    assert "<html" not in fragment
    for text in (page, fragment):
        assert 'id="ticket_form"' in text
        assert f'action="{url}"' in text


@pytest.mark.parametrize("name", ["priority", "assign", "wait", "resume", "resolve", "reopen", "close", "restrict"])
def test_acts_are_for_those_who_hold_the_ticket(org, client, name):
    ticket = org.ticket()
    client.force_login(org.people["l3_first"])
    assert client.post(f"{ticket.get_absolute_url()}{name}/", {}).status_code == 403


@pytest.mark.parametrize("name", ["priority", "wait", "reopen"])
def test_an_empty_form_is_answered_in_its_own_place(org, agent, name):
    ticket = org.ticket()
    if name == "reopen":
        ticket_resolve(ticket=ticket, by=org.agent, root_cause="user_error", what_was_done="Explained.")
    answer = agent.post(f"{ticket.get_absolute_url()}{name}/", {}, headers=HTMX)
    assert answer.status_code == 422
    assert answer.content.decode().lstrip().startswith("<form")


def test_priority(org, agent):
    ticket = org.ticket()
    answer = agent.post(
        f"{ticket.get_absolute_url()}priority/", {"priority": "1", "reason": "All stands still."}, headers=HTMX
    )
    assert answer["HX-Redirect"] == ticket.get_absolute_url()
    ticket.refresh_from_db()
    assert ticket.priority == 1


def test_take_and_give(org, client):
    ticket = org.ticket()
    other = org.people["l1_second"]
    client.force_login(other)
    url = f"{ticket.get_absolute_url()}assign/"
    assert client.post(url, {"owner": other.pk}).status_code == 303
    ticket.refresh_from_db()
    assert ticket.owner == other
    assert client.post(url, {"owner": org.receiver.pk}).status_code == 422
    assert client.post(url, {"owner": ""}).status_code == 303
    ticket.refresh_from_db()
    assert ticket.owner is None


def test_wait_and_resume(org, agent):
    ticket = org.ticket()
    url = f"{ticket.get_absolute_url()}wait/"
    past = agent.post(url, {"wait": "waiting_vendor", "reason": "Patch", "review_at": "2020-01-01T10:00"})
    assert past.status_code == 422
    assert "Patch" in past.content.decode()
    agent.post(url, {"wait": "waiting_vendor", "reason": "Patch", "review_at": "2090-01-01T10:00"})
    ticket.refresh_from_db()
    assert ticket.state == TicketState.WAITING_VENDOR
    agent.post(f"{ticket.get_absolute_url()}resume/")
    ticket.refresh_from_db()
    assert ticket.state == TicketState.OPEN
    assert agent.post(f"{ticket.get_absolute_url()}resume/").status_code == 409


def test_acts_that_are_over_say_so(org, agent):
    ticket = org.ticket()
    ticket_resolve(ticket=ticket, by=org.agent, root_cause="user_error", what_was_done="Explained.")
    for name in ("priority", "assign", "wait", "resolve"):
        answer = agent.get(f"{ticket.get_absolute_url()}{name}/")
        assert answer.status_code == 409, name
        assert f"{ticket.ref} is resolved" in answer.content.decode()


def test_close_and_reopen(org, agent):
    ticket = org.ticket()
    ticket_resolve(ticket=ticket, by=org.agent, root_cause="user_error", what_was_done="Explained.")
    agent.post(f"{ticket.get_absolute_url()}close/")
    ticket.refresh_from_db()
    assert ticket.state == TicketState.CLOSED
    agent.post(f"{ticket.get_absolute_url()}reopen/", {"reason": "It came back."})
    ticket.refresh_from_db()
    assert ticket.state == TicketState.OPEN


def test_restrict(org, agent, client):
    ticket = org.ticket()
    agent.post(f"{ticket.get_absolute_url()}restrict/", {"restricted": "yes", "readers": [org.receiver.pk]})
    ticket.refresh_from_db()
    assert ticket.is_restricted
    assert {row.user for row in ticket.readers.all()} == {org.agent, org.receiver}
    client.force_login(org.manager)
    assert client.get(ticket.get_absolute_url()).status_code == 404


# --- facts -----------------------------------------------------------------------------------------------


def facts_of(text: str) -> dict[str, str]:
    """The fields of the facts form as a browser would send them unchanged, hidden initials included."""
    found: dict[str, str] = {}
    for part in text.split("<input ")[1:]:
        tag = part.split(">")[0]
        values = dict(piece.split('="', 1) for piece in tag.split('" ') if '="' in piece)
        if values.get("type") == "checkbox" and "checked" not in tag:
            continue
        if "name" in values and values["name"] != "csrfmiddlewaretoken":
            found[values["name"]] = values.get("value", "").rstrip('"')
    for part in text.split("<select ")[1:]:
        name = part.split('name="')[1].split('"')[0]
        chosen = part.split("</select>")[0].split(" selected")[0].rsplit('value="', 1)
        found[name] = chosen[1].split('"')[0] if " selected" in part.split("</select>")[0] else ""
    for part in text.split("<textarea ")[1:]:
        found[part.split('name="')[1].split('"')[0]] = part.split(">", 1)[1].split("</textarea>")[0].strip()
    return found


@pytest.fixture
def form(org, agent):
    ticket = org.ticket(vendor="Acme", product_area="webhooks")
    url = f"{ticket.get_absolute_url()}facts/"
    text = agent.get(url).content.decode().split('id="ticket_form"')[1]
    return ticket, url, facts_of(text)


def test_unchanged_facts_change_nothing(form, agent):
    ticket, url, data = form
    assert agent.post(url, data).status_code == 303
    before = ticket.version
    ticket.refresh_from_db()
    assert ticket.version == before


def test_two_people_change_different_facts(form, agent, org):
    ticket, url, data = form
    ticket_change_facts(ticket=ticket, by=org.manager, version=ticket.version, changes={"vendor": "Globex"})
    assert agent.post(url, data | {"product_area": "identity"}).status_code == 303
    ticket.refresh_from_db()
    assert (ticket.vendor, ticket.product_area) == ("Globex", "identity")


@pytest.mark.parametrize(
    ("choice", "vendor"),
    [
        ({"conflict-vendor": "theirs", "resolve": "chosen"}, "Globex"),
        ({"conflict-vendor": "mine", "resolve": "chosen"}, "Initech"),
        ({"conflict-vendor": "mine", "take_all": "theirs"}, "Globex"),
    ],
)
def test_two_people_change_the_same_fact(form, agent, org, choice, vendor):
    ticket, url, data = form
    ticket_change_facts(ticket=ticket, by=org.manager, version=ticket.version, changes={"vendor": "Globex"})
    answer = agent.post(url, data | {"vendor": "Initech", "product_area": "identity"})
    text = answer.content.decode()
    assert answer.status_code == 409
    for words in ("Globex", "Initech", org.manager.full_name, "1 field differs"):
        assert words in text
    ticket.refresh_from_db()
    assert ticket.vendor == "Globex"
    again = facts_of(text.split('id="ticket_form"')[1])
    again = {name: value for name, value in again.items() if not name.startswith("conflict-")}
    assert agent.post(url, again | choice).status_code == 303
    ticket.refresh_from_db()
    assert (ticket.vendor, ticket.product_area) == (vendor, "identity")


def test_a_third_change_meanwhile_is_shown_again(form, agent, org):
    ticket, url, data = form
    ticket_change_facts(ticket=ticket, by=org.manager, version=ticket.version, changes={"vendor": "Globex"})
    text = agent.post(url, data | {"vendor": "Initech"}).content.decode()
    again = facts_of(text.split('id="ticket_form"')[1])
    ticket.refresh_from_db()
    ticket_change_facts(ticket=ticket, by=org.manager, version=ticket.version, changes={"vendor": "Hooli"})
    answer = agent.post(url, again | {"conflict-vendor": "mine", "resolve": "chosen"})
    assert answer.status_code == 409
    assert "Hooli" in answer.content.decode()


def test_churn_threat_is_for_every_reader(org, client):
    ticket = org.ticket()
    client.force_login(org.process_owner)
    url = f"{ticket.get_absolute_url()}facts/"
    assert client.post(url, {"churn_threat": "on", "version": ticket.version, "vendor": "Acme"}).status_code == 303
    ticket.refresh_from_db()
    assert ticket.churn_threat
    assert ticket.churn_threat_by == org.process_owner
    assert ticket.vendor == ""


# --- resolution ------------------------------------------------------------------------------------------


@pytest.fixture
def accepted(org, client):
    ticket = org.ticket()
    accept(org.handoff(ticket), org.receiver)
    client.force_login(org.receiver)
    return ticket


def resolution(org, **values: object) -> dict[str, object]:
    tiers = {f"minutes_{org.teams[code].tier.pk}": minutes for code, minutes in (("L1", 21), ("L2", 40))}
    return {
        "root_cause": "configuration", "what_was_done": "Cache dropped.", "satisfaction": "5", "rating": "4",
        "was_necessary": "no", "avoidable_by": "knowledge_gap", "comment": "Thin steps.",
        "idempotency_key": uuid.uuid4().hex,
    } | tiers | values  # fmt: skip


def test_resolve_captures_what_was_learnt_once(org, accepted, client):
    url = f"{accepted.get_absolute_url()}resolve/"
    assert 'value="21"' in client.get(url).content.decode()
    data = resolution(org)
    assert client.post(url, data).status_code == client.post(url, data).status_code == 303
    row = Resolution.objects.get()
    assert (row.root_cause, row.satisfaction, row.customer_lost) == ("configuration", 5, False)
    assert sorted(Effort.objects.values_list("tier__code", "minutes")) == [("L1", 21), ("L2", 40)]
    assert HandoffFeedback.objects.get().avoidable_by == "knowledge_gap"
    assert client.post(url, resolution(org)).status_code == 409


@pytest.mark.parametrize("missing", ["root_cause", "what_was_done", "rating", "was_necessary"])
def test_resolve_says_what_is_missing_and_keeps_the_rest(org, accepted, client, missing):
    answer = client.post(f"{accepted.get_absolute_url()}resolve/", resolution(org, **{missing: ""}))
    assert answer.status_code == 422
    assert "Thin steps." in answer.content.decode()
    assert not Resolution.objects.exists()


def test_without_an_escalation_no_word_on_a_handoff_is_asked(org, agent):
    ticket = org.ticket()
    url = f"{ticket.get_absolute_url()}resolve/"
    assert "The handoff, 1 to 5" not in agent.get(url).content.decode()
    assert agent.post(url, resolution(org)).status_code == 303
