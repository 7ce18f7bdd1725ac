"""Where a ticket stands, in one line: what the note of a handover begins with. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a ticket, its times already in the reader's zone ("14:20", "Fri 10:22"), "" for none."""

    waits_for: str = ""  # "the customer", "the vendor"
    wait_reason: str = ""
    look_again: str = ""
    handed_to: str = ""  # the team whose answer a handoff waits for
    is_acknowledged: bool = False
    returned_by: str = ""
    customer_since: str = ""  # the customer's oldest unanswered message
    answered_at: str = ""
    attempts: int = 0
    promised: str = ""
    due: str = ""  # "Resolve at L2 by 16:00"


def state_line(ticket: Standing) -> str:
    """One line, the most telling first: "Waits for the customer: trace id asked for; look again Fri 10:22"."""
    said = [_first(ticket)]
    if ticket.promised:
        said.append(f"Update promised for {ticket.promised}")
    elif ticket.due and not ticket.waits_for:
        said.append(ticket.due)
    return ". ".join(said) + "."


def _first(ticket: Standing) -> str:
    if ticket.waits_for:
        words = f"Waits for {ticket.waits_for}"
        words += f": {ticket.wait_reason.rstrip('.')}" if ticket.wait_reason else ""
        return words + (f"; look again {ticket.look_again}" if ticket.look_again else "")
    if ticket.handed_to:
        seen = "acknowledged" if ticket.is_acknowledged else "not acknowledged yet"
        return f"Handed to {ticket.handed_to}, {seen}"
    if ticket.returned_by:
        return f"{ticket.returned_by} returned the handoff"
    if ticket.customer_since:
        tried = "" if ticket.attempts else ", never answered"
        return f"The customer waits since {ticket.customer_since}{tried}"
    if ticket.answered_at:
        return f"Last word {ticket.answered_at}, nothing unanswered"
    return "Nothing said yet"
