"""Which words the search asks for, and how what it found is ordered."""

import re
from datetime import UTC, datetime, timedelta
from itertools import combinations
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalations.domain.similar import (
    ASKED,
    COMMON,
    FOUND,
    MOST_SHOWN,
    READ,
    Candidate,
    Here,
    Word,
    at_least,
    expected,
    judge,
    plan,
    quoted,
    rank,
    rarest,
    strict,
)

NOW = datetime(2026, 6, 16, 10, tzinfo=UTC)
lexemes = st.lists(st.text("abcdefgh", min_size=1, max_size=4), min_size=1, max_size=9, unique=True)
shares = st.one_of(st.none(), st.floats(0.000_001, 1.0))
words = st.lists(
    st.builds(Word, st.text("abcdef0123", min_size=1, max_size=5), st.just("x"), shares), min_size=0, max_size=20
)


def matches(query: str, having: set[str]) -> bool:
    """What PostgreSQL makes of a query of quoted lexemes."""
    said = re.sub(r"'([^']*)'", lambda found: str(found[1] in having), query)
    return bool(eval(said.replace("&", " and ").replace("|", " or ")))


def word(lexeme: str, share: float | None = 0.001) -> Word:
    return Word(lexeme, lexeme.title(), share)


def candidate(pk: int = 1, lexemes: str = "", **facts: object) -> Candidate:
    given = {"resolved_at": NOW - timedelta(days=10)} | facts
    return Candidate(pk, frozenset(lexemes.split()), **given)  # type: ignore[arg-type]


# --- what is asked ---------------------------------------------------------------------------------------


@given(lexemes, st.data())
def test_at_least_means_at_least(known, data):
    count = data.draw(st.integers(1, len(known)))
    having = set(data.draw(st.lists(st.sampled_from([*known, "zz"]), unique=True)))
    assert matches(at_least(count, known), having) == (len(having & set(known)) >= count)


@given(lexemes, st.integers(1, 4))
def test_the_strict_question_finds_less_and_never_what_the_loose_one_misses(known, least):
    least = min(least, len(known))
    for size in range(len(known) + 1):
        for having in map(set, combinations(known, size)):
            if matches(strict(least, known), having):
                assert matches(at_least(least, known), having)
    assert matches(strict(least, known), set(known))


def test_a_question_is_written_short():
    many = [f"w{number}" for number in range(ASKED)]
    assert at_least(2, many).count("'") / 2 <= 40
    assert at_least(3, many).count("'") / 2 <= 120


@given(st.lists(st.floats(0, 1), max_size=6), st.integers(1, 4))
def test_expected_counts_every_way(found, count):
    every = range(len(found))
    exactly = sum(
        prod(found[n] if n in chosen else 1 - found[n] for n in every)
        for size in range(count, len(found) + 1)
        for chosen in map(set, combinations(every, size))
    )
    assert expected(count, found) == pytest.approx(exactly, abs=1e-9)


@given(words, st.sampled_from([10, 5_000, 1_000_000, 50_000_000]))
def test_a_plan_keeps_to_its_limits(known, total):
    made = plan(known, total)
    if made is None:
        assert not known
        return
    assert 1 <= len(made.asked) <= ASKED
    assert set(made.asked) <= set(rarest(known))
    assert len({one.lexeme for one in made.asked}) == len(made.asked)
    assert sum(one.likely for one in made.asked[3:]) * total <= READ
    everything = {one.lexeme for one in made.asked}
    assert matches(made.loose, everything)
    assert matches(made.strict, everything)
    fewest = min(
        size for size in range(len(everything) + 1) if any(
            matches(made.loose, set(some)) for some in combinations(sorted(everything), size)
        )
    )  # fmt: skip
    few_enough = expected(fewest, [one.likely for one in made.asked]) * total <= FOUND
    assert few_enough or fewest == len(made.asked)


def test_words_that_every_ticket_has_are_not_asked_for():
    made = plan([word("fail", 0.99), word("late", 0.5), word("gateway", COMMON), word("mtls", 0.0002)], 1_000_000)
    assert made is not None
    assert [one.lexeme for one in made.asked] == ["mtls", "gateway"]
    # Nothing but such words: the least common of them, rather than nothing.
    assert [one.lexeme for one in plan([word("fail", 0.99), word("late", 0.5)], 10**6).asked] == ["late", "fail"]


