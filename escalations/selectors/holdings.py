"""What tiers hold, for the prover: a policy without one of them could start no clock there."""

from collections.abc import Mapping

from accounts.models import Tier
from escalations.models import Ticket
from escalations.selectors.counts import CAP, capped_counts, count_text


def open_by_tier() -> Mapping[str, str]:
    """Code of each tier with open tickets → how many, in words. Two statements, each count capped."""
    tiers = list(Tier.objects.all())
    numbers = capped_counts([Ticket.objects.open().filter(tier=tier).order_by("queue_key") for tier in tiers])
    return {
        tier.code: f"{count_text(number, CAP)} open ticket{'' if number == 1 else 's'}"
        for tier, number in zip(tiers, numbers, strict=True)
        if number
    }
