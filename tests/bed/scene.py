"""What the permission tests walk over: a ticket everybody may read, one that is restricted, and what hangs on them.

Who each URL is for stands in tests/test_permissions.py.
"""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import Enum, auto
from typing import Any

from django.core.files.base import ContentFile
from django.urls import reverse

from accounts.models import Role, Skill
from accounts.services.absences import absence_create
from accounts.services.rota import shift_create
from accounts.services.swaps import swap_ask
from escalations.choices import HandoverReason
from escalations.models import Attachment, Clock, Ticket
from escalations.services.consults import consult_ask
from escalations.services.credits import credit_request
from escalations.services.desk import Give, desk_hand_over
from escalations.services.issues import issue_create
from escalations.services.tickets import ticket_restrict
from journal import clock
from policies.domain.presets import Preset
from policies.services.drafts import draft_create
from policies.services.interviews import interview_start
from tests.factories import Organisation, UserFactory

MISSING_PK = 2_000_000_000


class Open(Enum):
    """Who a URL is for."""

    EVERYBODY = auto()
    SIGNED_IN = auto()
    TICKET = auto()  # whoever sees the ticket; for others it does not exist
    HOLDERS = auto()  # the same, and a POST only by those who hold the ticket
    SENDERS = auto()  # the same, and a POST only by the escalation's senders
    RECEIVERS = auto()  # the same, and a POST only by its receivers
    AUTHOR = auto()  # one's own draft of a ticket one sees
    OWN = auto()  # what one made oneself: for everybody else it does not exist
    DESK = auto()  # a person's desk: theirs, their lead's and managers'; for others it does not exist
    APPROVERS = auto()  # a credit request: its requester's and its approvers'; for others it does not exist
    LEDGER = auto()  # managers, process owners, administrators
    LENDERS = auto()  # whose role has authority to lend
    PLANNERS = auto()  # who plans the team's duty: its lead, managers, administrators
    WORK = auto()
    MANAGE = auto()
    IMPORT = auto()
    POLICY = auto()
    CONFIGURE = auto()  # process owners and administrators; for others it does not exist


@dataclass(frozen=True)
class Url:
    name: str
    converters: tuple[str, ...]
    who: Open | None  # None: no rule names it, which fails

    def __str__(self) -> str:
        return " ".join((self.name, *self.converters))


class Scene:
    """A ticket everybody may read, one that is restricted, and people of every role who hold neither."""

    def __init__(self) -> None:
        self.org = org = Organisation()
        self.seen = org.ticket(subject="Seen by everybody who reads")
        self.hidden = org.ticket(subject="Only for those who are named")
        self.pieces = {ticket.pk: self._pieces(ticket) for ticket in (self.seen, self.hidden)}
        ticket_restrict(ticket=self.hidden, by=org.agent, readers=[], restricted=True)
        self.outsider = org.person("outsider", "l4_engineer", org.teams["L4"])
        self.people = {
            role.code: UserFactory(username=f"any_{role.code}", role=role, team=None) for role in Role.objects.all()
        }
        self.handover = desk_hand_over(
            owner=org.agent, by=org.agent, key=uuid.uuid4(), reason=HandoverReason.SHIFT_END,
            handoffs=[Give(MISSING_PK, None)],
        )  # fmt: skip
        self.duty = self._duty()
        self.skill = Skill.objects.create(code="webhooks", name="Webhooks")
        self.issue = issue_create(by=org.agent, title="Logins fail")
        self.draft = draft_create(version=org.policy, by=org.process_owner)
        self.nobody = UserFactory(username="without_role", role=None)
        interview_start(by=self.org.process_owner, preset=Preset.GENERAL)

    def _duty(self) -> dict[str, int]:
        """A shift somebody is asked to take, and an absence, of people none of the tests' readers plans for."""
        asker, asked = self.org.people["l3_first"], self.org.people["l3_second"]
        day = clock.now() + timedelta(days=1)
        shift = shift_create(
            team=self.org.teams["L3"], by=self.org.manager, user=asker, starts_at=day, ends_at=day + timedelta(hours=8)
        )
        absence = absence_create(user=asked, by=asked, starts_at=day, ends_at=day + timedelta(days=2))
        return {"shift": shift.pk, "swap": swap_ask(shift=shift, by=asker, offered_to=asked).pk, "absence": absence.pk}

    def _pieces(self, ticket: Ticket) -> dict[str, Any]:
        escalation = self.org.handoff(ticket, by=self.org.agent)
        attachment = Attachment.objects.create(
            ticket=ticket, name="log.txt", content_type="text/plain", size=3, sha256="0" * 64,
            file=ContentFile(b"log", name="log.txt"), uploaded_by=self.org.agent, uploaded_at=clock.now(),
        )  # fmt: skip
        return {
            "ref": ticket.ref,
            "escalation": escalation.pk,
            "consult": self._question(ticket),
            "credit": credit_request(
                ticket=ticket, by=self.org.agent, action="service_credit", amount=Decimal(4000), reason="Promised."
            ).pk,
            "clock": Clock.objects.filter(ticket=ticket).first().pk,
            "key": attachment.key,
        }

    def _question(self, ticket: Ticket) -> int:
        return consult_ask(
            ticket=ticket, by=self.org.agent, to_team=self.org.teams["L2"], to_user=None, question="Is it known?"
        ).pk

    def kwargs(self, url: Url, ticket: Ticket | None) -> dict[str, Any]:
        """Arguments that name pieces of the ticket; of a missing one, things that do not exist."""
        missing = {
            "ref": "BLY-0",
            "escalation": MISSING_PK,
            "clock": MISSING_PK,
            "consult": MISSING_PK,
            "credit": MISSING_PK,
            "key": uuid.uuid4(),
        }
        pieces = self.pieces[ticket.pk] if ticket else missing
        of_pk = next((piece for piece in ("clock", "consult", "credit") if piece in url.name), "escalation")
        values = {
            "ref": pieces["ref"],
            "key": pieces["key"] if url.name.startswith("escalations") else "set-password",
            "pk": pieces[of_pk],
            "form": "reply",
            "other": self.seen.ref,
            "code": self.org.policy.code,
            "uidb36": "1",
            "number": 1,
            "step": "tiers",
        }
        if "customer" in url.name:
            values["pk"] = self.org.customer.pk
        if url.name.startswith("escalations:issue_"):
            values["pk"] = self.issue.pk
        if "desk_handover" in url.name:
            values["pk"] = self.handover.pk if "detail" in url.name else self.org.agent.pk
        if url.name.startswith("accounts:"):
            of = url.name.removeprefix("accounts:").partition("_")[0]
            values["pk"] = self.duty["shift" if url.name == "accounts:swap_create" else of] if of in self.duty else 0
            values["code"] = self.org.teams["L3"].code
            if url.name in ("accounts:expertise_detail", "accounts:rating_change"):
                values |= {"pk": self.org.people["l3_first"].pk, "code": self.skill.code}
        if ":calendar_" in url.name:
            values["code"] = self.org.calendar.code
        if url.who is Open.POLICY:
            rows = self.draft.triggers if "trigger" in url.name else self.draft.tiers
            values |= {"code": self.draft.code, "section": "tiers", "pk": rows.first().pk}
        return {name: values[name] for name in url.converters}

    def path(self, url: Url, ticket: Ticket | None) -> str:
        return reverse(url.name, kwargs=self.kwargs(url, ticket))
