from django.http import QueryDict
from django.template.loader import render_to_string

from web.conflicts import Conflict, differences, resolve

LABELS = {"urgency": "Urgency", "cause": "Likely cause", "scope": "Scope"}
THEIRS = {"urgency": "today", "cause": "Key cache", "scope": "all"}
MINE = {"urgency": "week", "cause": "", "scope": "all"}


def test_only_what_differs_is_asked() -> None:
    found = differences(labels=LABELS, theirs=THEIRS, mine=MINE, show={"urgency": str.upper})
    assert [(d.name, d.theirs, d.mine) for d in found] == [
        ("urgency", "TODAY", "WEEK"),
        ("cause", "Key cache", "nothing"),
    ]


def test_each_choice_counts() -> None:
    posted = QueryDict("conflict-urgency=theirs&conflict-cause=mine")
    assert resolve(posted, names=LABELS, theirs=THEIRS, mine=MINE) == {"urgency": "today", "cause": "", "scope": "all"}


def test_one_button_takes_all() -> None:
    posted = QueryDict("conflict-urgency=mine&take_all=theirs")
    assert resolve(posted, names=["urgency", "cause"], theirs=THEIRS, mine=MINE) == {
        "urgency": "today",
        "cause": "Key cache",
    }


def test_an_unknown_side_falls_back_to_mine() -> None:
    assert resolve(QueryDict("conflict-urgency=evil"), names=["urgency"], theirs=THEIRS, mine=MINE) == {
        "urgency": "week"
    }


def test_panel_shows_both_and_escapes() -> None:
    found = differences(labels={"cause": "Cause"}, theirs={"cause": "<script>"}, mine={"cause": "b"})
    html = render_to_string("components/_conflict.html", {"panel": Conflict("Noor Haddad", "14:30", "handoff", found)})
    assert "&lt;script&gt;" in html
    assert "Noor Haddad saved this handoff at 14:30" in html
    assert "1 field differs" in html
    assert 'name="conflict-cause" value="theirs"' in html
