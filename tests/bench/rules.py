"""Forty triggers: those that Belay ships, and as many more as an organisation writes over the years.

Together they ask every fact that a ticket has but watched words: those are a search, not a look at a row. Each fires on
few tickets, as triggers do whose work is done the first time that they fire.
"""

from typing import Any

from policies.domain.compiling import compile_trigger
from policies.domain.triggers import CompiledTrigger, Condition, Group, TriggerRule
from policies.selectors import compiled_triggers, policy_in_force

HOUR = 3600
Row = tuple[str, str, Any]

WRITTEN: tuple[tuple[Row, ...], ...] = (
    (("is_vip", "is", True), ("wait_time", "more", 200 * HOUR), ("priority", "at_most", 2)),
    (("is_vip", "is", True), ("priority", "is", 1), ("has_owner", "is", False)),
    (("segment", "is", "enterprise"), ("time_at_tier", "more", 4 * HOUR), ("priority", "is", 1)),
    (("segment", "is", "smb"), ("wait_time", "at_least", 500 * HOUR), ("sentiment", "is", "upset")),
    (("region", "is", "apac"), ("priority", "is", 1), ("unacknowledged_for", "more", HOUR)),
    (("region", "is_not", "emea"), ("age", "more", 1500 * HOUR), ("priority", "is", 1)),
    (("contract_left", "less", 20 * HOUR), ("segment", "is", "enterprise"), ("priority", "is", 1)),
    (("contract_left", "less", 0), ("priority", "at_most", 2)),
    (("contract_left", "known", None), ("has_owner", "is", False), ("sentiment", "is", "upset"),
     ("priority", "is", 1)),
    (("time_at_tier", "more", 6 * HOUR), ("tier", "is", 2)),
    (("time_at_tier", "at_least", 4 * HOUR), ("tier", "at_least", 3), ("sentiment", "is", "upset")),
    (("unacknowledged_for", "more", HOUR),),
    (("order_value", "more", "2000.00"), ("category", "is", "billing")),
    (("order_value", "at_least", "2500.00"), ("segment", "is", "consumer")),
    (("revenue_at_risk", "at_least", "40000.00"), ("sentiment", "any_of", ["upset", "frustrated"])),
    (("revenue_at_risk", "known", None), ("priority", "less", 2)),
    (("reopen_count", "at_least", 2),),
    (("reopen_count", "more", 0), ("sentiment", "is", "upset")),
    (("attempts", "more", 5), ("workaround_confirmed", "is", False)),
    (("channel", "is", "phone"), ("wait_time", "more", 400 * HOUR), ("priority", "is", 1)),
    (("channel", "none_of", ["email", "portal"]), ("has_owner", "is", False), ("priority", "is", 1)),
    (("product_area", "known", None), ("complexity", "is", "high"), ("tier", "is", 3)),
    (("category", "is", "technical"), ("issue_type", "known", None), ("attempts", "at_least", 5)),
    (("same_issue_90_days", "at_least", 2), ("segment", "is", "enterprise")),
    (("public_complaint", "known", None), ("is_vip", "is", True)),
    (("vendor", "is", True), ("age", "more", 3000 * HOUR)),
    (("team", "is", "product"), ("has_owner", "is", False), ("priority", "is", 1)),
)  # fmt: skip


def shipped() -> tuple[CompiledTrigger, ...]:
    version, _ = policy_in_force()
    return compiled_triggers(version.pk)


def forty() -> tuple[CompiledTrigger, ...]:
    return (*shipped(), *(_compiled(place, rows) for place, rows in enumerate(WRITTEN)))


def _compiled(place: int, rows: tuple[Row, ...]) -> CompiledTrigger:
    return compile_trigger(
        TriggerRule(f"w{place}", f"Written {place}", "all", (Group("all", tuple(Condition(*row) for row in rows)),))
    )
