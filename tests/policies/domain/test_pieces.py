"""Two wordings woven into one."""

from hypothesis import given
from hypothesis import strategies as st

from policies.domain.pieces import CAME, GONE, SAME, Piece, pieces


def test_an_amount_changes_as_a_whole():
    assert pieces("L2 acknowledges within 30 min.", "L2 acknowledges within 15 min.") == (
        Piece(SAME, "L2 acknowledges within "), Piece(GONE, "30 min"), Piece(CAME, "15 min"), Piece(SAME, "."),
    )  # fmt: skip


def test_thousands_change_with_what_stands_before_them():
    assert pieces("More than $50,000 at risk", "More than $75,000 at risk") == (
        Piece(SAME, "More than "), Piece(GONE, "$50,000"), Piece(CAME, "$75,000"), Piece(SAME, " at risk"),
    )  # fmt: skip


def test_sentences_that_share_little_stand_one_after_the_other():
    old, new = "The source says limited: confirm it", "Raised from $500"
    assert pieces(old, new) == (Piece(GONE, old), Piece(SAME, " "), Piece(CAME, new))


def test_what_is_new_came_and_what_is_the_same_stays():
    assert pieces("", "New.") == (Piece(CAME, "New."),)
    assert pieces("Same.", "Same.") == (Piece(SAME, "Same."),)


@given(st.text("ab 1hmin.", max_size=30), st.text("ab 1hmin.", min_size=1, max_size=30))
def test_the_new_wording_is_all_there(old, new):
    shown = "".join(one.text for one in pieces(old, new) if one.kind != GONE)
    assert shown.strip() == new.strip() or shown == new
