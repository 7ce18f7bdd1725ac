"""Around acceptance: the read-back, the follow-up with the customer, and questions to another tier."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.models import Team
from escalations.choices import ConsultState, ReadBackState
from escalations.domain.around import CONSULT_TRANSITIONS, READ_BACK_TRANSITIONS
from escalations.models.conversation import Message
from escalations.models.escalations import Escalation
from escalations.models.tickets import Ticket

PERSON = settings.AUTH_USER_MODEL


class ReadBack(models.Model):
    """The receiver restates the problem and the next action; the sender confirms or corrects."""

    escalation = models.ForeignKey(Escalation, on_delete=models.CASCADE, related_name="read_backs")
    round = models.PositiveSmallIntegerField(default=1)
    problem = models.TextField()
    next_action = models.TextField()
    given_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=ReadBackState, default=ReadBackState.GIVEN)
    correction = models.TextField(blank=True)
    answered_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["escalation", "round"]
        constraints = [
            models.UniqueConstraint(fields=["escalation", "round"], name="read_back_round"),
            models.UniqueConstraint(
                fields=["escalation"], condition=Q(state=ReadBackState.GIVEN), name="read_back_one_open"
            ),
            models.CheckConstraint(
                name="read_back_correction_says_what",
                condition=~Q(state=ReadBackState.CORRECTED) | ~Q(correction=""),
            ),
            models.CheckConstraint(
                name="read_back_answered_by",
                condition=Q(state=ReadBackState.GIVEN, answered_at__isnull=True)
                | Q(answered_at__isnull=False, answered_by__isnull=False),
            ),
        ]
        triggers = [
            pgtrigger.FSM(
                name="read_back_states",
                field="state",
                transitions=sorted({(str(t.source), str(t.target)) for t in READ_BACK_TRANSITIONS}),
            )
        ]

    def __str__(self) -> str:
        return f"Read-back {self.round} of {self.escalation_id}"


class FollowUp(models.Model):
    """After acceptance the receiver has contacted the customer: when, how, and who confirms it."""

    escalation = models.OneToOneField(Escalation, on_delete=models.CASCADE, related_name="follow_up")
    contacted_at = models.DateTimeField()
    channel = models.CharField(max_length=40, blank=True)
    note = models.TextField(blank=True)
    message = models.ForeignKey(
        Message,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="The reply that shows it, where it was written here",
    )
    recorded_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Follow-up of {self.escalation_id}"


class Consult(models.Model):
    """A question to another team. The ticket stays where it is, and it is not an escalation."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="consults")
    state = models.CharField(max_length=10, choices=ConsultState, default=ConsultState.ASKED)
    question = models.TextField()
    asked_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="consults_asked")
    asked_at = models.DateTimeField()
    from_team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    to_team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="consults")
    to_user = models.ForeignKey(PERSON, on_delete=models.PROTECT, null=True, blank=True, related_name="consults")
    answer = models.TextField(blank=True)
    answered_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True, help_text="When the asker read the answer")

    class Meta:
        ordering = ["-asked_at"]
        indexes = [
            models.Index(fields=["ticket", "-asked_at"], name="consult_ticket"),
            models.Index(fields=["to_team", "asked_at"], name="consult_open", condition=Q(state=ConsultState.ASKED)),
            models.Index(fields=["asked_by", "-asked_at"], name="consult_asked"),
        ]
        constraints = [
            models.CheckConstraint(
                name="consult_answered_by",
                condition=~Q(state=ConsultState.ANSWERED)
                | (Q(answered_at__isnull=False, answered_by__isnull=False) & ~Q(answer="")),
            )
        ]
        triggers = [
            pgtrigger.FSM(
                name="consult_states",
                field="state",
                transitions=sorted({(str(t.source), str(t.target)) for t in CONSULT_TRANSITIONS}),
            )
        ]

    def __str__(self) -> str:
        return f"Consult of {self.to_team_id} on {self.ticket_id}"
