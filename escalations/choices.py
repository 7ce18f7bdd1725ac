"""The fixed vocabularies of what happens to a ticket. Lists that an organisation edits are `policies.PickItem`."""

from django.db.models import IntegerChoices, TextChoices


class Priority(IntegerChoices):
    """Stored as 1–4 so that an index orders by it; the policy's severities define what each means."""

    P1 = 1, "P1"
    P2 = 2, "P2"
    P3 = 3, "P3"
    P4 = 4, "P4"


class TicketState(TextChoices):
    NEW = "new", "New"
    OPEN = "open", "Open"
    WAITING_CUSTOMER = "waiting_customer", "Waiting for customer"
    WAITING_VENDOR = "waiting_vendor", "Waiting for vendor"
    RESOLVED = "resolved", "Resolved"
    CLOSED = "closed", "Closed"
    MERGED = "merged", "Merged"


WAITING_STATES = (TicketState.WAITING_CUSTOMER, TicketState.WAITING_VENDOR)
OPEN_STATES = (TicketState.NEW, TicketState.OPEN, *WAITING_STATES)


class EscalationState(TextChoices):
    PENDING = "pending", "Pending"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    ACCEPTED = "accepted", "Accepted"
    RETURNED = "returned", "Returned"
    WITHDRAWN = "withdrawn", "Withdrawn"
    RESOLVED = "resolved", "Resolved"
    DE_ESCALATED = "de_escalated", "De-escalated"
    MOVED_ON = "moved_on", "Moved on"


WAITING_FOR_RECEIVER = (EscalationState.PENDING, EscalationState.ACKNOWLEDGED)


class Axis(TextChoices):
    FUNCTIONAL = "functional", "Functional"
    HIERARCHICAL = "hierarchical", "Hierarchical"


class Origin(TextChoices):
    PERSON = "person", "A person"
    TRIGGER = "trigger", "A trigger"
    CLOCK = "clock", "A clock"


class ClockKind(TextChoices):
    FIRST_RESPONSE = "first_response", "First response"
    ACKNOWLEDGEMENT = "acknowledgement", "Acknowledge"
    TIME_AT_TIER = "time_at_tier", "Time at tier"
    TIER_RESOLUTION = "tier_resolution", "Resolve at tier"
    CONTRACT_RESOLUTION = "contract_resolution", "Contract resolution"
    PROMISED_UPDATE = "promised_update", "Customer update"
    MANAGEMENT_ACK = "management_ack", "Management acknowledges"
    EXECUTIVE_NOTIFIED = "executive_notified", "Executive notified"
    CUSTOMER_CONTACTED = "customer_contacted", "Customer contacted"
    RESOLUTION_PLAN = "resolution_plan", "Resolution plan"
    STATUS_UPDATE = "status_update", "Status update"
    CREDIT_DECISION = "credit_decision", "Credit decision"
    FOLLOW_UP = "follow_up", "Follow-up with the customer"


class ClockState(TextChoices):
    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    MET = "met", "Met"
    BREACHED = "breached", "Breached"
    CANCELLED = "cancelled", "Cancelled"


class Sentiment(TextChoices):
    SATISFIED = "satisfied", "Satisfied"
    NEUTRAL = "neutral", "Neutral"
    FRUSTRATED = "frustrated", "Frustrated"
    UPSET = "upset", "Upset"


class Reproduced(TextChoices):
    YES = "yes", "Yes"
    NO = "no", "No"
    PARTIAL = "partial", "Partial"


class MessageKind(TextChoices):
    CUSTOMER = "customer", "Customer message"
    REPLY = "reply", "Reply"
    NOTE = "note", "Internal note"
    CALL = "call", "Call"


class HopKind(TextChoices):
    HELD = "held", "Held"
    WAITING = "waiting", "Waiting for acceptance"
    PAUSED = "paused", "Paused"


class Complexity(TextChoices):
    LOW = "low", "Low"
    MEDIUM = "medium", "Medium"
    HIGH = "high", "High"


class ImportState(TextChoices):
    UPLOADED = "uploaded", "Uploaded"
    MAPPED = "mapped", "Mapped"
    CHECKED = "checked", "Checked"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    UNDOING = "undoing", "Undoing"
    UNDONE = "undone", "Undone"


class ReadBackState(TextChoices):
    GIVEN = "given", "Waits for the sender"
    CONFIRMED = "confirmed", "Confirmed"
    CORRECTED = "corrected", "Corrected"


class ConsultState(TextChoices):
    ASKED = "asked", "Asked"
    ANSWERED = "answered", "Answered"
    WITHDRAWN = "withdrawn", "Withdrawn"


class HandoverReason(TextChoices):
    SHIFT_END = "shift_end", "End of shift"
    LEAVE = "leave", "Leave"
    OTHER = "other", "Other"


class BulkState(TextChoices):
    DONE = "done", "Done"
    UNDONE = "undone", "Undone"


class SimilarStage(TextChoices):
    """Where somebody found that a resolved escalation answered theirs."""

    TICKET = "ticket", "On the ticket page"
    HANDOFF = "handoff", "While writing the handoff"


class CreditState(TextChoices):
    """Money is issued, an action without an amount is approved. Expired: ended without a decision."""

    REQUESTED = "requested", "Requested"
    APPROVED = "approved", "Approved"
    DENIED = "denied", "Denied"
    ISSUED = "issued", "Issued"
    REVERSED = "reversed", "Reversed"
    EXPIRED = "expired", "Expired"


class EntryKind(TextChoices):
    ISSUE = "issue", "Issued"
    REVERSAL = "reversal", "Reversed"
