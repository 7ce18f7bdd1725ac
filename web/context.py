"""What every full page shows around its content."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from web import navigation, themes
from web.clock import page_now


@dataclass(frozen=True)
class Shell:
    """Rail and topbar of one request. Lazy: a fragment never asks for it, so it costs nothing there."""

    request: HttpRequest

    @cached_property
    def person(self) -> Any | None:
        user = getattr(self.request, "user", None)
        return user if user is not None and user.is_authenticated else None

    @cached_property
    def groups(self) -> list[navigation.Group]:
        return navigation.groups_for(self.request) if self.person else []

    @cached_property
    def alarms(self) -> list[str]:
        return navigation.alarms_for(self.request) if self.person else []

    @cached_property
    def topbar(self) -> list[navigation.Link]:
        return [link for group in self.groups for link in group.links if link.topbar]

    @cached_property
    def search(self) -> dict[str, str] | None:
        search = navigation.registry.search
        if not (search and self.person):
            return None
        try:
            url = reverse(search.url_name)
        except NoReverseMatch:
            return None
        query = self.request.GET.get(search.parameter, "") if self.request.path == url else ""
        return {"url": url, "parameter": search.parameter, "label": search.label, "query": query}

    @cached_property
    def line(self) -> str:
        """ "L2 · Integrations", or the role and region of who belongs to no team."""
        person = self.person
        team = getattr(person, "team", None)
        if team is not None:
            parts = [str(getattr(team, "tier", "") or ""), getattr(team, "name", "")]
        else:
            parts = [getattr(getattr(person, name, None), "name", "") for name in ("role", "region")]
        return " · ".join(part for part in parts if part)

    @cached_property
    def status(self) -> navigation.Status | None:
        source = navigation.registry.status
        return source(self.request) if source and self.person else None

    @cached_property
    def theme(self) -> str:
        return themes.current(self.request)

    @property
    def now_iso(self) -> str:
        """The instant this page is shown at, for the script that lets "12 min ago" grow old."""
        return page_now(self.request).isoformat()

    @property
    def demo_logins(self) -> list[navigation.DemoLogin]:
        source = navigation.registry.demo_logins
        return list(source()) if source and getattr(settings, "BELAY_DEMO", False) else []


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `shell`, of which nothing is computed before a template reads it."""
    return {"shell": Shell(request)}
