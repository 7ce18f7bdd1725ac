import re
from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.utils import timezone

from web.fields import IconRadioSelect, LocalDateTimeField, MinutesField
from web.forms import BelayForm, IdempotencyMixin, VersionMixin


class Sample(IdempotencyMixin, VersionMixin, BelayForm):
    half = ("urgency",)
    optional_marks = ("context",)

    words = forms.CharField(label="Own words", widget=forms.Textarea, help_text="As they wrote it.")
    urgency = forms.ChoiceField(label="Urgency", choices=[("", "Choose"), ("today", "Today")])
    mood = forms.ChoiceField(
        label="Mood", choices=[("up", "Upset"), ("ok", "Fine")], widget=IconRadioSelect(icons={"up": "mood-angry"})
    )
    context = forms.CharField(label="Context", required=False)
    told_at = LocalDateTimeField(label="Told at", required=False)
    told = forms.BooleanField(label="Told", required=False)


def described(html: str) -> set[str]:
    ids = re.findall(r'aria-describedby="([^"]+)"', html)
    return {one for value in ids for one in value.split()}


def test_every_description_exists() -> None:
    form = Sample({"told_at": "never"}, needs={"context": "L3 plans its day by it."})
    assert not form.is_valid()
    html = str(form)
    present = set(re.findall(r'\bid="([^"]+)"', html))
    assert described(html) <= present
    assert {"id_words_helptext", "id_words_error", "id_mood_error", "id_context_need"} <= described(html)


def test_wrong_fields_say_so() -> None:
    form = Sample({})
    html = form["words"].as_field_group()
    assert 'aria-invalid="true"' in html
    assert "field--wrong" in html
    assert "Nothing is written here yet." in html


def test_need_marks_an_empty_field_until_it_is_wrong() -> None:
    html = Sample(needs={"urgency": "L3 plans its day by it."})["urgency"].as_field_group()
    assert 'class="w3 field--missing"' in html
    assert 'id="id_urgency_need"' in html
    assert 'aria-describedby="id_urgency_need"' in html


def test_origin_zone_and_optional_stand_beside_the_label() -> None:
    form = Sample(origins={"words": "from message 13:47"})
    assert '<span class="field__from">from message 13:47</span>' in form["words"].as_field_group()
    assert '<span class="field__from">optional</span>' in form["context"].as_field_group()
    with timezone.override(ZoneInfo("Asia/Kathmandu")):
        assert '<span class="field__from">UTC+5:45</span>' in form["told_at"].as_field_group()


def test_radios_are_a_group_with_a_legend_and_signs() -> None:
    html = Sample({})["mood"].as_field_group()
    assert html.count("<fieldset") == 1
    assert "<legend" in html
    assert "#mood-angry" in html
    assert html.count('class="option"') == 2


def test_a_box_stands_before_its_label() -> None:
    html = Sample()["told"].as_field_group()
    assert html.index('type="checkbox"') < html.index("Told")
    assert "form-control" not in html


def test_controls_carry_their_class_and_id() -> None:
    form = Sample()
    assert 'class="form-control"' in str(form["words"])
    assert 'class="form-select"' in str(form["urgency"])
    assert 'rows="3"' in str(form["words"])
    assert 'type="hidden"' in str(form["idempotency_key"])


def test_each_form_shown_has_its_own_key() -> None:
    keys = {re.search(r'value="(\w+)"', str(Sample()["idempotency_key"])) for _ in range(3)}
    assert len({key.group(1) for key in keys if key}) == 3


def test_hidden_fields_say_what_is_wrong_with_them() -> None:
    form = Sample({"words": "x", "urgency": "today", "mood": "up", "idempotency_key": "k"})
    assert not form.is_valid()
    assert "Nothing is written here yet" in str(form)


@pytest.mark.parametrize(
    ("zone", "typed", "instant"),
    [
        ("Europe/Berlin", "2025-04-24T14:30", datetime(2025, 4, 24, 12, 30, tzinfo=UTC)),
        ("Asia/Kathmandu", "2025-04-24T14:30", datetime(2025, 4, 24, 8, 45, tzinfo=UTC)),
        ("Europe/Berlin", "2025-10-26T02:30", datetime(2025, 10, 26, 0, 30, tzinfo=UTC)),
    ],
)
def test_times_are_read_in_the_readers_zone(zone: str, typed: str, instant: datetime) -> None:
    with timezone.override(ZoneInfo(zone)):
        assert LocalDateTimeField().clean(typed) == instant


def test_a_time_that_the_clocks_skip_is_refused() -> None:
    with timezone.override(ZoneInfo("Europe/Berlin")), pytest.raises(forms.ValidationError, match="does not exist"):
        LocalDateTimeField().clean("2025-03-30T02:30")


@pytest.mark.parametrize("typed", ["tomorrow", "2025-13-01T00:00", "9" * 500, "\x00", "0001-01-01T00:00"])
def test_strange_times_are_refused_or_read_but_never_break(typed: str) -> None:
    with timezone.override(ZoneInfo("Pacific/Apia")), suppress(forms.ValidationError):
        assert LocalDateTimeField().clean(typed).tzinfo


def test_a_time_is_shown_as_it_is_read() -> None:
    with timezone.override(ZoneInfo("America/New_York")):
        form = Sample(initial={"told_at": datetime(2025, 4, 24, 12, 30, tzinfo=UTC)})
        assert 'value="2025-04-24T08:30"' in str(form["told_at"])
        assert 'type="datetime-local"' in str(form["told_at"])


@pytest.mark.parametrize("typed", ["-1", "1.5", "a", "99999999"])
def test_minutes_are_whole_and_few(typed: str) -> None:
    with pytest.raises(forms.ValidationError):
        MinutesField().clean(typed)
