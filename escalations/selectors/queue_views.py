"""The queue's views: sets of filters with a name, as links and as tabs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from accounts.models import User
from escalations.selectors.queue_options import ME, MINE, NONE


@dataclass(frozen=True, slots=True)
class View:
    """A tab: a name for a set of filters."""

    label: str
    params: Mapping[str, Sequence[str]]

    @property
    def url(self) -> str:
        return queue_url(self.params)


@dataclass(frozen=True, slots=True)
class Tab:
    """A view as one page shows it, or what is done with views; `sheet` opens it as a dialog.

    `push`: from this one on they stand apart, at the right.
    """

    label: str
    url: str
    count: str = ""
    current: bool = False
    sign: str = ""
    push: bool = False
    sheet: str = ""


def queue_url(params: Mapping[str, Sequence[str]]) -> str:
    """The queue's address with these filters: the one way to link to tickets from anywhere."""
    query = urlencode(params, doseq=True)
    return reverse("escalations:queue_list") + (f"?{query}" if query else "")


def built_in_views(user: User) -> list[View]:
    """The tabs. Those who have a team see its part of the queue under every name that does not say "all"."""
    team = {"team": [MINE]} if user.team_id is not None else {}
    views = [
        View("Mine", {"owner": [ME]}),
        View("My team", team),
        View("Unowned", team | {"owner": [NONE]}),
        View("Breach today", team | {"due": ["today"]}),
        View("Waiting for customer", team | {"state": ["waiting_customer"]}),
        View("All open", {}),
    ]
    return [view for view in views if view.label != "My team" or team]
