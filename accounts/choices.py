from django.db.models import IntegerChoices, TextChoices


class Ability(TextChoices):
    """What a role may do at all. What it may grant (credits, fixes) is the authority matrix's matter."""

    READ = "read", "Read unrestricted tickets"
    WORK = "work", "Work tickets: reply, hand over, accept, resolve"
    MANAGE = "manage", "Write on any ticket, assign and redirect"
    IMPORT = "import", "Import tickets and take imports back"
    POLICY = "policy", "Draft and publish policy"
    TRAIN = "train", "Run training"
    ADMIN = "admin", "Manage people, teams, calendars and lists"


class Theme(TextChoices):
    AUTO = "auto", "Like the system"
    LIGHT = "light", "Light"
    DARK = "dark", "Dark"


class ExceptionKind(TextChoices):
    HOLIDAY = "holiday", "Closed: holiday"
    HALF_DAY = "half_day", "Half day"
    OVERRIDE = "override", "Other hours"


class Dimension(TextChoices):
    """The four dimensions of the expertise matrix (F2)."""

    KNOWLEDGE = "knowledge", "Product knowledge"
    TECHNICAL = "technical", "Technical skill"
    COMMUNICATION = "communication", "Customer communication"
    AUTHORITY = "authority", "Decision authority"


class Level(IntegerChoices):
    NONE = 0, "None yet"
    LEARNING = 1, "Learning"
    WITH_HELP = 2, "With help"
    ALONE = 3, "Alone"
    TEACHES = 4, "Teaches others"


class DutyRole(TextChoices):
    PRIMARY = "primary", "On duty"
    BACKUP = "backup", "Backup"


class SwapState(TextChoices):
    ASKED = "asked", "Asked"
    ACCEPTED = "accepted", "Accepted"
    DECLINED = "declined", "Declined"
    WITHDRAWN = "withdrawn", "Withdrawn"
