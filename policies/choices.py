from django.db.models import TextChoices


class PolicyState(TextChoices):
    DRAFT = "draft", "Draft"
    PUBLISHED = "published", "Published"
    RETIRED = "retired", "Retired"


class PublicationState(TextChoices):
    """What became of a publication that was set for later."""

    WAITING = "waiting", "Waiting"
    DONE = "done", "Published"
    CANCELLED = "cancelled", "Called off"
    REFUSED = "refused", "Could not be published"


class PickListName(TextChoices):
    """Lists an organisation edits. Rows refer to an item by its code, which never changes."""

    REASON = "reason", "Escalation reasons"
    RETURN_REASON = "return_reason", "Return reasons"
    BARRIER = "barrier", "What would have avoided it"
    CATEGORY = "category", "Ticket categories"
    ISSUE_TYPE = "issue_type", "Issue types"
    PRODUCT_AREA = "product_area", "Product areas"
    CHANNEL = "channel", "Channels"
    SEGMENT = "segment", "Customer segments"
    SCOPE = "scope", "Scope of impact"
    URGENCY = "urgency", "Urgency"
    CONTACT_METHOD = "contact_method", "Contact methods"
    UPDATE_FREQUENCY = "update_frequency", "Update frequencies"
    CONCERN = "concern", "Legal, compliance and security concerns"
    PUBLIC_COMPLAINT = "public_complaint", "Public complaints"
    ROOT_CAUSE = "root_cause", "Root causes"
    DE_ESCALATION = "de_escalation", "De-escalation reasons"
    AUTHORITY = "authority", "Authorities"


# The one authority that has an amount. The others are entries of the list of authorities.
SERVICE_CREDIT = "service_credit"


class ResponseKind(TextChoices):
    """Management's response targets (F6, M2). Values are clock kinds."""

    MANAGEMENT_ACK = "management_ack", "Management acknowledges"
    EXECUTIVE_NOTIFIED = "executive_notified", "Executive notified"
    CUSTOMER_CONTACTED = "customer_contacted", "Customer contacted"
    RESOLUTION_PLAN = "resolution_plan", "Resolution plan communicated"
    STATUS_UPDATE = "status_update", "Status update, then again until resolved"
    CREDIT_DECISION = "credit_decision", "Credit request decided"


class TriggerKind(TextChoices):
    """Which section of the document a trigger belongs to."""

    TECHNICAL = "technical", "Technical escalation"
    MANAGEMENT = "management", "Management escalation"
    ROUTING = "routing", "Routing"
    CALMING = "calming", "De-escalation"


class TriggerJoin(TextChoices):
    ALL = "all", "All of"
    ANY = "any", "Any of"


class TriggerAction(TextChoices):
    ESCALATE = "escalate", "Escalate to a tier"
    MANAGEMENT = "management", "Call management"
    NOTIFY = "notify", "Notify"
    PRIORITY = "priority", "Raise the priority"
    ROUTE = "route", "Route to a pool or team"
    DE_ESCALATE = "de_escalate", "De-escalate"


class TemplateKind(TextChoices):
    """When a message to the customer is sent (H12)."""

    ACKNOWLEDGEMENT = "acknowledgement", "Escalation acknowledged"
    TIMELINE = "timeline", "Expected timeline"
    PROGRESS = "progress", "Progress update"
    RESOLUTION = "resolution", "Resolution"
