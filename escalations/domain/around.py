"""What surrounds an acceptance: who may answer a read-back or a question, and how often a ticket came back."""

from collections.abc import Iterable

from escalations.choices import ConsultState as C
from escalations.choices import ReadBackState as R
from escalations.domain.lifecycle import Part, Transition

_SENDING = frozenset({Part.SENDER, Part.MANAGER})

READ_BACK_TRANSITIONS: tuple[Transition, ...] = (
    Transition(str(R.GIVEN), "confirm", str(R.CONFIRMED), _SENDING),
    Transition(str(R.GIVEN), "correct", str(R.CORRECTED), _SENDING),
)

# Of a question the sender is who asked it, with all who hold the ticket; the receiver is who was asked.
CONSULT_TRANSITIONS: tuple[Transition, ...] = (
    Transition(str(C.ASKED), "answer", str(C.ANSWERED), frozenset({Part.RECEIVER, Part.MANAGER})),
    Transition(str(C.ASKED), "withdraw", str(C.WITHDRAWN), _SENDING | {Part.SYSTEM}),
)


def bounces(teams: Iterable[int]) -> int:
    """How often a ticket came back to a team that had held it before. `teams`: who held it, hop by hop.

    L1, L2, L1 is one bounce, a further L2 a second one. Several hops in a row with one team are one stay.
    """
    before: set[int] = set()
    last: int | None = None
    found = 0
    for team in teams:
        if team != last and team in before:
            found += 1
        before.add(team)
        last = team
    return found
