"""What the rules put into the rail: the policy for everybody who reads, the studio for those who draft."""

from django.http import HttpRequest

from accounts.choices import Ability
from policies.choices import PolicyState
from policies.models import PolicyVersion
from web import navigation
from web.formats import counted

MOST_DRAFTS = 99


def _reads(request: HttpRequest) -> bool:
    return bool(request.user.can(Ability.READ))


def _drafts(request: HttpRequest) -> bool:
    return bool(request.user.can(Ability.POLICY))


def drafts_count(request: HttpRequest) -> navigation.Count | None:
    """ "1 draft", beside the studio's link."""
    number = PolicyVersion.objects.filter(state=PolicyState.DRAFT).order_by()[:MOST_DRAFTS].count()
    return navigation.Count(number, text=counted(number, "draft")) if number else None


def register() -> None:
    """Called once when the app is ready."""
    navigation.register(
        group="Measure", label="Policy studio", icon="book-2", url_name="policies:version_list", order=50,
        visible=_drafts, count=drafts_count,
    )  # fmt: skip
    navigation.register(
        group="Also", label="Policy", icon="book-2", url_name="policies:policy_detail", order=80, visible=_reads
    )
