"""Two people, or two windows of one, on the same handoff: nothing that anybody typed is lost."""

import uuid
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from escalations.domain.handoff import HandoffContent
from escalations.forms.handoff import draft_of_content, post_of_draft
from escalations.models import Escalation, Handoff, Ticket
from escalations.services.completing import handoff_complete
from journal.models import Draft
from tests.factories import COMPLETE, Organisation, accept

pytestmark = pytest.mark.django_db
FETCH = {"X-Requested-With": "fetch"}


@pytest.fixture
def ticket(org) -> Ticket:
    return org.ticket()


def as_(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def create(ticket: Ticket) -> str:
    return reverse("escalations:handoff_create", args=[ticket.ref])


def edit(escalation: Escalation, name: str = "handoff_edit") -> str:
    return reverse(f"escalations:{name}", args=[escalation.ticket.ref, escalation.pk])


def typed(org: Organisation, content: HandoffContent, **more: Any) -> dict[str, Any]:
    with timezone.override("Europe/Berlin"):  # where everybody of this organisation is
        draft = draft_of_content(content, reason="other", to=f"team:{org.teams['L2'].pk}")
    return post_of_draft(draft).dict() | {"idempotency_key": uuid.uuid4().hex, "do": "file"} | more


def hidden(answer: Any) -> dict[str, str]:
    """The bookkeeping that a page's form carries."""
    form = answer.context["form"]
    return {name: str(form[name].value() or "") for name in ("version", "base", "draft_version")}


MINE = replace(
    COMPLETE, technical_description="Seen from here: 401 on all.", likely_cause="", additional_context="Mine"
)


@pytest.fixture
def second(org, ticket):
    """The agent's colleague filed while the agent wrote; what the agent's submit is answered with."""
    org.handoff(ticket, by=org.people["l1_second"])
    return as_(org.agent).post(create(ticket), typed(org, MINE))


def filed(ticket: Ticket) -> Handoff:
    return Handoff.objects.get(escalation__ticket=ticket)


def test_the_second_sees_both_texts_and_keeps_the_draft(org, ticket, second):
    assert second.status_code == 409
    text = second.content.decode()
    assert "L1_Second Example handed this ticket to Integrations already" in text
    assert "L1_Second Example filed this handoff at" in text
    shown = {one.name: (one.theirs, one.mine) for one in second.context["conflict"].differences}
    assert shown == {
        "technical_description": (COMPLETE.technical_description, MINE.technical_description),
        "additional_context": ("nothing", "Mine"),
    }
    assert f'action="{edit(Escalation.objects.get())}"' in text
    assert Draft.objects.get(user=org.agent).data["technical_description"] == MINE.technical_description
    assert filed(ticket).content["technical_description"] == COMPLETE.technical_description


def test_the_second_completes_what_was_filed_with_what_they_chose(org, ticket, second):
    chosen = {"conflict-technical_description": "theirs", "conflict-additional_context": "mine", "resolve": "chosen"}
    form = typed(org, replace(COMPLETE, technical_description=MINE.technical_description, additional_context="Mine"))
    answer = as_(org.agent).post(edit(Escalation.objects.get()), form | hidden(second) | chosen | {"from_draft": "1"})
    assert answer.status_code == 303
    content = filed(ticket).content
    assert content["technical_description"] == COMPLETE.technical_description
    assert content["additional_context"] == "Mine"
    assert content["likely_cause"] == COMPLETE.likely_cause
    assert Escalation.objects.count() == 1
    assert not Draft.objects.exists()


def test_a_third_who_saves_meanwhile_is_not_overwritten(org, ticket, second):
    escalation = Escalation.objects.get()
    newer = replace(COMPLETE, technical_description="From the third.")
    handoff_complete(
        escalation=escalation, by=org.manager, version=1, content=newer, fields=["technical_description"]
    )  # fmt: skip
    form = typed(org, replace(COMPLETE, technical_description=MINE.technical_description))
    answer = as_(org.agent).post(edit(escalation), form | hidden(second) | {"take_all": "mine"})
    assert answer.status_code == 409
    assert "From the third." in answer.content.decode()
    assert filed(ticket).content["technical_description"] == "From the third."


def test_whoever_was_first_in_another_window_is_told_so(org, ticket):
    org.handoff(ticket, by=org.agent)
    answer = as_(org.agent).post(create(ticket), typed(org, MINE))
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "You handed this ticket to Integrations already, in another window." in text
    assert "Your other window filed this handoff at" in text
    assert "L1_First Example handed" not in text


def test_who_may_not_complete_it_keeps_the_draft_and_the_way_to_it(org, ticket):
    org.handoff(ticket, by=org.people["l1_second"])
    Ticket.objects.filter(pk=ticket.pk).update(team=org.teams["L3"], tier=org.teams["L3"].tier)
    outsider = org.people["l3_first"]
    form = typed(org, MINE) | {"to": f"team:{org.teams['L4'].pk}"}
    answer = as_(outsider).post(create(ticket), form)
    assert answer.status_code == 409
    assert answer.context.get("conflict") is None
    assert "Open the handoff" in answer.content.decode()
    assert Draft.objects.filter(user=outsider).exists()


# --- completing keeps a draft ----------------------------------------------------------------------------


@pytest.fixture
def escalation(org, ticket) -> Escalation:
    return org.handoff(ticket)


def keep(org: Organisation, escalation: Escalation, content: HandoffContent, user=None, **more: Any) -> Any:
    """One autosave from a page that was just opened."""
    client = as_(user or org.agent)
    page = client.get(edit(escalation))
    values = typed(org, content) | hidden(page) | more
    return client.post(edit(escalation, "handoff_edit_draft"), values, headers=FETCH)


def test_completing_is_kept_while_it_is_typed(org, escalation):
    page = as_(org.agent).get(edit(escalation)).content.decode()
    assert f'data-autosave="{edit(escalation, "handoff_edit_draft")}"' in page
    answer = keep(org, escalation, replace(COMPLETE, likely_cause="Half a sen"))
    assert (answer.status_code, answer["Belay-Version"]) == (200, "1")
    again = as_(org.agent).get(edit(escalation))
    assert again.context["form"]["likely_cause"].value() == "Half a sen"
    assert filed(escalation.ticket).content["likely_cause"] == COMPLETE.likely_cause
    other = as_(org.people["l1_second"]).get(edit(escalation))
    assert other.context["form"]["likely_cause"].value() == COMPLETE.likely_cause


def test_the_draft_goes_with_the_save_or_when_it_is_thrown_away(org, escalation):
    changed = replace(COMPLETE, likely_cause="The cache.")
    for last in ({"do": "save"}, {"do": "discard"}):
        keep(org, escalation, changed)
        page = as_(org.agent).get(edit(escalation))
        answer = as_(org.agent).post(edit(escalation), typed(org, changed) | hidden(page) | last)
        assert answer.status_code == 303
        assert not Draft.objects.exists()
    assert filed(escalation.ticket).content["likely_cause"] == "The cache."


def test_a_draft_shows_what_a_colleague_saved_in_other_fields(org, escalation):
    keep(org, escalation, replace(COMPLETE, likely_cause="Mine"))
    handoff_complete(
        escalation=escalation, by=org.people["l1_second"], version=1, fields=["business_impact"],
        content=replace(COMPLETE, business_impact="Theirs"),
    )  # fmt: skip
    page = as_(org.agent).get(edit(escalation))
    assert page.context["form"]["business_impact"].value() == "Theirs"
    assert page.context["form"]["likely_cause"].value() == "Mine"
    form = typed(org, replace(COMPLETE, business_impact="Theirs", likely_cause="Mine"))
    assert as_(org.agent).post(edit(escalation), form | hidden(page)).status_code == 303
    content = filed(escalation.ticket).content
    assert (content["business_impact"], content["likely_cause"]) == ("Theirs", "Mine")


def test_a_draft_never_overwrites_what_a_colleague_saved_in_the_same_field(org, escalation):
    keep(org, escalation, replace(COMPLETE, likely_cause="Mine"))
    handoff_complete(
        escalation=escalation, by=org.people["l1_second"], version=1, fields=["likely_cause"],
        content=replace(COMPLETE, likely_cause="Theirs"),
    )  # fmt: skip
    page = as_(org.agent).get(edit(escalation))
    form = typed(org, replace(COMPLETE, likely_cause="Mine")) | hidden(page)
    answer = as_(org.agent).post(edit(escalation), form)
    assert answer.status_code == 409
    (one,) = answer.context["conflict"].differences
    assert (one.theirs, one.mine) == ("Theirs", "Mine")
    assert filed(escalation.ticket).content["likely_cause"] == "Theirs"


def test_two_windows_of_one_person_choose(org, escalation):
    client = as_(org.agent)
    page = client.get(edit(escalation))
    one, two = (replace(COMPLETE, likely_cause=text) for text in ("Window one", "Window two"))
    draft = edit(escalation, "handoff_edit_draft")
    assert client.post(draft, typed(org, one) | hidden(page) | {"draft_window": "a"}).status_code == 200
    stale = typed(org, two) | hidden(page) | {"draft_window": "b"}
    panel = client.post(draft, stale)
    assert panel.status_code == 409
    assert "Window one" in panel.content.decode()
    assert 'name="between" value="drafts"' in panel.content.decode()
    saving = client.post(edit(escalation), stale | {"do": "save"})
    assert saving.status_code == 409
    assert filed(escalation.ticket).content["likely_cause"] == COMPLETE.likely_cause
    choice = {"between": "drafts", "resolve": "chosen", "conflict-likely_cause": "theirs"}
    assert client.post(edit(escalation), stale | choice).status_code == 303
    assert Draft.objects.get().data["likely_cause"] == "Window one"
    assert client.get(edit(escalation)).context["form"]["likely_cause"].value() == "Window one"


def test_accepted_while_it_was_being_completed_the_text_stays_on_the_page(org, escalation):
    client = as_(org.agent)
    page = client.get(edit(escalation))
    form = typed(org, replace(COMPLETE, likely_cause="A whole page of findings")) | hidden(page)
    accept(escalation, org.receiver)
    answer = client.post(edit(escalation), form)
    assert answer.status_code == 409
    text = answer.content.decode()
    assert "A whole page of findings" in text
    assert "copy what still matters into a note" in text


# --- answering in two windows ----------------------------------------------------------------------------


@pytest.mark.parametrize("act", ["handoff_acknowledge", "handoff_return"])
def test_who_answered_in_another_window_is_not_told_of_somebody_else(org, escalation, act):
    accept(escalation, org.receiver)
    said = {"reason": "other", "note": "What first?"}
    mine = as_(org.receiver).post(edit(escalation, act), said)
    theirs = as_(org.people["l2_second"]).post(edit(escalation, act), said)
    assert (mine.status_code, theirs.status_code) == (409, 409)
    assert "You were first, in another window: this handoff is accepted." in mine.content.decode()
    assert "L2_First Example was first: this handoff is accepted." in theirs.content.decode()
