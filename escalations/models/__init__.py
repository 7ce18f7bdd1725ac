from escalations.models.clocks import Clock, Hop, Pause
from escalations.models.conversation import Attachment, Message
from escalations.models.customers import Contact, Customer, Issue
from escalations.models.escalations import Effort, Escalation, Handoff, HandoffFeedback, Resolution
from escalations.models.imports import ImportRow, ImportRun, ImportSeen
from escalations.models.reading import TicketRead
from escalations.models.sweep import SweepProblem
from escalations.models.tickets import Ticket, TicketReader

__all__ = [
    "Attachment",
    "Clock",
    "Contact",
    "Customer",
    "Effort",
    "Escalation",
    "Handoff",
    "HandoffFeedback",
    "Hop",
    "ImportRow",
    "ImportRun",
    "ImportSeen",
    "Issue",
    "Message",
    "Pause",
    "Resolution",
    "SweepProblem",
    "Ticket",
    "TicketRead",
    "TicketReader",
]
