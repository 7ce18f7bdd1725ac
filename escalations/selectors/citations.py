"""How much was judged under a version of the policy: clocks, escalations and credits, each count capped."""

from collections.abc import Mapping, Sequence

from escalations.models import Clock, CreditRequest, Escalation
from escalations.selectors.counts import CAP, capped_counts, count_text
from policies.citing import Citation

CITING = ((Clock, "clock"), (Escalation, "escalation"), (CreditRequest, "credit decision"))


def citations(versions: Sequence[int]) -> Mapping[int, list[Citation]]:
    """Version → its citations. One statement, however many versions."""
    asked = [(pk, model, word) for pk in versions for model, word in CITING]
    numbers = capped_counts([model.objects.filter(policy_version=pk).order_by() for pk, model, _ in asked])
    found: dict[int, list[Citation]] = {pk: [] for pk in versions}
    for (pk, _, word), number in zip(asked, numbers, strict=True):
        found[pk].append(Citation(number, f"{count_text(number, CAP)} {word}{'' if number == 1 else 's'}"))
    return found
