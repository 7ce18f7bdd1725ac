"""Opening a ticket by hand: where it starts, who is new, what survives a mistake, and what is sent twice."""

import uuid
from urllib.parse import quote_plus

import pytest

from accounts.models import Team
from escalations.models import Contact, Customer, Ticket
from journal.models import Event, IdempotencyKey
from tests.factories import ContactFactory, CustomerFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
URL = "/tickets/create/"


@pytest.fixture
def send(org, client):
    """Sends the form as somebody, with a fresh key unless one is given."""

    def sent(by=None, **values):
        client.force_login(by or org.agent)
        usual = {
            "idempotency_key": uuid.uuid4().hex, "customer": org.customer.pk, "subject": "Webhooks stop",
            "description": "Nothing arrives.", "priority": "3", "sentiment": "",
        }  # fmt: skip
        return client.post(URL, {name: value for name, value in {**usual, **values}.items() if value is not None})

    return sent


def test_form_says_where_each_priority_starts(org, client):
    client.force_login(org.agent)
    text = client.get(URL, {"customer": org.customer.pk}).content.decode()
    assert "Starts at L3 Platform · first response within 15 min around the clock" in text
    assert "Starts at L1 Front · first response within 8 h in the team’s hours" in text
    assert "Service down, multiple users" in text
    assert "by policy 2026.1" in text
    assert "Hanna Lindqvist" in text
    assert f'name="customer" value="{org.customer.pk}" checked' in text


def test_ticket_with_every_fact(org, send):
    answer = send(
        contact=org.contact.pk, channel="phone", category="technical", issue_type="bug", product_area="webhooks",
        churn_threat="on", revenue_at_risk="1200.50", order_value="80", sentiment="upset", complexity="high",
        engineering_required="on", vendor="Acme", vendor_reference="A-1", public_complaint="", concern="",
    )  # fmt: skip
    ticket = Ticket.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, ticket.get_absolute_url())
    assert (ticket.customer, ticket.contact, ticket.owner) == (org.customer, org.contact, org.agent)
    assert (ticket.segment, ticket.sentiment, str(ticket.revenue_at_risk)) == ("enterprise", "upset", "1200.50")
    assert ticket.churn_threat
    assert ticket.churn_threat_by == org.agent
    assert ticket.clocks.count() == 4
    assert Event.objects.filter(kind="ticket.created", subject_id=ticket.pk).count() == 1


def test_sent_twice_opens_one(org, send):
    key = uuid.uuid4().hex
    first, second = send(idempotency_key=key), send(idempotency_key=key)
    assert first["Location"] == second["Location"]
    assert Ticket.objects.count() == 1


def test_new_customer_and_contact_in_one_go(org, send):
    send(
        customer="new", new_name="Oskerby Energy", new_segment="smb", new_is_vip="on", new_region=org.region.pk,
        contact_name="Ola Nordmann", contact_email="ola@oskerby.example",
    )  # fmt: skip
    ticket = Ticket.objects.select_related("customer", "contact").get()
    assert (ticket.customer.name, ticket.customer.is_vip, ticket.segment) == ("Oskerby Energy", True, "smb")
    assert ticket.contact.name == "Ola Nordmann"
    assert ticket.contact.customer == ticket.customer


def test_refusal_keeps_nothing_new_and_the_key_can_be_used_again(org, send):
    Team.objects.filter(code="front").update(is_active=False)
    key = uuid.uuid4().hex
    answer = send(customer="new", new_name="Oskerby Energy", idempotency_key=key)
    assert answer.status_code == 422
    assert "No team works at L1" in answer.content.decode()
    assert not Customer.objects.filter(name="Oskerby Energy").exists()
    assert not IdempotencyKey.objects.exists()
    Team.objects.filter(code="front").update(is_active=True)
    assert send(customer="new", new_name="Oskerby Energy", idempotency_key=key).status_code == 303


def test_customer_that_exists_is_not_entered_again(org, send):
    answer = send(customer="new", new_name="pellworth FREIGHT")
    assert answer.status_code == 422
    assert "This customer exists." in answer.content.decode()


def test_team_may_be_overruled(org, send):
    send(team=org.teams["L2"].pk)
    ticket = Ticket.objects.get()
    assert (ticket.team, ticket.tier.code, ticket.owner) == (org.teams["L2"], "L2", None)


