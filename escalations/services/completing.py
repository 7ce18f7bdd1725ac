"""Completing a handoff that waits, by more than one person at once, without anybody's text being lost."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from escalations.domain.handoff import HandoffContent
from escalations.domain.lifecycle import ESCALATION_TRANSITIONS, Part
from escalations.models import Attachment, Escalation, Handoff
from escalations.services.attachments import HANDOFF_FORM
from escalations.services.clocks import TicketClocks, promise_update
from escalations.services.handoffs import carry_facts, check_promise, is_promised, save_handoff
from escalations.services.locking import escalation_parts, hold_escalation, next_state
from escalations.services.record import tell
from journal.services import draft_discard


def handoff_edit_key(escalation: Escalation) -> str:
    """The name of the draft of somebody who completes a filed handoff."""
    return f"handoff_edit:{escalation.pk}"


@dataclass(eq=False)
class HandoffConflict(Exception):
    """The handoff was changed meanwhile. `theirs` and `mine` hold the fields in which the two differ."""

    handoff: Handoff
    theirs: Mapping[str, Any]
    mine: Mapping[str, Any]


@transaction.atomic
def handoff_complete(
    *,
    escalation: Escalation,
    by: User,
    version: int,
    content: HandoffContent,
    fields: Iterable[str],
    base: Mapping[str, str] | None = None,
) -> Handoff:
    """Complete or correct a handoff that waits. `version` is the one the form was made from; `fields` what it asked.

    `base` holds the `fingerprints` of what the form was made from: with it, only fields that this person changed are
    saved, and only those that the other changed too are in conflict. Raises HandoffConflict when somebody else saved
    another text for the same fields meanwhile; Refused, NotAllowed, Overtaken.
    """
    held, current = hold_escalation(escalation.pk, by)
    parts = escalation_parts(held, current)
    said = f"{current.to_team} has answered: {current.get_state_display().lower()}."
    current.state = next_state(
        ESCALATION_TRANSITIONS, current.state, "complete", parts & {Part.SENDER, Part.MANAGER}, said=said
    )
    handoff = Handoff.objects.select_for_update(no_key=True).get(escalation=current)
    stored = HandoffContent.from_json(handoff.content)
    changed = _changes(content, stored, fields, base)
    if handoff.version != version:
        _check_conflict(handoff, stored, changed, base)
    draft_discard(user=held.by, form=handoff_edit_key(current))
    has_files = Attachment.objects.filter(ticket=held.ticket, draft_of=held.by, draft_form=HANDOFF_FORM).exists()
    if not changed and not has_files:
        return handoff
    promised = changed.get("next_update_at", ("", ""))[1]
    next_update_at = datetime.fromisoformat(promised) if promised else None
    check_promise(held, next_update_at)
    merged = HandoffContent.from_json({**stored.to_json(), **{name: new for name, (_, new) in changed.items()}})
    handoff.version += 1
    saved = save_handoff(current, held, merged, handoff)
    current.save(update_fields=["state"])
    clocks = TicketClocks(held.ticket, held.now)
    carry_facts(held, merged)
    if next_update_at is not None and not is_promised(clocks, next_update_at):
        promise_update(clocks, due=next_update_at)
    held.ticket.version += 1
    clocks.save()
    tell(
        held, "handoff.completed", escalation=current.pk, fields=sorted(changed), filled=saved.filled, asked=saved.asked
    )
    return saved


Changes = dict[str, tuple[Any, Any]]


def _changes(
    content: HandoffContent, stored: HandoffContent, fields: Iterable[str], base: Mapping[str, str] | None
) -> Changes:
    """Field → (stored, new) for what this person changed."""
    mine, theirs, prints = content.to_json(), stored.to_json(), content.fingerprints()
    touched = [name for name in fields if base is None or prints[name] != base.get(name)]
    return {name: (theirs[name], mine[name]) for name in touched if theirs[name] != mine[name]}


def _check_conflict(handoff: Handoff, stored: HandoffContent, changed: Changes, base: Mapping[str, str] | None) -> None:
    prints = stored.fingerprints()
    both = {name: pair for name, pair in changed.items() if base is None or prints[name] != base.get(name)}
    if both:
        theirs = {name: old for name, (old, _) in both.items()}
        raise HandoffConflict(handoff, theirs, {name: new for name, (_, new) in both.items()})
