import pgtrigger
from django.db import models

from policies.choices import PickListName


class PickItem(models.Model):
    """One entry of a list that people choose from. Taken out of use, never deleted: records cite its code."""

    list = models.CharField(max_length=20, choices=PickListName)
    code = models.SlugField(max_length=40)
    label = models.CharField(max_length=80)
    hint = models.CharField(max_length=200, blank=True)
    minutes = models.PositiveIntegerField(
        null=True, blank=True, help_text="For update frequencies: every how many minutes"
    )
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["list", "position", "label"]
        constraints = [models.UniqueConstraint(fields=["list", "code"], name="pick_item_code")]
        triggers = [pgtrigger.Protect(name="pick_item_kept", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.label
