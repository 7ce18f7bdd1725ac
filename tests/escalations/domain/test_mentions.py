from hypothesis import given
from hypothesis import strategies as st

from escalations.domain.mentions import named, pieces


def test_names_and_what_is_none():
    text = "@noor please look, (@Sam) and @ines. Not hanna@pellworth.example, not @ alone; @noor again, @j.feld-2!"
    assert named(text) == ["noor", "sam", "ines", "j.feld-2"]


def test_a_sentence_may_end_after_a_name():
    assert named("Ask @noor.\n@sam...") == ["noor", "sam"]
    assert "".join(words for words, _ in pieces("Ask @noor.")) == "Ask @noor."


@given(st.text(alphabet="@ab.-+ \n_é1", max_size=60))
def test_the_pieces_are_the_text(text):
    assert "".join(words for words, _ in pieces(text)) == text
    assert all(words.startswith("@") and words[1:].lower() == name for words, name in pieces(text) if name)
