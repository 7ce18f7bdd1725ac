"""The customer's page and the form that managers keep it by."""

from datetime import timedelta

import pytest

from escalations.models import Customer, Ticket
from escalations.services.resolutions import ticket_resolve
from escalations.services.tickets import ticket_restrict
from journal.models import Event
from tests.factories import NOON, CustomerFactory
from tests.queries import statements

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def url(org) -> str:
    return f"/customers/{org.customer.pk}/"


def form_of(customer: Customer, **changes) -> dict[str, object]:
    customer.refresh_from_db()
    values = {
        "version": customer.version, "name": customer.name, "segment": customer.segment,
        "region": customer.region_id, "time_zone": customer.time_zone, "relationship_notes": "",
    }  # fmt: skip
    return {**values, **changes}


def test_page_shows_people_open_and_recent_tickets(org, client, url, noon):
    done, running = org.ticket(subject="Was solved"), org.ticket(subject="Is open")
    ticket_resolve(ticket=done, by=org.agent, root_cause="configuration", what_was_done="Done.")
    org.ticket(subject="Somebody else’s", customer=CustomerFactory())
    client.force_login(org.agent)
    text = client.get(url).content.decode()
    for words in ("Pellworth Freight", "Enterprise", "Hanna Lindqvist", "Was solved", "Is open", running.ref, "EMEA"):
        assert words in text
    assert "Somebody else" not in text
    assert f'href="/queue/?customer={org.customer.pk}"' in text
    assert f'href="/tickets/create/?customer={org.customer.pk}"' in text
    noon.forward(timedelta(days=31))
    assert "Was solved" not in client.get(url).content.decode()


def test_restricted_ticket_is_neither_listed_nor_counted(org, client, url):
    ticket = org.ticket(subject="Subpoena")
    org.handoff(ticket)
    ticket_restrict(ticket=ticket, by=org.agent, readers=[], restricted=True)
    client.force_login(org.receiver)
    text = client.get(url).content.decode()
    assert "Subpoena" not in text
    assert text.count("<dd>0</dd>") == 2


def test_statements_do_not_grow_with_the_tickets(org, client, url):
    client.force_login(org.agent)
    org.ticket()
    client.get(url)
    few = statements(lambda: client.get(url))
    for _ in range(6):
        org.ticket()
    assert len(statements(lambda: client.get(url))) == len(few)


def test_change_reaches_open_tickets_and_says_so(org, client, url):
    opened, done = org.ticket(), org.ticket()
    ticket_resolve(ticket=done, by=org.agent, root_cause="configuration", what_was_done="Done.")
    Ticket.objects.update(next_check_at=None)
    client.force_login(org.manager)
    answer = client.post(f"{url}edit/", form_of(org.customer, segment="smb", is_vip="on", relationship_notes="Calm."))
    assert (answer.status_code, answer["Location"]) == (303, url)
    opened.refresh_from_db()
    done.refresh_from_db()
    assert (opened.segment, opened.is_vip, opened.next_check_at) == ("smb", True, NOON)
    assert (done.segment, done.is_vip, done.next_check_at) == ("enterprise", False, None)
    told = Event.objects.get(kind="ticket.changed", subject_id=opened.pk, data__because="customer")
    assert told.data["changes"] == {"segment": ["enterprise", "smb"], "is_vip": [False, True]}
    said = Event.objects.get(subject_type="customer", kind="customer.changed")
    assert said.data["rewritten"] == ["relationship_notes"]
    assert "Calm." not in str(said.data)


def test_stale_form_keeps_what_was_typed(org, client, url):
    client.force_login(org.manager)
    stale = form_of(org.customer, name="Mine")
    client.post(f"{url}edit/", form_of(org.customer, name="Theirs"))
    answer = client.post(f"{url}edit/", stale)
    assert answer.status_code == 409
    assert 'value="Mine"' in answer.content.decode()
    (one,) = answer.context["conflict"].differences
    assert (one.label, one.theirs, one.mine) == ("Name", "Theirs", "Mine")
    org.customer.refresh_from_db()
    assert org.customer.name == "Theirs"


def shown_of(page) -> dict[str, object]:
    """The form as a browser would send it, unchanged."""
    form = page.context["form"]
    values = {}
    for field in form:
        value = field.value()
        shown = "" if value in (None, False) else "on" if value is True else value
        values[field.name] = shown
        if field.field.show_hidden_initial:
            values[field.html_initial_name] = "" if value is None else value
    return {name: value for name, value in values.items() if value != "" or name != "is_vip"}


def test_two_people_who_change_different_things_both_get_them(org, client, url):
    client.force_login(org.manager)
    mine = shown_of(client.get(f"{url}edit/")) | {"relationship_notes": "Mine"}
    client.post(f"{url}edit/", shown_of(client.get(f"{url}edit/")) | {"segment": "smb"})
    assert client.post(f"{url}edit/", mine).status_code == 303
    org.customer.refresh_from_db()
    assert (org.customer.segment, org.customer.relationship_notes) == ("smb", "Mine")


@pytest.mark.parametrize(("side", "kept"), [("theirs", "smb"), ("mine", "mid_market")])
def test_who_comes_second_chooses_field_by_field(org, client, url, side, kept):
    client.force_login(org.manager)
    mine = shown_of(client.get(f"{url}edit/")) | {"segment": "mid_market", "relationship_notes": "Mine"}
    client.post(f"{url}edit/", shown_of(client.get(f"{url}edit/")) | {"segment": "smb"})
    conflict = client.post(f"{url}edit/", mine)
    assert conflict.status_code == 409
    assert [one.name for one in conflict.context["conflict"].differences] == ["segment"]
    again = mine | {"version": conflict.context["form"].data["version"], "initial-segment": "smb"}
    answer = client.post(f"{url}edit/", again | {"resolve": "chosen", "conflict-segment": side})
    assert answer.status_code == 303
    org.customer.refresh_from_db()
    assert (org.customer.segment, org.customer.relationship_notes) == (kept, "Mine")


@pytest.mark.parametrize(
    "wrong", [{"time_zone": "Mars/Olympus"}, {"name": ""}, {"name": "a\x00b"}, {"segment": "none"}]
)
def test_mistake_is_422(org, client, url, wrong):
    client.force_login(org.manager)
    assert client.post(f"{url}edit/", form_of(org.customer, **wrong)).status_code == 422


def test_managers_alone_change_customers(org, client, url):
    client.force_login(org.agent)
    assert client.get(f"{url}edit/").status_code == 403
    assert client.post(f"{url}edit/", form_of(org.customer, name="Mine")).status_code == 403
    assert "Change customer" not in client.get(url).content.decode()
    assert client.get("/customers/99999/").status_code == 404


def test_no_change_is_no_event(org, client, url):
    client.force_login(org.manager)
    client.post(f"{url}edit/", form_of(org.customer))
    assert not Event.objects.filter(subject_type="customer").exists()
    org.customer.refresh_from_db()
    assert org.customer.version == 1
