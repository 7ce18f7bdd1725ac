"""Files on tickets: checked, kept privately, within limits, and taken back only while they are drafts."""

import io
import zipfile
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st

from escalations.errors import NotAllowed, Refused
from escalations.models import Attachment
from escalations.services import attachments
from escalations.services.attachments import attachment_add, attachment_remove, clean_name
from escalations.services.tickets import ticket_restrict

pytestmark = pytest.mark.django_db


@pytest.fixture
def ticket(org):
    return org.ticket()


def log(name: str = "gateway.log", data: bytes = b"401 old key\n") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, content_type="text/html")


def test_kept_under_a_generated_name_with_the_type_of_its_bytes(org, ticket):
    stored = attachment_add(ticket=ticket, by=org.agent, upload=log("../../etc/gateway.log"), form="handoff")
    assert stored.name == "gateway.log"
    assert stored.content_type == "text/plain; charset=utf-8"
    path = Path(stored.file.path)
    assert path.is_relative_to(settings.MEDIA_ROOT)
    assert "gateway" not in str(path.relative_to(settings.MEDIA_ROOT))
    assert path.stat().st_mode & 0o077 == 0
    assert path.read_bytes() == b"401 old key\n"


def test_a_claimed_size_is_not_believed(org, ticket, monkeypatch):
    monkeypatch.setattr(attachments, "MAX_BYTES", 1000)
    upload = log(data=b"x" * 5000)
    upload.size = 10
    with pytest.raises(Refused, match="larger than"):
        attachment_add(ticket=ticket, by=org.agent, upload=upload)
    small = log(data=b"x" * 500)
    small.size = 10
    assert attachment_add(ticket=ticket, by=org.agent, upload=small).size == 500


def test_a_bomb_is_never_unpacked(org, ticket):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.txt", b"\0" * 50_000_000)
    stored = attachment_add(ticket=ticket, by=org.agent, upload=log("bomb.zip", packed.getvalue()))
    assert stored.size == len(packed.getvalue()) < 100_000


def test_a_ticket_has_a_quota_and_a_form_its_number(org, ticket, monkeypatch):
    monkeypatch.setattr(attachments, "MAX_TICKET_BYTES", 30)
    attachment_add(ticket=ticket, by=org.agent, upload=log())
    attachment_add(ticket=ticket, by=org.people["l1_second"], upload=log())
    with pytest.raises(Refused, match="MB together"):
        attachment_add(ticket=ticket, by=org.agent, upload=log("other.log", b"x" * 20))
    monkeypatch.setattr(attachments, "MAX_DRAFT_FILES", 1)
    with pytest.raises(Refused, match="are waiting already"):
        attachment_add(ticket=ticket, by=org.agent, upload=log("other.log", b"x"))


def test_the_same_file_twice_is_one(org, ticket):
    first = attachment_add(ticket=ticket, by=org.agent, upload=log(), form="handoff")
    assert attachment_add(ticket=ticket, by=org.agent, upload=log(), form="handoff") == first
    assert Attachment.objects.count() == 1


def test_a_refused_file_leaves_nothing_behind(org, ticket):
    before = {path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()}
    with pytest.raises(Refused, match="tool.exe is not added"):
        attachment_add(ticket=ticket, by=org.agent, upload=log("tool.exe", b"MZ\x90\x00"))
    assert {path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()} == before


def test_not_on_a_restricted_ticket_of_others(org, ticket):
    ticket_restrict(ticket=ticket, by=org.agent, readers=[], restricted=True)
    with pytest.raises(NotAllowed):
        attachment_add(ticket=ticket, by=org.receiver, upload=log())


def test_a_draft_is_taken_back_with_its_file_but_the_record_stays(org, ticket, django_capture_on_commit_callbacks):
    draft = attachment_add(ticket=ticket, by=org.agent, upload=log(), form="handoff")
    path = Path(draft.file.path)
    with pytest.raises(NotAllowed):
        attachment_remove(attachment=draft, by=org.receiver)
    with django_capture_on_commit_callbacks(execute=True):
        attachment_remove(attachment=draft, by=org.agent)
    assert not path.exists()
    attachment_add(ticket=ticket, by=org.agent, upload=log(), form="handoff")
    filed = org.handoff(ticket).handoff.attachments.get()
    with pytest.raises(NotAllowed, match="belongs to the record"):
        attachment_remove(attachment=filed, by=org.agent)


def test_filing_takes_only_what_was_uploaded_to_the_handoff(org, ticket):
    attachment_add(ticket=ticket, by=org.agent, upload=log("reply.log"), form="reply")
    attachment_add(ticket=ticket, by=org.people["l1_second"], upload=log("other.log"), form="handoff")
    attachment_add(ticket=ticket, by=org.agent, upload=log("mine.log"), form="handoff")
    assert [one.name for one in org.handoff(ticket).handoff.attachments.all()] == ["mine.log"]


@given(st.text(max_size=300))
def test_names_are_made_harmless(name):
    clean = clean_name(name)
    assert clean
    assert len(clean) <= 120
    assert not set(clean) & set('/\\\0\r\n"<>:|?*\u202e\u200b')
    assert clean not in (".", "..")
    assert clean_name(clean) == clean


def test_a_reversed_ending_is_not_shown_reversed():
    assert "\u202e" not in clean_name("invoice\u202egnp.exe")
