"""Open swaps as the rota's page shows them: what is asked, and what this person may answer."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import tzinfo

from accounts.models import DutySwap, User
from accounts.rota_lines import span_label


@dataclass(frozen=True, slots=True)
class SwapLine:
    swap: DutySwap
    span: str
    in_return: str
    may_answer: bool
    may_withdraw: bool


def swap_lines(swaps: Iterable[DutySwap], user: User, zone: tzinfo, *, plans: bool) -> list[SwapLine]:
    return [
        SwapLine(
            swap=swap,
            span=span_label(swap.shift.starts_at, swap.shift.ends_at, zone),
            in_return=span_label(swap.in_return.starts_at, swap.in_return.ends_at, zone) if swap.in_return else "",
            may_answer=swap.offered_to_id == user.pk,
            may_withdraw=swap.asked_by_id == user.pk or plans,
        )
        for swap in swaps
    ]
