"""What a draft is called, and how a version comes into force. Shape only; the services decide."""

from django import forms

from web.fields import LocalDateTimeField
from web.forms import BelayForm


class EditMixin(forms.Form):
    """The count of changes at which the page was made, so that a save over another's is noticed."""

    edit = forms.IntegerField(min_value=0, max_value=2_147_483_647, widget=forms.HiddenInput)


class DraftForm(EditMixin, BelayForm):
    optional_marks = ("note",)

    title = forms.CharField(label="Title", max_length=120)
    note = forms.CharField(
        label="What changes, and why", required=False, max_length=4000, widget=forms.Textarea,
        help_text="Readers of the document see it.",
    )  # fmt: skip


class PublishForm(EditMixin, BelayForm):
    optional_marks = ("effective_at",)

    effective_at = LocalDateTimeField(
        label="In force from", required=False, help_text="Empty: now. Until a later day the draft is not edited."
    )
