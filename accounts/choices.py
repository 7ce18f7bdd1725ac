from django.db.models import TextChoices


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
