"""Files that people attach: judged by their bytes, kept under generated names, never unpacked."""

import hashlib
import re
import unicodedata

from django.core.files.base import File
from django.db import transaction
from django.db.models import Count, Q, Sum

from accounts.choices import Ability
from accounts.models import User
from escalations.domain.file_types import HEAD_BYTES, TAIL_BYTES, FileRefused, FileType, detect, ending_of
from escalations.errors import NotAllowed, Refused
from escalations.models import Attachment, Ticket
from escalations.services.locking import hold_ticket

# Bytes. A log or a recording of a screen fits; the quota is a ticket's, drafts of everybody included.
MAX_BYTES = 20_000_000
MAX_TICKET_BYTES = 200_000_000
MAX_DRAFT_FILES = 30
NAME_LIMIT = 120
HANDOFF_FORM = "handoff"

_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\"*/:<>?\\|]")


def clean_name(name: str | None) -> str:
    """The name as it is shown and offered for saving: no folders, no invisible characters, its ending kept."""
    last = (name or "").replace("\\", "/").rsplit("/", 1)[-1]
    plain = _UNSAFE.sub("_", unicodedata.normalize("NFC", last)).strip(" .")
    if not plain or plain.strip("_") == "":
        return "file"
    ending = ending_of(plain)
    if len(plain) <= NAME_LIMIT:
        return plain
    return f"{plain[: NAME_LIMIT - len(ending) - 1]}.{ending}" if 0 < len(ending) < 10 else plain[:NAME_LIMIT]


def _inspect(upload: "File[bytes]", name: str) -> tuple[FileType, int, str]:
    """(kind, size in bytes, SHA-256), from the bytes: what the sender claims is not believed. Raises Refused."""
    digest, size, head, tail = hashlib.sha256(), 0, b"", b""
    for chunk in upload.chunks():
        size += len(chunk)
        if size > MAX_BYTES:
            raise _refusal(name, f"It is larger than {MAX_BYTES // 1_000_000} MB.")
        digest.update(chunk)
        if len(head) < HEAD_BYTES:
            head += chunk[: HEAD_BYTES - len(head)]
        tail = (tail + chunk)[-TAIL_BYTES:]
    try:
        return detect(name=name, head=head, tail=tail), size, digest.hexdigest()
    except FileRefused as error:
        raise _refusal(name, str(error)) from error


def _refusal(name: str, why: str) -> Refused:
    return Refused(f"{name} is not added. {why}", {"file": why})


@transaction.atomic
def attachment_add(*, ticket: Ticket, by: User, upload: "File[bytes]", form: str = "") -> Attachment:
    """Keep a file for a form that is not sent yet: until then only `by` sees it. `form` names the form.

    Raises Refused with the reason (kind, size, quota), NotAllowed for people who may not write on the ticket.
    """
    name = clean_name(upload.name)
    kind, size, digest = _inspect(upload, name)
    held = hold_ticket(ticket.pk, by)
    if not held.by.can(Ability.READ):
        raise NotAllowed("Attachments are for support staff.")
    _check_room(held.ticket, held.by, name, size)
    attachment = Attachment(
        ticket=held.ticket, draft_of=held.by, draft_form=form, name=name, content_type=kind.mime, size=size,
        sha256=digest, uploaded_by=held.by, uploaded_at=held.now,
    )  # fmt: skip
    same = Attachment.objects.filter(
        ticket=held.ticket, draft_of=held.by, draft_form=form, sha256=digest, name=name
    ).first()
    if same is not None:
        return same
    attachment.file.save(name, upload, save=False)
    saved = False
    try:
        attachment.save()
        saved = True
    finally:
        if not saved:
            attachment.file.delete(save=False)
    return attachment


def _check_room(ticket: Ticket, by: User, name: str, size: int) -> None:
    used = Attachment.objects.filter(ticket=ticket).aggregate(
        size=Sum("size"), drafts=Count("pk", filter=Q(draft_of=by))
    )
    if (used["size"] or 0) + size > MAX_TICKET_BYTES:
        limit = MAX_TICKET_BYTES // 1_000_000
        raise _refusal(name, f"The files of this ticket would be more than {limit} MB together.")
    if used["drafts"] >= MAX_DRAFT_FILES:
        raise _refusal(name, f"{MAX_DRAFT_FILES} files are waiting already. Send the form, or remove some.")


@transaction.atomic
def attachment_remove(*, attachment: Attachment, by: User) -> None:
    """Take back a file of one's own that was not sent yet. Raises NotAllowed once it belongs to the record."""
    held = hold_ticket(attachment.ticket_id, by)
    current = Attachment.objects.select_for_update().filter(pk=attachment.pk).first()
    if current is None:
        return
    if current.draft_of_id != held.by.pk:
        raise NotAllowed("This file belongs to the record by now. It stays.")
    current.delete()
    transaction.on_commit(lambda: current.file.delete(save=False))


@transaction.atomic
def attachments_discard(*, ticket: Ticket, by: User, form: str) -> None:
    """Take back every file that `by` uploaded to a form that will not be sent."""
    for attachment in Attachment.objects.filter(ticket=ticket, draft_of=by, draft_form=form):
        attachment_remove(attachment=attachment, by=by)