def test_restricted_from_the_first_moment(org, send, client):
    send(is_restricted="on", readers=[org.receiver.pk])
    ticket = Ticket.objects.get()
    assert {reader.user for reader in ticket.readers.all()} == {org.agent, org.receiver}
    client.force_login(org.people["l1_second"])
    assert client.get(ticket.get_absolute_url()).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"subject": ""}, "Nothing is written here yet."), ({"customer": None}, "Choose the customer from the list"),
        ({"customer": "99999999"}, "Choose the customer from the list"), ({"customer": "new"}, "A new customer needs"),
        ({"customer": "x\x00"}, "invisible control character"), ({"priority": None}, "Choose a priority"),
        ({"priority": "9"}, "Select a valid choice"), ({"revenue_at_risk": "-1"}, "greater than or equal to 0"),
        ({"revenue_at_risk": "lots"}, "Enter a number"), ({"contact_email": "a@b.example"}, "Write the name."),
        ({"description": "x" * 1_000_000}, "too long"), ({"subject": "a\x00b"}, "invisible control character"),
        ({"customer": "12x"}, "Choose the customer from the list"), ({"subject": "y" * 400}, "too long"),
        ({"idempotency_key": "broken"}, "This form is damaged"), ({"sentiment": "furious"}, "Select a valid choice"),
    ],
)  # fmt: skip
def test_mistake_is_named_and_what_was_typed_is_kept(org, client, wrong, words):
    client.force_login(org.agent)
    values = {
        "idempotency_key": uuid.uuid4().hex, "customer": org.customer.pk, "subject": "Kept subject",
        "description": "Kept description", "priority": "2", "vendor": "Kept vendor", **wrong,
    }  # fmt: skip
    sent = {name: value for name, value in values.items() if value is not None}
    answer = client.post(URL, encoded(sent), content_type="application/x-www-form-urlencoded")
    text = answer.content.decode()
    assert answer.status_code == 422, text[:300]
    assert words in text
    assert "Kept vendor" in text
    assert Ticket.objects.count() == 0


def test_half_of_a_character_is_no_fault_of_ours(org, client):
    client.force_login(org.agent)
    values = {
        "idempotency_key": uuid.uuid4().hex,
        "customer": org.customer.pk,
        "subject": "Half \ud83d of it",
        "priority": 3,
    }
    answer = client.post(URL, encoded(values), content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 303
    assert Ticket.objects.get().subject.startswith("Half \ufffd")


def encoded(values) -> bytes:
    """A form as a hostile client sends it: lone surrogates included."""
    plain = {name: str(value).encode("utf-8", "surrogatepass") for name, value in values.items()}
    pairs = (f"{quote_plus(name)}={quote_plus(value)}" for name, value in plain.items())
    return "&".join(pairs).encode()


def test_contact_of_another_customer_is_refused(org, send):
    stranger = ContactFactory()
    assert send(contact=stranger.pk).status_code == 422
    assert Ticket.objects.count() == 0


def test_looking_for_a_customer_without_script_keeps_the_form_and_complains_about_nothing(org, client):
    client.force_login(org.agent)
    CustomerFactory(name="Freight & Sons")
    key = uuid.uuid4().hex
    values = {"find": "1", "customer_words": "frei", "subject": "Kept", "priority": "2", "idempotency_key": key}
    answer = client.post(URL, values)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "Pellworth Freight" in text
    assert "Freight &amp; Sons" in text
    assert 'value="Kept"' in text
    assert f'value="{key}"' in text
    assert "Nothing is written here yet." not in text
    assert 'value="2" required checked' in text


def test_customer_section_for_scripts(org, client):
    client.force_login(org.agent)
    part = client.get("/tickets/create/customer/", {"customer_words": "PELL", "customer": org.customer.pk})
    text = part.content.decode()
    assert text.startswith('<fieldset class="form-part" id="ticket_create_customer"')
    assert "Hanna Lindqvist" in text
    assert "No customer has a name" in client.get(
        "/tickets/create/customer/", {"customer_words": "zzz' & :*"}
    ).content.decode()  # fmt: skip


def test_reader_opens_no_ticket(org, client):
    lena = org.person("lena", "success_manager")
    client.force_login(lena)
    for answer in (client.get(URL), client.post(URL, {}), client.get("/tickets/create/customer/")):
        assert answer.status_code == 403
    assert "Create ticket" not in client.get("/queue/").content.decode()


def test_contact_is_entered_once_with_the_ticket(org, send):
    send(contact_name="Ola Nordmann")
    assert Contact.objects.filter(customer=org.customer).count() == 2
