from escalations.models.around import Consult, FollowUp, ReadBack
from escalations.models.clocks import Clock, Hop, Pause
from escalations.models.conversation import Attachment, Mention, Message
from escalations.models.credits import CreditAccount, CreditEntry, CreditMove, CreditRequest
from escalations.models.customers import Contact, Customer, Issue
from escalations.models.desk import (
    BulkAction,
    BulkLine,
    DeskHandover,
    DeskHandoverLine,
    NoDuplicate,
    PinnedView,
    SavedView,
    SimilarUse,
)
from escalations.models.escalations import Effort, Escalation, Handoff, HandoffFeedback, Resolution
from escalations.models.imports import ImportRow, ImportRun, ImportSeen
from escalations.models.reading import TicketRead
from escalations.models.sweep import SweepProblem
from escalations.models.tickets import Ticket, TicketReader

__all__ = [
    "Attachment",
    "BulkAction",
    "BulkLine",
    "Clock",
    "Consult",
    "Contact",
    "CreditAccount",
    "CreditEntry",
    "CreditMove",
    "CreditRequest",
    "Customer",
    "DeskHandover",
    "DeskHandoverLine",
    "Effort",
    "Escalation",
    "FollowUp",
    "Handoff",
    "HandoffFeedback",
    "Hop",
    "ImportRow",
    "ImportRun",
    "ImportSeen",
    "Issue",
    "Mention",
    "Message",
    "NoDuplicate",
    "Pause",
    "PinnedView",
    "ReadBack",
    "Resolution",
    "SavedView",
    "SimilarUse",
    "SweepProblem",
    "Ticket",
    "TicketRead",
    "TicketReader",
]
