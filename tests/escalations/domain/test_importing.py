"""Mappings as JSON, what is wrong with them, and the suggestions that they begin with."""

import pytest

from escalations.domain.import_guess import guess_columns, guess_rules, guess_values
from escalations.domain.importing import FIELD, MappingInvalid, Rule, check_mapping, mapping_from_json
from tests.escalations.domain.test_import_rows import CHOICES
from tests.escalations.import_tables import INCIDENT_MAPPING, INCIDENTS, with_rule


def problems(mapping, columns=INCIDENTS):
    with pytest.raises(MappingInvalid) as caught:
        check_mapping(mapping, columns=columns, choices=CHOICES)
    return dict(caught.value.problems)


def test_json_and_back():
    data = INCIDENT_MAPPING.to_json()
    assert mapping_from_json(data) == INCIDENT_MAPPING
    assert data["fields"]["team"] == {
        "column": "queue", "values": {"Group 7": "front", "Group 9": "integrations"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([], "The mapping is an object"),
        ({"schema": 9}, "Schema 9"),
        ({"dates": {"order": "sideways"}}, "sideways"),
        ({"fields": {"colour": {}}}, "“colour” is no field"),
        ({"fields": {"team": {"colum": "x"}}}, "fields.team has no “colum”"),
        ({"fields": {"team": []}}, "fields.team is an object"),
        ({"fields": {"team": {"values": {"a": []}}}}, "fields.team.values is text"),
        ({"unknown": "?"}, "unknown is a list"),
    ],
)
def test_what_is_no_mapping(data, said):
    with pytest.raises(MappingInvalid, match=said):
        mapping_from_json(data)


def test_what_does_not_fit_this_file_or_organisation():
    check_mapping(INCIDENT_MAPPING, columns=INCIDENTS, choices=CHOICES)
    assert "no column “queue”" in problems(INCIDENT_MAPPING, [name for name in INCIDENTS if name != "queue"])["team"]
    assert "“data”" in problems(with_rule("team", Rule(column="queue", values={"Group 7": "data"})))["team"]
    assert "Every ticket needs this" in problems(with_rule("customer", Rule()))["customer"]
    assert "one ticket" in problems(with_rule("external_id", Rule(column="number", default="1")))["external_id"]
    assert "braces" in problems(with_rule("subject", Rule(pattern="no column")))["subject"]
    assert "left empty" in problems(with_rule("state", Rule(column="status_name", others="")))["state"]


def test_columns_are_guessed_from_what_many_products_call_them():
    names = ["Ticket ID", "Status", "Assignment group", "u_created_at", "Company Name", "Short description"]
    assert guess_columns(names) == {
        "external_id": "Ticket ID", "state": "Status", "team": "Assignment group", "opened_at": "u_created_at",
        "customer": "Company Name", "subject": "Short description",
    }  # fmt: skip
    assert guess_columns(["a", "b"]) == {}


def test_values_are_guessed_from_plain_words():
    assert guess_values(FIELD["priority"], ["1 - Critical", "P2", "Normal", "low", "purple"], CHOICES["priority"]) == {
        "1 - Critical": "1", "P2": "2", "Normal": "3", "low": "4",
    }  # fmt: skip
    states = {code: code for code in ("new", "open", "waiting_customer", "waiting_vendor", "resolved", "closed")}
    words = ["New", "In Progress", "Awaiting User Info", "On hold - vendor", "Solved", "Cancelled", "Zz"]
    assert guess_values(FIELD["state"], words, states) == {
        "New": "new", "In Progress": "open", "Awaiting User Info": "waiting_customer",
        "On hold - vendor": "waiting_vendor", "Solved": "resolved", "Cancelled": "closed",
    }  # fmt: skip
    rules = guess_rules(["Id", "Team"], {"Team": {"L2 Integrations": 3, "Other": 1}}, CHOICES)
    assert rules["team"].values == {"L2 Integrations": "integrations"}
    assert rules["team"].others is None
    assert rules["state"] == Rule(default="open")
