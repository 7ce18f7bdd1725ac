"""How forms look and what they take in.

`BelayRenderer` (settings.FORM_RENDERER) draws every form of the product; `BelayForm` adds clean text,
half-width fields, and notes at a field: where its value came from, and why it is needed.
"""

import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, ProhibitNullCharactersValidator
from django.forms.renderers import TemplatesSetting
from django.forms.widgets import Input
from django.utils.functional import cached_property

from web.fields import LocalDateTimeField
from web.text import check_length, check_text, showable, unify_line_ends

LINE_LIMIT = 200  # characters, where a form names none
TEXT_LIMIT = 20_000
# What an empty field says where its form has no better reason.
NOT_WRITTEN = "Nothing is written here yet."
NOT_CHOSEN = "Nothing is chosen here yet."
DAMAGED = "This form is damaged. Copy what you typed and open it again."


class BelayBoundField(forms.BoundField):
    """A field on a form: knows its hint, its note and its place, and tells the reader's software of them."""

    @cached_property
    def need(self) -> str:
        """Why somebody needs this field, while it is empty."""
        return getattr(self.form, "needs", {}).get(self.name, "")

    @cached_property
    def origin(self) -> str:
        """Where a prefilled value came from ("from message 13:47"), the zone of a time, or "optional"."""
        origin: str = getattr(self.form, "origins", {}).get(self.name, "")
        if origin:
            return origin
        if isinstance(self.field, LocalDateTimeField):
            return self.field.zone_label
        return "optional" if self.name in getattr(self.form, "optional_marks", ()) else ""

    @property
    def is_check(self) -> bool:
        """A single tick box, whose label stands behind it."""
        return isinstance(self.field.widget, forms.CheckboxInput)

    def css_classes(self, extra_classes: str | None = None) -> str:
        names = [extra_classes or ""]
        if self.name in getattr(self.form, "half", ()):
            names.append("w3")
        if self.errors:
            names.append("field--wrong")
        elif self.need:
            names.append("field--missing")
        return " ".join(name for name in names if name)

    @property
    def aria_describedby(self) -> str | None:
        if self.field.widget.attrs.get("aria-describedby") or self.is_hidden or not self.auto_id:
            return None
        notes = {"helptext": self.help_text, "error": self.errors, "need": self.need}
        return " ".join(f"{self.auto_id}_{kind}" for kind, text in notes.items() if text)

    def build_widget_attrs(self, attrs: dict[str, Any], widget: forms.Widget | None = None) -> dict[str, Any]:
        widget = widget or self.field.widget
        built: dict[str, Any] = super().build_widget_attrs(attrs, widget)
        css = _widget_class(widget)
        if css:
            given = f"{widget.attrs.get('class', '')} {built.get('class', '')}".strip()
            built["class"] = f"{given} {css}".strip()
        if isinstance(widget, forms.Textarea) and widget.attrs.get("rows") == "10":
            built["rows"] = "3"
        return built

    def value(self) -> Any:
        found = super().value()
        return showable(found) if isinstance(found, str) else found


class BelayRenderer(TemplatesSetting):
    form_template_name = "web/forms/form.html"
    formset_template_name = "web/forms/formset.html"
    field_template_name = "web/forms/field.html"
    bound_field_class = BelayBoundField


class CleanTextMixin:
    """Every text of the form is checked: nothing unstorable, nothing misleading, nothing endless.

    A field without `max_length` gets one: 200 characters on a line, 20,000 in a text area.
    """

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        guard_texts(self)


def guard_texts(form: Any) -> None:
    """Check every text of a form, and say what an empty field needs; again where fields were added since."""
    for field in form.fields.values():
        if field.error_messages.get("required") == forms.Field.default_error_messages["required"]:
            field.error_messages["required"] = NOT_CHOSEN if isinstance(field, forms.ChoiceField) else NOT_WRITTEN
        is_text = isinstance(field, forms.CharField) and not isinstance(field, forms.UUIDField)
        if is_text and not isinstance(field.widget, forms.PasswordInput):
            _guard(field)


class BelayForm(CleanTextMixin, forms.Form):
    """The base of Belay's forms.

    `half`: names of fields that take half the width. `optional_marks`: fields labelled "optional".
    `origins` and `needs`: notes per field name, given when the form is made.
    """

    half: ClassVar[frozenset[str] | set[str] | tuple[str, ...]] = ()
    optional_marks: ClassVar[frozenset[str] | set[str] | tuple[str, ...]] = ()

    def __init__(
        self,
        *args: Any,
        origins: Mapping[str, str] | None = None,
        needs: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("label_suffix", "")
        self.origins = dict(origins or {})
        self.needs = dict(needs or {})
        super().__init__(*args, **kwargs)


class BelayModelForm(CleanTextMixin, forms.ModelForm):
    """`BelayForm` for a model."""

    half: ClassVar[frozenset[str] | set[str] | tuple[str, ...]] = ()
    optional_marks: ClassVar[frozenset[str] | set[str] | tuple[str, ...]] = ()

    def __init__(
        self,
        *args: Any,
        origins: Mapping[str, str] | None = None,
        needs: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("label_suffix", "")
        self.origins = dict(origins or {})
        self.needs = dict(needs or {})
        super().__init__(*args, **kwargs)


def new_key() -> str:
    """A fresh idempotency key."""
    return uuid.uuid4().hex


class IdempotencyMixin(forms.Form):
    """A key made when the form is shown, so that sending it twice does the thing once."""

    idempotency_key = forms.UUIDField(
        widget=forms.HiddenInput, initial=new_key, error_messages={"required": DAMAGED, "invalid": DAMAGED}
    )


class DraftMixin(IdempotencyMixin):
    """A form whose words are kept while they are typed: the draft's version that was shown, and the window."""

    draft_version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    draft_window = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)


class VersionMixin(forms.Form):
    """The version that was shown, so that a save over somebody else's is noticed.

    Fields with `show_hidden_initial` remember what they showed: only what was changed here need be saved.
    """

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def shown(self) -> dict[str, Any]:
        """What each field was when the form was made, from the form's own hidden fields."""
        found = {}
        for name, field in self.fields.items():
            if not field.show_hidden_initial:
                continue
            raw = field.hidden_widget().value_from_datadict(self.data, self.files, self.add_initial_prefix(name))
            try:
                found[name] = field.to_python(raw)
            except ValidationError:
                found[name] = None
        return found


def _widget_class(widget: forms.Widget) -> str:
    if isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple | forms.CheckboxInput | forms.HiddenInput):
        return ""
    if isinstance(widget, forms.Select):
        return "form-select"
    return "form-control" if isinstance(widget, Input | forms.Textarea) else ""


def _guard(field: forms.CharField) -> None:
    multiline = isinstance(field.widget, forms.Textarea)
    limit = field.max_length or (TEXT_LIMIT if multiline else LINE_LIMIT)
    kept = [v for v in field.validators if not isinstance(v, MaxLengthValidator | ProhibitNullCharactersValidator)]

    def check(text: str) -> None:
        check_length(text, limit)
        check_text(text, multiline=multiline)

    field.validators = [check, *kept]
    if multiline:
        # The browser counts a line break as one, as we do; a hard stop there would cut pasted text silently.
        field.widget.attrs.pop("maxlength", None)
        plain = field.to_python

        def to_python(value: Any) -> Any:
            text = plain(value)
            return unify_line_ends(text) if isinstance(text, str) else text

        field.to_python = to_python  # type: ignore[method-assign]
