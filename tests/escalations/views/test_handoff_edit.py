"""Completing a handoff that waits, and two people who complete it at once."""

from dataclasses import replace
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from escalations.choices import ClockKind, ClockState
from escalations.domain.handoff import HandoffContent
from escalations.forms.handoff import draft_of_content, post_of_draft, prints_of
from escalations.models import Clock, Handoff
from tests.factories import COMPLETE, accept

pytestmark = pytest.mark.django_db
THIN = replace(COMPLETE, recommended_action="", urgency="", next_update_at="")


@pytest.fixture
def escalation(org):
    return org.handoff(org.ticket(), content=THIN)


def address(escalation) -> str:
    return reverse("escalations:handoff_edit", args=[escalation.ticket.ref, escalation.pk])


def form(content: HandoffContent, base: HandoffContent, version: int = 1) -> dict[str, str]:
    with timezone.override("Europe/Berlin"):
        posted = post_of_draft(draft_of_content(content)).dict()
    return {**posted, "idempotency_key": uuid4().hex, "version": str(version), "base": prints_of(base)}


def stored(escalation) -> HandoffContent:
    return HandoffContent.from_json(Handoff.objects.get(escalation=escalation).content)


def test_shows_what_is_filed_and_saves_what_is_added(client, org, escalation):
    client.force_login(org.agent)
    page = client.get(address(escalation))
    assert "Nothing has arrived since we changed the key." in page.content.decode()
    assert page.context["form"]["base"].value() == prints_of(THIN)
    better = replace(THIN, recommended_action="Drop the cache.", urgency="today")
    assert client.post(address(escalation), form(better, THIN)).status_code == 303
    assert stored(escalation) == better
    assert Handoff.objects.get(escalation=escalation).version == 2


def test_different_fields_of_two_people_both_stay(client, org, escalation):
    client.force_login(org.agent)
    client.post(address(escalation), form(replace(THIN, urgency="today"), THIN))
    client.force_login(org.people["l1_second"])
    answer = client.post(address(escalation), form(replace(THIN, recommended_action="Drop the cache."), THIN))
    assert answer.status_code == 303
    assert stored(escalation) == replace(THIN, urgency="today", recommended_action="Drop the cache.")


def test_the_same_field_shows_both_and_asks(client, org, escalation):
    theirs, mine = replace(THIN, recommended_action="Restart it."), replace(THIN, recommended_action="Drop it.")
    mine = replace(mine, urgency="now")
    client.force_login(org.agent)
    client.post(address(escalation), form(theirs, THIN))
    client.force_login(org.people["l1_second"])
    answer = client.post(address(escalation), form(mine, THIN))
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "L1_First Example saved this handoff" in text
    assert "Restart it." in text
    assert "Drop it." in text
    assert stored(escalation) == theirs
    choice = form(mine, theirs, version=2) | {"resolve": "chosen", "conflict-recommended_action": "theirs"}
    assert client.post(address(escalation), choice).status_code == 303
    assert stored(escalation) == replace(theirs, urgency="now")


def test_a_promise_in_the_past_is_refused_and_one_to_come_starts_its_clock(client, org, escalation):
    client.force_login(org.agent)
    past = form(THIN, THIN) | {"next_update_at": "2020-01-01T10:00"}
    assert client.post(address(escalation), past).status_code == 422
    soon = form(THIN, THIN) | {"next_update_at": "2040-01-01T10:00"}
    assert client.post(address(escalation), soon).status_code == 303
    clock = Clock.objects.get(ticket=escalation.ticket, kind=ClockKind.PROMISED_UPDATE)
    assert clock.state == ClockState.RUNNING


def test_files_are_added_to_what_is_filed(client, org, escalation):
    client.force_login(org.agent)
    upload = SimpleUploadedFile("gateway.log", b"401\n")
    client.post(address(escalation), form(THIN, THIN) | {"files": upload})
    assert escalation.handoff.attachments.get().name == "gateway.log"
    assert "gateway.log" in client.get(escalation.get_absolute_url()).content.decode()


def test_too_late_once_accepted_and_never_for_the_receiver(client, org, escalation):
    client.force_login(org.receiver)
    assert client.get(address(escalation)).status_code == 403
    accept(escalation, org.receiver)
    client.force_login(org.agent)
    assert client.post(address(escalation), form(THIN, THIN)).status_code == 409
