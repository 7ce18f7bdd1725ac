"""The handoff form through the client: what it begins with, what it keeps, what it files, what it refuses."""

import uuid
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from escalations.choices import EscalationState
from escalations.domain.handoff import HandoffContent
from escalations.forms.handoff import BOOKKEEPING, KEPT
from escalations.models import Attachment, Escalation
from escalations.services.answers import handoff_return
from escalations.services.conversation import ticket_record_customer, ticket_reply
from escalations.services.handoffs import handoff_form_key
from escalations.services.resolutions import ticket_resolve
from escalations.services.tickets import ticket_restrict
from journal import clock
from journal.models import Draft
from tests.factories import NOON, in_hours

pytestmark = pytest.mark.django_db


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


def test_sending_twice_files_one(org, agent, ticket):
    form = typed(org)
    first, second = agent.post(url(ticket), form), agent.post(url(ticket), form)
    assert first["Location"] == second["Location"]
    assert Escalation.objects.count() == 1


def test_a_thin_handoff_can_be_filed_and_says_what_is_missing(org, agent, ticket):
    agent.post(url(ticket), typed(org, customer_words="", **{"steps-TOTAL_FORMS": "0"}))
    handoff = Escalation.objects.get(ticket=ticket).handoff
    assert handoff.filled == 2
    assert not handoff.is_complete


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("customer_words", "a\x00b", "invisible control character"),
        ("customer_words", "x" * 1_000_000, "too long"),
        ("next_update_at", "2020-01-01T10:00", "still to come"),
        ("next_update_at", "tomorrow", "Write day and time"),
        ("steps-0-minutes", "a while", "whole minutes"),
        ("steps-0-minutes", "-3", "greater than or equal to 0"),
        ("steps-0-step", "a\x00b", "invisible control character"),
        ("reason", "because", "because is not one of the available choices"),
        ("urgency", "<script>", "not one of the available choices"),
        ("reason", "", "Choose why it is handed over."),
        ("to", "", "Choose who should have it."),
        ("sentiment", "delighted", "not one of the available choices"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(org, agent, ticket, field, value, says):
    answer = agent.post(url(ticket), typed(org, likely_cause="The key is cached.", **{field: value}))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert says in text
    assert "The key is cached." in text
    assert not Escalation.objects.exists()
    kept = draft_of(org, ticket).data
    assert kept["likely_cause"] == "The key is cached."
    if field == "customer_words":
        assert len(kept["customer_words"]) == len(value)


def test_a_lower_or_equal_tier_is_not_on_offer(org, agent, ticket):
    answer = agent.post(url(ticket), typed(org, to=f"team:{org.teams['L1'].pk}"))
    assert answer.status_code == 422
    assert not Escalation.objects.exists()


def test_a_text_that_holds_half_a_character_is_no_error(org, agent, ticket):
    body = b"do=save&customer_words=a%ED%A0%80b"
    answer = agent.post(url(ticket), body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 303
    assert "a" in draft_of(org, ticket).data["customer_words"]


def test_somebody_was_faster(org, agent, ticket, client):
    org.handoff(ticket, by=org.people["l1_second"])
    answer = agent.post(url(ticket), typed(org, likely_cause="Mine"))
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "L1_Second Example handed this ticket to Integrations already" in text
    assert "Mine" in text
    assert draft_of(org, ticket).data["likely_cause"] == "Mine"


def test_the_ticket_was_resolved_meanwhile(org, agent, ticket):
    ticket_resolve(ticket=ticket, by=org.agent, root_cause="unknown", what_was_done="Nothing.")
    assert agent.get(url(ticket)).status_code == 409
    answer = agent.post(url(ticket), typed(org, likely_cause="Mine"))
    assert answer.status_code == 409
    assert "resolved by now" in answer.content.decode()
    assert draft_of(org, ticket).data["likely_cause"] == "Mine"


def test_waiting_already_leads_to_the_handoff(org, agent, ticket):
    escalation = org.handoff(ticket)
    assert agent.get(url(ticket))["Location"] == escalation.get_absolute_url()


def test_nobody_is_above_the_highest_tier(org, client):
    ticket = org.ticket(priority=4)
    client.force_login(org.people["l4_first"])
    answer = client.get(url(ticket))
    assert answer.status_code == 422
    assert "highest tier" in answer.content.decode()


def test_only_those_who_hold_the_ticket_hand_it_over(org, client, ticket):
    client.force_login(org.receiver)
    assert client.get(url(ticket)).status_code == 403
    assert client.post(url(ticket), typed(org)).status_code == 403
    assert client.post(url(ticket, "handoff_draft"), {"customer_words": "x"}).status_code == 403
    client.force_login(org.manager)
    assert client.get(url(ticket)).status_code == 200


def test_a_restricted_ticket_is_handed_to_a_person(org, agent, ticket):
    ticket_restrict(ticket=ticket, by=org.agent, readers=[], restricted=True)
    page = agent.get(url(ticket))
    assert f"team:{org.teams['L2'].pk}" not in page.content.decode()
    assert agent.post(url(ticket), typed(org)).status_code == 422
    agent.post(url(ticket), typed(org, to=f"user:{org.receiver.pk}", draft_version="1"))
    assert Escalation.objects.get(ticket=ticket).to_user == org.receiver
    assert ticket.readers.filter(user=org.receiver).exists()


def test_what_came_back_is_completed_and_filed_again(org, agent, ticket):
    escalation = org.handoff(ticket)
    handoff_return(escalation=escalation, by=org.receiver, reason="no_next_step", note="What shall we do first?")
    text = agent.get(url(ticket)).content.decode()
    assert "L2_First Example returned it: No next step given." in text
    assert "What shall we do first?" in text
    assert "Deliveries are signed with the old key id." in text
    agent.post(url(ticket), typed(org, recommended_action="Drop the cache."))
    again = Escalation.objects.get(ticket=ticket)
    assert (again.pk, again.state) == (escalation.pk, EscalationState.PENDING)


def test_the_form_takes_files_and_steps_without_a_script(org, agent, ticket):
    upload = SimpleUploadedFile("gateway.log", b"401 old key id\n", content_type="text/plain")
    agent.post(url(ticket), typed(org, do="upload", files=upload))
    stored = Attachment.objects.get(ticket=ticket)
    assert (stored.draft_of, stored.draft_form) == (org.agent, "handoff")
    agent.post(url(ticket), typed(org, do="add_step", draft_version="1"))
    assert draft_of(org, ticket).data["steps"][-1] == {}
    form = typed(org, draft_version="2", remove_step="0", **{"steps-TOTAL_FORMS": "2", "steps-1-step": "Second"})
    agent.post(url(ticket), form)
    assert [row["step"] for row in draft_of(org, ticket).data["steps"]] == ["Second"]
    agent.post(url(ticket), typed(org, draft_version="3"))
    stored.refresh_from_db()
    assert stored.handoff == Escalation.objects.get(ticket=ticket).handoff
    assert stored.draft_of is None


def test_a_file_that_is_refused_keeps_the_rest(org, agent, ticket):
    bad = SimpleUploadedFile("tool.exe", b"MZ\x90\x00\x03", content_type="image/png")
    agent.post(url(ticket), typed(org, files=bad, likely_cause="Kept"))
    assert not Escalation.objects.exists()
    text = agent.get(url(ticket)).content.decode()
    assert "tool.exe is not added." in text
    assert "Kept" in text


def test_discarding_takes_the_files_along(org, agent, ticket):
    upload = SimpleUploadedFile("gateway.log", b"401\n")
    agent.post(url(ticket), typed(org, do="save", files=upload))
    agent.post(url(ticket, "handoff_discard"))
    assert draft_of(org, ticket) is None
    assert not Attachment.objects.exists()


def test_preview_shows_the_draft(org, agent, ticket):
    answer = agent.post(url(ticket), typed(org, do="preview", likely_cause="The key is cached."))
    assert answer["Location"] == url(ticket, "handoff_preview")
    text = agent.get(answer["Location"]).content.decode()
    assert "draft, not filed" in text
    assert "The key is cached." in text
    assert "Replayed a delivery" in text


def test_filing_costs_the_same_however_long_the_form(org, agent):
    def cost(**more: object) -> int:
        ticket = org.ticket()
        with CaptureQueriesContext(connection) as queries:
            assert agent.post(url(ticket), typed(org, **more)).status_code == 303
        return len(queries)

    rows = {f"steps-{n}-step": "again" for n in range(60)}
    cost()
    assert cost() == cost(**{"steps-TOTAL_FORMS": "60"}, **rows, customer_words="x" * 20_000)


@given(
    st.dictionaries(st.sampled_from([*KEPT, *BOOKKEEPING, "do", "resolve", "remove_step", "remove_file"]), st.text())
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_sent_is_answered(org, posted):
    client = Client(raise_request_exception=False)
    client.force_login(org.agent)
    ticket = org.ticket()
    for name in ("handoff_create", "handoff_draft"):
        assert client.post(url(ticket, name), typed(org, **posted)).status_code < 500


def test_a_damaged_form_files_nothing_and_keeps_what_was_typed(org, agent, ticket):
    answer = agent.post(url(ticket), typed(org, idempotency_key="not a uuid"))
    assert answer.status_code == 422
    assert "This form is damaged." in answer.content.decode()
    assert not Escalation.objects.exists()
    assert Draft.objects.get().data["to"]
