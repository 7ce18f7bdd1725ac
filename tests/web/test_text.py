import pytest
from django import forms
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from web.forms import TEXT_LIMIT, BelayForm
from web.text import check_text, showable


class Note(BelayForm):
    line = forms.CharField(label="Line")
    text = forms.CharField(label="Text", widget=forms.Textarea, max_length=20_000)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("a\x00b", "position 2"),
        ("a\x07", "control character"),
        ("\ud800", "Half of a character"),
        ("a\u202eb", "reading direction"),
        ("one\ntwo", "one line"),
        ("x" * 201, "1 character too long: the limit is 200"),
        ("x" * 1_000_000, "999,800 characters too long"),
    ],
)
def test_a_line_refuses_by_name_and_keeps_what_was_typed(typed: str, says: str) -> None:
    form = Note({"line": typed, "text": "fine"})
    assert not form.is_valid()
    assert says in form.errors["line"][0]
    html = form["line"].as_field_group()
    html.encode("utf-8")
    assert showable(typed).split("\n")[0][:100] in html


def test_several_lines_may_hold_breaks_and_direction() -> None:
    form = Note({"line": "a", "text": "one\r\ntwo\ttab \u202bعربي\u202c"})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["text"] == "one\ntwo\ttab \u202bعربي\u202c"


def test_line_breaks_count_once() -> None:
    assert Note({"line": "a", "text": "\r\n".join(["x"] * (TEXT_LIMIT // 2))}).is_valid()


@given(st.text(alphabet=st.characters(), max_size=60))
def test_any_text_is_taken_or_refused_and_always_shown(text: str) -> None:
    form = Note({"line": text, "text": text})
    form.is_valid()
    str(form).encode("utf-8")
    for value in form.cleaned_data.values():
        value.encode("utf-8")
        assert "\x00" not in value


@given(st.text(max_size=40))
def test_what_passes_can_be_stored(text: str) -> None:
    try:
        check_text(text, multiline=False)
    except ValidationError:
        return
    assert "\x00" not in text
    assert len(text.splitlines()) <= 1
