"""Every field of the content goes through the form and comes back as it was."""

from datetime import UTC, datetime, timedelta

import pytest
from django.http import QueryDict
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from escalations.choices import Reproduced, Sentiment
from escalations.domain.handoff import ASKS, CONTENT_FIELDS, HandoffContent, Step, completeness
from escalations.forms.handoff import (
    BOOKKEEPING,
    KEPT,
    HandoffChoices,
    HandoffForm,
    draft_of_content,
    draft_of_post,
    post_of_draft,
    sheet_of_post,
    sheet_to_show,
)

CODES = [("a", "A"), ("b_c", "B")]
CHOICES = HandoffChoices(CODES, [("Team", [("team:1", "Anyone")])], CODES, CODES, CODES, CODES)
LINE = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\u2028\u2029\u202a\u202b\u202c\u202d\u202e"
                  "\u2066\u2067\u2068\u2069"), max_size=60,
).map(str.strip)  # fmt: skip
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")) | st.just("\n"), max_size=300).map(str.strip)
INSTANT = st.just("") | st.datetimes(
    datetime(2000, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)
).map(datetime.isoformat)  # fmt: skip
KEY = "2f1a9b6c-6a0e-4a56-9a50-0f2f6f6f8a11"
CODE = st.sampled_from(["", "a", "b_c"])
YES_NO = st.sampled_from(["", "yes", "no"])
STEPS = st.lists(
    st.builds(Step, LINE.filter(bool), LINE, st.none() | st.integers(0, 44_640)), max_size=6
).map(tuple)  # fmt: skip
FIELDS = dict(
    customer_words=TEXT, technical_description=TEXT, business_impact=TEXT, scope=CODE, urgency=CODE, steps=STEPS,
    reproduced=st.sampled_from(["", *Reproduced.values]), workaround=YES_NO, workaround_details=LINE,
    sentiment=st.sampled_from(["", *Sentiment.values]), last_contact_at=INSTANT, likely_cause=TEXT,
    recommended_action=TEXT, additional_context=TEXT, customer_notified=YES_NO, notified_at=INSTANT,
    next_update_at=INSTANT, contact_method=CODE, update_frequency=CODE, relationship_notes=TEXT,
)  # fmt: skip
CONTENTS = st.builds(HandoffContent, **FIELDS)
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns"])


def test_no_field_is_left_out_below():
    assert set(FIELDS) == set(CONTENT_FIELDS)


@given(content=CONTENTS, zone=ZONES)
def test_content_survives_the_form(content, zone):
    with timezone.override(zone):
        post = post_of_draft(draft_of_content(content, reason="a", to="team:1"))
        post["idempotency_key"] = KEY
        sheet = sheet_of_post(post, base=content, choices=CHOICES)
        assert sheet.is_valid(), (sheet.form.errors, sheet.rows.errors)
        assert sheet.content() == content


@given(content=CONTENTS, zone=ZONES)
def test_a_draft_survives_being_shown_and_sent_again(content, zone):
    with timezone.override(zone):
        draft = draft_of_content(content, reason="a", to="team:1")
        shown = sheet_to_show(draft, base=content, initial={}, choices=CHOICES)
        post = QueryDict(mutable=True)
        for name in KEPT:
            post[name] = str(shown.form[name].value() or "")
        post["steps-TOTAL_FORMS"] = str(len(shown.rows.forms))
        for row in shown.rows.forms:
            for field in row:
                post[field.html_name] = "" if field.value() is None else str(field.value())
        assert draft_of_post(post) == draft


@given(st.dictionaries(st.sampled_from([*KEPT, "steps-0-step", "steps-0-minutes", "steps-TOTAL_FORMS"]), st.text()))
def test_anything_can_be_typed(typed):
    post = QueryDict(mutable=True)
    post.update(typed)
    sheet = sheet_of_post(post, base=HandoffContent(), choices=CHOICES)
    completeness(sheet.content(), reason="", to="")
    draft_of_post(post)


def test_every_ask_has_its_field_and_every_field_its_ask():
    asked = {ask.name for ask in ASKS} - {"results", "minutes", "steps"}
    fields = set(HandoffForm(choices=CHOICES).fields) - set(BOOKKEEPING)
    # How the sender goes on is a choice of theirs, nothing that the receiver misses.
    assert asked == fields - {"is_warm"} == set(KEPT) - {"is_warm"}
    assert set(CONTENT_FIELDS) <= {ask.name for ask in ASKS}


def test_untouched_seconds_stay_and_touched_minutes_change():
    at = datetime(2026, 6, 16, 9, 50, 27, tzinfo=UTC)
    base = HandoffContent(last_contact_at=at.isoformat())
    post = post_of_draft(draft_of_content(base))
    assert sheet_of_post(post, base=base, choices=CHOICES).content().last_contact_at == base.last_contact_at
    post["last_contact_at"] = f"{at + timedelta(minutes=1):%Y-%m-%dT%H:%M}"
    changed = sheet_of_post(post, base=base, choices=CHOICES).content().last_contact_at
    assert datetime.fromisoformat(changed) == at.replace(minute=51, second=0)


@pytest.mark.parametrize("count", [101, 5000])
def test_more_steps_than_anybody_takes_are_refused(count):
    post = QueryDict(mutable=True)
    post["steps-TOTAL_FORMS"] = str(count)
    for index in range(count):
        post[f"steps-{index}-step"] = "again"
    assert not sheet_of_post(post, base=HandoffContent(), choices=CHOICES).is_valid()
