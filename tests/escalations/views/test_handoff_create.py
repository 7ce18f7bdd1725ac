"""The handoff form through the client: what it begins with, what it keeps, what it files, what it refuses."""

import uuid
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from escalations.choices import EscalationState
from escalations.domain.handoff import HandoffContent
from escalations.models import Attachment, Escalation
from escalations.services.answers import handoff_return
from escalations.services.conversation import ticket_record_customer, ticket_reply
from escalations.services.handoffs import handoff_form_key
from escalations.services.resolutions import ticket_resolve
from escalations.services.tickets import ticket_restrict
from journal import clock
from journal.models import Draft
from tests.factories import NOON, Organisation, in_hours

pytestmark = pytest.mark.django_db


@pytest.fixture
def org() -> Organisation:
    return Organisation()


@pytest.fixture
def ticket(org):
    return org.ticket()


@pytest.fixture
def agent(client, org):
    client.force_login(org.agent)
    return client


def url(ticket, name: str = "handoff_create") -> str:
    return reverse(f"escalations:{name}", args=[ticket.ref])


def typed(org, **values: object) -> dict[str, object]:
    """A thin but fileable form."""
    base = {
        "idempotency_key": uuid.uuid4().hex, "reason": "technical_complexity", "to": f"team:{org.teams['L2'].pk}",
        "customer_words": "Nothing arrives.", "steps-TOTAL_FORMS": "1", "steps-INITIAL_FORMS": "0",
        "steps-0-step": "Replayed a delivery", "steps-0-result": "401", "steps-0-minutes": "12", "do": "file",
    }  # fmt: skip
    return {**base, **values}


def draft_of(org, ticket, user=None) -> Draft | None:
    return Draft.objects.filter(user=user or org.agent, form=handoff_form_key(ticket)).first()


def test_begins_with_what_is_known_and_says_from_where(org, agent, ticket):
    with clock.travel(NOON) as time:
        ticket = org.ticket()
        ticket_record_customer(ticket=ticket, by=org.agent, body="1,140 shipments have no status.", channel="email")
        time.forward(timedelta(minutes=10))
        ticket_reply(ticket=ticket, by=org.agent, body="We look.", channel="phone", next_update_at=in_hours(2))
        time.forward(timedelta(minutes=10))
        page = agent.get(url(ticket))
    text = page.content.decode()
    assert page.status_code == 200
    assert "1,140 shipments have no status." in text
    assert "from message 12:00" in text
    assert "from call 12:10" in text
    assert "from promise 12:10" in text
    assert page.context["target"].team.team == org.teams["L2"]
    assert "3 of 6 taken" in text or "0 of 6 taken" in text
    assert not Draft.objects.exists()


def test_files_and_leads_to_the_handoff(org, agent, ticket):
    answer = agent.post(url(ticket), typed(org))
    escalation = Escalation.objects.get(ticket=ticket)
    assert answer.status_code == 303
    assert answer["Location"] == escalation.get_absolute_url()
    assert escalation.to_team == org.teams["L2"]
    content = HandoffContent.from_json(escalation.handoff.content)
    assert content.steps[0].minutes == 12
    assert draft_of(org, ticket) is None
