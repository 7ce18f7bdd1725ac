"""10,000 random cases of business time against the minute-stepping oracle. New ones on every run."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.bed.calendar_cases import Case, cases, clock_changes, faults

CASES = 10_000


def test_ten_thousand_cases_agree_with_the_oracle(capsys: pytest.CaptureFixture[str]) -> None:
    tally: Counter[str] = Counter()
    wrong: list[str] = []

    @settings(
        max_examples=CASES,
        deadline=None,
        derandomize=False,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(cases())
    def judge(case: Case) -> None:
        members = [case.definition, *case.definition.get("members", [])]
        tally["cases"] += 1
        tally["with pauses"] += bool(case.pauses)
        tally["of several members"] += len(members) > 1
        tally["whose clocks change in the window"] += any(
            case.start - timedelta(days=2) <= change <= case.limit
            for member in members
            for change in clock_changes(member["zone"])
        )
        tally["due within the window"] += case.oracle.due(case.start, case.budget, case.pauses) is not None
        found = faults(case)
        if found:
            wrong.append(f"{case}: {found}")

    judge()
    with capsys.disabled():
        print()
        for what, count in tally.items():
            print(f"calendar battery: {count:>6} {what}")
        print(f"calendar battery: {len(wrong):>6} wrong")
    assert tally["cases"] >= CASES
    assert wrong == []
