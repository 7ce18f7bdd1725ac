"""What a version says besides numbers and triggers: pools, message templates, commitments, accepted findings."""

from django.db import models

from accounts.models import Skill, Team
from policies.choices import TemplateKind
from policies.models.versions import PolicyVersion, only_in_draft


class Pool(models.Model):
    """Specialists that a trigger or a routing rule sends work to: those of a team who work alone in a skill."""

    version = models.ForeignKey(PolicyVersion, on_delete=models.CASCADE, related_name="pools")
    key = models.SlugField(max_length=40)
    name = models.CharField(max_length=80)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    skill = models.ForeignKey(
        Skill, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="None: the whole team"
    )

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["version", "key"], name="pool_key")]
        triggers = [only_in_draft("pool")]

    def __str__(self) -> str:
        return self.name


class MessageTemplate(models.Model):
    """Words for the customer. Names in braces are filled in: see `policies.domain.templates`."""

    version = models.ForeignKey(PolicyVersion, on_delete=models.CASCADE, related_name="templates")
    key = models.SlugField(max_length=40)
    kind = models.CharField(max_length=16, choices=TemplateKind)
    name = models.CharField(max_length=80)
    subject = models.CharField(max_length=200, blank=True)
    body = models.TextField()
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["kind", "position", "name"]
        constraints = [models.UniqueConstraint(fields=["version", "key"], name="message_template_key")]
        triggers = [only_in_draft("message_template")]

    def __str__(self) -> str:
        return self.name


class Commitment(models.Model):
    """What the organisation undertakes in order to prevent escalations."""

    version = models.ForeignKey(PolicyVersion, on_delete=models.CASCADE, related_name="commitments")
    key = models.SlugField(max_length=40)
    text = models.CharField(max_length=300)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["version", "key"], name="commitment_key")]
        triggers = [only_in_draft("commitment")]

    def __str__(self) -> str:
        return self.text


class AcceptedFinding(models.Model):
    """A finding of the prover that the organisation lives with, and why."""

    version = models.ForeignKey(PolicyVersion, on_delete=models.CASCADE, related_name="accepted_findings")
    finding = models.CharField(max_length=200, help_text="The finding's id")
    reason = models.CharField(max_length=400)

    class Meta:
        ordering = ["finding"]
        constraints = [models.UniqueConstraint(fields=["version", "finding"], name="accepted_finding_once")]
        triggers = [only_in_draft("accepted_finding")]

    def __str__(self) -> str:
        return self.finding
