"""Files up and down: to whom, and with which headers."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from escalations.models import Attachment
from escalations.services.attachments import attachment_add
from escalations.services.tickets import ticket_restrict

pytestmark = pytest.mark.django_db
FETCH = {"X-Requested-With": "fetch"}


@pytest.fixture
def ticket(org):
    return org.ticket()


def log(name: str = "gateway.log", data: bytes = b"401 old key\n") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def up(client, ticket, upload, **headers):
    address = reverse("escalations:attachment_create", args=[ticket.ref]) + "?form=handoff"
    return client.post(address, {"file": upload} if upload else {}, headers=headers)


def test_a_script_gets_the_chip(client, org, ticket):
    client.force_login(org.agent)
    answer = up(client, ticket, log(), **FETCH)
    stored = Attachment.objects.get()
    assert answer.status_code == 201
    assert str(stored.key) in answer.content.decode()
    assert stored.draft_form == "handoff"
    assert up(client, ticket, log("second.log")).status_code == 303


@pytest.mark.parametrize(
    "upload", [log("tool.exe", b"MZ\x90\x00"), log("empty.txt", b""), None, log("<img src=x onerror=1>.exe", b"MZ\x00")]
)
def test_a_refusal_is_words(client, org, ticket, upload):
    client.force_login(org.agent)
    answer = up(client, ticket, upload, **FETCH)
    assert answer.status_code == 422
    assert answer["Content-Type"].startswith("text/plain")
    assert up(client, ticket, upload).status_code == 422
    assert not Attachment.objects.exists()


def test_served_to_be_saved_and_nothing_else(client, org, ticket):
    client.force_login(org.agent)
    stored = attachment_add(ticket=ticket, by=org.agent, upload=log('übersicht "401".log'))
    answer = client.get(stored.get_absolute_url())
    assert b"".join(answer.streaming_content) == b"401 old key\n"
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "no-store" in answer["Cache-Control"]


def test_a_draft_is_its_authors_and_a_filed_file_everybodys_who_sees_the_ticket(client, org, ticket):
    stored = attachment_add(ticket=ticket, by=org.agent, upload=log(), form="handoff")
    address, delete = stored.get_absolute_url(), reverse("escalations:attachment_delete", args=[stored.key])
    client.force_login(org.people["l1_second"])
    assert client.get(address).status_code == 404
    assert client.post(delete).status_code == 404
    org.handoff(ticket)
    assert client.get(address).status_code == 200
    assert client.post(delete).status_code == 403
    ticket_restrict(ticket=ticket, by=org.agent, readers=[], restricted=True)
    assert client.get(address).status_code == 404


def test_a_file_that_is_gone_is_not_found(client, org, ticket):
    client.force_login(org.agent)
    stored = attachment_add(ticket=ticket, by=org.agent, upload=log())
    stored.file.delete(save=False)
    assert client.get(stored.get_absolute_url()).status_code == 404


def test_taken_back(client, org, ticket):
    client.force_login(org.agent)
    stored = attachment_add(ticket=ticket, by=org.agent, upload=log())
    delete = reverse("escalations:attachment_delete", args=[stored.key])
    assert client.get(delete).status_code == 405
    assert client.post(delete, headers=FETCH).status_code == 204
    assert not Attachment.objects.exists()
