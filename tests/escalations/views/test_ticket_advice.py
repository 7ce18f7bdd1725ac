"""Should I escalate? The rules that fire, four questions, and the way to a filled handoff form."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from escalations.services.tickets import ticket_restrict
from journal import clock
from tests.factories import NOON, Organisation
from tests.queries import statements

pytestmark = pytest.mark.django_db


@pytest.fixture
def org():
    with clock.travel(NOON) as time:
        found = Organisation()
        found.time = time
        yield found


def advice(org, ticket, user=None, **answers):
    client = Client()
    client.force_login(user or org.agent)
    return client.get(reverse("escalations:ticket_advice", args=[ticket.ref]), answers)


def test_an_ordinary_ticket_is_kept(org):
    text = advice(org, org.ticket()).content.decode()

    assert "Keep it" in text
    assert "Nothing asks for more than this tier can do." in text
    assert "Rules that fire now" not in text


def test_a_rule_that_fires_is_cited_with_the_value_that_made_it(org):
    ticket = org.ticket()
    org.time.forward(timedelta(hours=3))

    text = advice(org, ticket).content.decode()

    assert "Escalate to L2" in text
    assert "Waiting time is more than 2 h: 3 h" in text
    assert "Customer segment is Enterprise" in text
    assert "2026.1/#trigger.enterprise_waits" in text


def test_one_click_opens_the_handoff_form_with_tier_and_reason(org):
    ticket = org.ticket(issue_type="security_breach")
    client = Client()
    client.force_login(org.agent)
    found = client.get(reverse("escalations:ticket_advice", args=[ticket.ref])).context["counsel"]

    form = client.get(found.handoff_url).context["sheet"].form

    assert found.advice.tier.code == "L3"
    assert form["to"].value() == f"team:{org.teams['L3'].pk}"
    assert form["reason"].value() == "technical_complexity"


def test_the_answers_lead_somewhere_and_nonsense_does_not(org):
    ticket = org.ticket()

    assert "Escalate to L3" in advice(org, ticket, complexity="engineering").content.decode()
    assert "Call a manager" in advice(org, ticket, risk="contract").content.decode()
    assert "Keep it" in advice(org, ticket, complexity="<script>", risk="x").content.decode()


def test_a_trigger_that_names_a_lower_tier_says_that_it_changes_nothing(org):
    ticket = org.ticket(priority=1, by=org.manager, churn_threat=True)

    text = advice(org, ticket, org.manager).content.decode()

    assert "Call a manager" in text
    assert "Escalate to" not in text


def test_nobody_is_sent_to_a_form_that_would_refuse(org):
    ticket = org.ticket(issue_type="data_loss")
    org.handoff(ticket)

    found = advice(org, ticket).context["counsel"]

    assert found.handoff_url == ""
    assert found.blocked == "A handoff waits for its receiver already."


def test_what_one_may_do_alone_is_ones_own(org):
    ticket = org.ticket()

    def names(user):
        return {one.name for one in advice(org, ticket, user).context["counsel"].powers}

    assert "Known workaround" in names(org.agent)
    assert "Hotfix" not in names(org.agent)
    assert "Service credit" in names(org.manager)


def test_what_one_may_do_alone_is_one_link_away(org):
    ticket = org.ticket()
    client = Client()
    client.force_login(org.agent)
    power = next(one for one in advice(org, ticket).context["counsel"].powers if one.name == "Known workaround")

    form = client.get(power.url).context["form"]

    assert form["action"].value() == "known_workaround"


def test_the_reason_is_that_of_the_rule_that_leads_to_the_tier(org):
    """An Enterprise customer who waits asks for L2; data loss asks for L3, for a reason of its own."""
    ticket = org.ticket(issue_type="data_loss")
    org.time.forward(timedelta(hours=3))
    found = advice(org, ticket).context["counsel"]

    assert {one.asks for one in found.criteria} >= {"Escalate to L2", "Escalate to L3"}
    assert parse_qs(urlsplit(found.handoff_url).query) == {"tier": ["L3"], "reason": ["technical_complexity"]}


def test_a_restricted_ticket_has_no_advice_for_others(org):
    ticket = org.ticket()
    ticket_restrict(ticket=ticket, by=org.agent, readers=[], restricted=True)

    assert advice(org, ticket, org.receiver).status_code == 404


def test_advice_costs_the_same_however_many_rules_fire(org):
    few = org.ticket()
    many = org.ticket(issue_type="data_loss", churn_threat=True, public_complaint="press", complexity="high")
    client = Client(headers={"HX-Request": "true"})
    client.force_login(org.agent)

    def cost(ticket):
        return len(statements(lambda: client.get(reverse("escalations:ticket_advice", args=[ticket.ref]))))

    cost(few)
    assert cost(many) <= cost(few) <= 24
