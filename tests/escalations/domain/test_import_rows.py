"""One row at a time: what it becomes, and every reason for which it is refused."""

import contextlib
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalations.domain.import_rows import RowReader, RowRefused
from escalations.domain.importing import Rule
from tests.escalations.import_tables import INCIDENT_MAPPING, INCIDENT_ROWS, INCIDENTS, with_rule

NOW = datetime(2026, 6, 16, 10, tzinfo=UTC)
CHOICES = {
    "state": {code: code for code in ("new", "open", "waiting_customer", "resolved", "closed")},
    "priority": {str(n): f"P{n}" for n in range(1, 5)},
    "team": {"front": "L1 Front", "integrations": "L2 Integrations"},
    "owner": {"l2_first": "L2_First Example"},
    "category": {"technical": "Technical"},
}  # fmt: skip


def read(cells, mapping=INCIDENT_MAPPING, columns=INCIDENTS):
    return RowReader(mapping, columns=columns, choices=CHOICES, now=NOW).read(cells)


def row(**changes):
    return [changes.get(name, cell) for name, cell in zip(INCIDENTS, INCIDENT_ROWS[0], strict=True)]


def errors(cells, mapping=INCIDENT_MAPPING):
    with pytest.raises(RowRefused) as caught:
        read(cells, mapping)
    return dict(caught.value.errors)


def test_a_row_in_belays_words():
    facts = read(INCIDENT_ROWS[0])
    assert (facts.external_id, facts.subject, facts.state, facts.priority, facts.team) == (
        "INC1", "Network: Slow", "new", 3, "front",
    )  # fmt: skip
    assert facts.opened_at == datetime(2016, 2, 29, 5, 38, tzinfo=UTC)
    assert (facts.owner, facts.owner_name) == ("", "")


def test_unknown_words_say_nothing_and_leave_no_loose_ends_in_a_pattern():
    assert read(row(symptom="?")).subject == "Network"
    assert read(row(symptom="N/A", area="-")).subject == "No subject"
    lines = with_rule("description", Rule(pattern="Seen in {area}\nSymptom: {symptom}"))
    assert read(row(symptom="?"), lines).description == "Seen in Network"


def test_people_who_are_not_here_are_kept_by_name():
    assert (read(INCIDENT_ROWS[1]).owner, read(INCIDENT_ROWS[1]).owner_name) == ("", "Resolver 5")
    assert read(INCIDENT_ROWS[2]).owner == "l2_first"


def test_words_that_nobody_mapped_are_named():
    assert errors(row(urgency="7 - Cosmic", queue="Group 8")) == {
        "urgency": "“7 - Cosmic” is not mapped yet. Say under Values what it means.",
        "queue": "“Group 8” is not mapped yet. Say under Values what it means.",
    }
    others = replace(INCIDENT_MAPPING.rule("team"), others="integrations")
    assert read(row(queue="Group 8"), with_rule("team", others)).team == "integrations"


def test_what_a_cell_may_not_hold():
    assert "29-13-2016" in errors(row(raised="29-13-2016"))["raised"]
    assert "future" in errors(row(raised="29-02-2028 06:38"))["raised"]
    assert "120" in errors(row(number="9" * 121))["number"]
    assert "invisible" in errors(row(number="INC\x001"))["number"]
    assert "Says nothing" in errors(row(number=""))["number"]
    assert "bytes" in errors(row(area="Caf\udce9"))["area"]
    assert "160" in errors(row(site="x" * 161))["site"]
    assert errors(INCIDENT_ROWS[0][:-1]) == {"": "The row has 10 cells, the header 11."}
    assert errors([*INCIDENT_ROWS[0], "more"]) == {"": "The row has 12 cells, the header 11."}
    assert read([*INCIDENT_ROWS[0], "", " "]).external_id == "INC1"


def test_invisible_characters_go_with_a_note_and_long_subjects_stay_whole_in_the_description():
    facts = read(row(area="Net\x00work\u202e"))
    assert facts.subject == "Network: Slow"
    assert facts.notes == ["Invisible control characters were taken out"]
    long = read(row(area="word " * 100))
    assert len(long.subject) <= 300
    assert long.description.startswith("word word")
    assert long.description.count("word") == 100
    assert "1,000,006 characters" in errors(row(area="x" * 1_000_000))["{area}: {symptom}"]


def test_what_has_ended_has_an_end():
    closed = read(INCIDENT_ROWS[3])
    assert closed.resolved_at == closed.closed_at == closed.last_contact_at
    bare = read(row(status_name="Closed", touched="?"))
    assert bare.resolved_at == bare.opened_at
    ends = with_rule("resolved_at", Rule(column="touched"))
    assert "before the opening" in errors(row(status_name="Closed", touched="01-01-2016 00:00"), ends)["touched"]
    assert read(row(touched="29-02-2016 09:00"), ends).resolved_at is None  # open again, whatever ended once


@pytest.mark.parametrize(
    ("text", "amount"),
    [("1250.5", "1250.50"), ("1.250,50", "1250.50"), ("$1,250", "1250.00"), ("1'250.00 CHF", "1250.00"),
     ("12,5", "12.50"), ("€ 3", "3.00")],
)  # fmt: skip
def test_money(text, amount):
    assert read(row(touched=text), _money()).facts["order_value"] == Decimal(amount)


@pytest.mark.parametrize("text", ["much", "-5", "1.2.3", "1" * 20])
def test_no_money(text):
    assert "no amount" in errors(row(touched=text), _money())["touched"]


def _money():
    without = {key: rule for key, rule in INCIDENT_MAPPING.rules.items() if key != "last_contact_at"}
    return replace(INCIDENT_MAPPING, rules={**without, "order_value": Rule(column="touched")})


@given(st.lists(st.text(max_size=30), min_size=0, max_size=14))
def test_any_row_reads_or_is_refused(cells):
    with contextlib.suppress(RowRefused):
        assert read(cells).external_id