def test_in_a_small_collection_one_word_in_common_is_enough_to_be_looked_at():
    made = plan([word("gateway", 0.4), word("rotat", 0.1), word("signatur", 0.05)], 500)
    assert made is not None
    assert matches(made.loose, {"gateway"})


def test_a_text_without_a_word_asks_nothing():
    assert plan([], 1000) is None


@pytest.mark.parametrize("lexeme", ["o'brien", "c:\\temp", "it''s", "\\", "'"])
def test_lexemes_are_quoted(lexeme):
    inside = quoted(lexeme)[1:-1]
    assert inside.replace("''", "'").replace("\\\\", "\\") == lexeme


def test_numbers_say_half_of_what_words_say():
    assert word("4711").weight == word("mtls").weight / 2
    assert rarest([word("4711"), word("mtls")])[0].lexeme == "mtls"


# --- what is shown ---------------------------------------------------------------------------------------

KNOWN = [word("rotat"), word("signatur"), word("gateway", 0.01), word("fail", 0.6)]


def test_what_shares_the_rare_words_comes_first():
    far, near = candidate(1, "gateway fail"), candidate(2, "rotat signatur")
    assert [match.candidate.pk for match in rank([far, near], KNOWN, Here(), NOW)] == [2, 1]


def test_what_shares_next_to_nothing_is_not_shown():
    assert judge(candidate(1, "fail"), KNOWN, Here(), NOW) is None
    assert judge(candidate(1, "rotat"), KNOWN, Here(), NOW) is not None
    assert judge(candidate(1, "gateway"), KNOWN, Here(), NOW) is None


def test_the_same_issue_comes_first_whatever_it_says():
    here = Here(issue=7)
    found = rank([candidate(1, "rotat signatur gateway fail"), candidate(2, "", issue=7)], KNOWN, here, NOW)
    assert [match.candidate.pk for match in found] == [2, 1]
    assert found[0].same_issue


def test_no_issue_is_not_the_same_issue():
    assert judge(candidate(1, ""), KNOWN, Here(), NOW) is None


def test_facts_decide_between_texts_that_are_equally_alike():
    here = Here(issue_type="bug", product_area="webhooks", customer=3)
    plain = candidate(9, "rotat signatur")
    others = [
        candidate(1, "rotat signatur", issue_type="bug"),
        candidate(2, "rotat signatur", product_area="webhooks"),
        candidate(3, "rotat signatur", customer=3),
        candidate(4, "rotat signatur", satisfaction=5),
        candidate(5, "rotat signatur", was_escalated=True),
        candidate(6, "rotat signatur", resolved_at=NOW - timedelta(days=1)),
    ]
    for other in others:
        assert rank([plain, other], KNOWN, here, NOW)[0].candidate.pk == other.pk
    assert rank([plain, candidate(7, "rotat signatur", satisfaction=1)], KNOWN, here, NOW)[0].candidate.pk == 9


def test_reasons_name_the_most_telling_words_as_they_were_written():
    match = judge(candidate(1, "fail gateway rotat"), KNOWN, Here(), NOW)
    assert match is not None
    assert match.words == ("Rotat", "Gateway", "Fail")


candidates = st.lists(
    st.builds(
        candidate, st.integers(1, 40),
        st.lists(st.sampled_from(["rotat", "signatur", "gateway", "fail", "x"])).map(" ".join),
        issue=st.sampled_from([None, 7, 8]), issue_type=st.sampled_from(["", "bug"]),
        satisfaction=st.sampled_from([None, 1, 5]),
    ),
    max_size=12, unique_by=lambda one: one.pk,
)  # fmt: skip


@given(candidates, st.randoms())
def test_the_order_follows_from_what_was_found_not_from_how(found, rng):
    here = Here(issue=7, issue_type="bug")
    shown = rank(found, KNOWN, here, NOW)
    rng.shuffle(found)
    assert rank(found, KNOWN, here, NOW) == shown
    assert len(shown) <= MOST_SHOWN
    assert [match.same_issue for match in shown] == sorted((match.same_issue for match in shown), reverse=True)


@given(candidates, st.sampled_from(["rotat", "signatur", "gateway"]))
def test_one_more_word_in_common_never_makes_less_alike(found, more):
    for one in found:
        richer = candidate(one.pk, " ".join({*one.lexemes, more}), issue=one.issue, issue_type=one.issue_type,
                           satisfaction=one.satisfaction)  # fmt: skip
        before, after = judge(one, KNOWN, Here(), NOW), judge(richer, KNOWN, Here(), NOW)
        if before is not None:
            assert after is not None
            assert after.score >= before.score
