"""Who cites the policy: counted beside the clause, listed where the count leads, as far as one sees the tickets."""

import re
from decimal import Decimal
from html import unescape

import pytest

from escalations.choices import Axis
from escalations.models import Escalation
from escalations.services.credits import credit_request
from escalations.services.tickets import ticket_restrict
from tests.queries import statements

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
TRIGGER = "trigger.enterprise_waits"


@pytest.fixture
def cited(org):
    """Two escalations that a trigger filed, one by hand, and a credit of the manager."""
    for _ in range(2):
        escalation = org.handoff(org.ticket())
        Escalation.objects.filter(pk=escalation.pk).update(clause=TRIGGER)
    org.handoff(org.ticket())
    credit_request(ticket=org.ticket(), by=org.manager, action="service_credit", amount=Decimal(40), reason="Promised.")
    return org


def linked(page: str, words: str) -> str:
    return unescape(re.search(rf'<a href="([^"]+)">{re.escape(words)}</a>', page)[1])


def rows(page) -> set[str]:
    return set(re.findall(r">(BLY-\d+)<", page.content.decode()))


def test_a_clause_s_count_leads_to_exactly_what_it_counts(client, cited):
    client.force_login(cited.process_owner)
    by_trigger = set(Escalation.objects.filter(clause=TRIGGER).values_list("ticket__ref", flat=True))
    for address in ("/policies/", f"/policies/versions/{cited.policy.code}/"):
        page = client.get(address).content.decode()
        assert rows(client.get(linked(page, "2 escalations"))) == by_trigger
        credit = client.get(linked(page, "1 credit decision"))
        assert (len(rows(credit)), b"Service credit, $40.00" in credit.content) == (1, True)


def test_a_version_s_counts_lead_to_everything_of_their_kind(client, cited):
    client.force_login(cited.process_owner)
    page = client.get("/policies/versions/").content.decode()
    every = client.get(linked(page, "3 escalations"))
    assert rows(every) == set(Escalation.objects.filter(axis=Axis.FUNCTIONAL).values_list("ticket__ref", flat=True))
    assert "L1 to L2" in every.content.decode()
    clocks = re.search(r'<a href="([^"]+)">(\d+) clocks</a>', page)
    assert len(rows(client.get(unescape(clocks[1])))) == 4


def test_restricted_tickets_are_neither_counted_nor_listed_for_others(client, cited):
    hidden = Escalation.objects.filter(clause=TRIGGER).first().ticket
    ticket_restrict(ticket=hidden, by=cited.agent, readers=[], restricted=True)
    client.force_login(cited.process_owner)
    page = client.get("/policies/").content.decode()
    assert hidden.ref not in rows(client.get(linked(page, "1 escalation")))


def test_credit_decisions_are_for_those_who_read_the_ledger(client, cited):
    client.force_login(cited.receiver)
    page = client.get("/policies/").content.decode()
    assert "2 escalations" in page
    assert "credit decision" not in page
    assert client.get(f"/citations/{cited.policy.code}/?kind=credits").status_code == 404


@pytest.mark.parametrize("query", ["kind=nothing", "clause=nothing", "kind=clocks&clause=%00"])
def test_what_does_not_exist_is_not_found(client, cited, query):
    client.force_login(cited.process_owner)
    assert client.get(f"/citations/{cited.policy.code}/?{query}").status_code == 404
    assert client.get("/citations/1999.9/").status_code == 404


def test_document_and_list_ask_the_same_however_much_cites(client, cited):
    client.force_login(cited.process_owner)
    pages = ("/policies/", f"/citations/{cited.policy.code}/", f"/citations/{cited.policy.code}/?clause={TRIGGER}")
    before = [len(statements(lambda page=page: client.get(page))) for page in pages]
    for _ in range(4):
        escalation = cited.handoff(cited.ticket())
        Escalation.objects.filter(pk=escalation.pk).update(clause=TRIGGER)
    assert [len(statements(lambda page=page: client.get(page))) for page in pages] == before
