"""What stands in the rail. Apps register their links in `AppConfig.ready`; web knows none of them.

    register(group="Work", label="Queue", icon="list-details", url_name="escalations:queue", order=30,
             visible=lambda request: request.user.can(Ability.READ), count=queue_count)

A count runs at most once per page (never on fragments): keep it to one indexed, capped query.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.http import HttpRequest
from django.urls import reverse

GROUPS = ("Work", "Run", "Measure", "Learn", "Pinned views", "Also")


@dataclass(frozen=True, slots=True)
class Count:
    """A number beside a link. `hot` is for what waits for this person now; `text` replaces the number."""

    number: int
    hot: bool = False
    text: str = ""

    def __str__(self) -> str:
        return self.text or f"{self.number:,}"


@dataclass(frozen=True, slots=True)
class Entry:
    """A registered link, the same for everybody."""

    group: str
    label: str
    icon: str
    url_name: str
    order: int = 100
    visible: Callable[[HttpRequest], bool] | None = None
    count: Callable[[HttpRequest], Count | int | None] | None = None
    topbar: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """A link as one person sees it on one page."""

    label: str
    url: str
    icon: str = ""
    count: Count | None = None
    current: bool = False
    topbar: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    links: list[Link]


@dataclass(frozen=True, slots=True)
class Search:
    """Where the search box leads: `url?parameter=words`."""

    url_name: str
    parameter: str = "q"
    label: str = "Search or jump"


@dataclass(frozen=True, slots=True)
class Status:
    """The line under the person's name: "Working until 18:00 CEST". `off` greys it."""

    text: str
    icon: str = "circle-check"
    off: bool = False


@dataclass(slots=True)
class Registry:
    entries: list[Entry] = field(default_factory=list)
    providers: list[tuple[str, Callable[[HttpRequest], Iterable[Link]]]] = field(default_factory=list)
    search: Search | None = None
    status: Callable[[HttpRequest], Status | None] | None = None
    demo_logins: Callable[[], Iterable["DemoLogin"]] | None = None
    alarms: list[Callable[[HttpRequest], str | None]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DemoLogin:
    """One line of the list under the login form of a demo installation."""

    username: str
    password: str
    name: str
    role: str


registry = Registry()


def register(
    *,
    group: str,
    label: str,
    icon: str,
    url_name: str,
    order: int = 100,
    visible: Callable[[HttpRequest], bool] | None = None,
    count: Callable[[HttpRequest], Count | int | None] | None = None,
    topbar: bool = False,
) -> None:
    """Add a link to the rail. `topbar` shows it as a sign on phones too (the inbox)."""
    entry = Entry(group, label, icon, url_name, order, visible, count, topbar)
    registry.entries = [known for known in registry.entries if known.url_name != url_name] + [entry]


def register_links(*, group: str, provider: Callable[[HttpRequest], Iterable[Link]]) -> None:
    """Add links that differ per person (pinned views). One query at most."""
    if (group, provider) not in registry.providers:
        registry.providers.append((group, provider))


def register_search(*, url_name: str, parameter: str = "q", label: str = "Search or jump") -> None:
    """Say where the search box of the rail leads."""
    registry.search = Search(url_name, parameter, label)


def register_status(source: Callable[[HttpRequest], Status | None]) -> None:
    """Say who knows whether this person is working now."""
    registry.status = source


def register_demo_logins(source: Callable[[], Iterable[DemoLogin]]) -> None:
    """Say who knows the logins of the demo organisation (shown where `BELAY_DEMO` is on)."""
    registry.demo_logins = source


def register_alarm(source: Callable[[HttpRequest], str | None]) -> None:
    """Add a check whose text stands above every page while something is wrong; None while all is well."""
    if source not in registry.alarms:
        registry.alarms.append(source)


def alarms_for(request: HttpRequest) -> list[str]:
    return [text for text in (source(request) for source in registry.alarms) if text]


def groups_for(request: HttpRequest) -> list[Group]:
    """The rail of this person, groups in their fixed order, empty groups left out."""
    seen = [entry for entry in registry.entries if entry.visible is None or entry.visible(request)]
    current = _current_url(request, [reverse(entry.url_name) for entry in seen])
    found: dict[str, list[Link]] = {}
    for entry in sorted(seen, key=lambda entry: (entry.order, entry.label)):
        found.setdefault(entry.group, []).append(_link(entry, request, current))
    for group, provider in registry.providers:
        found.setdefault(group, []).extend(provider(request))
    order = {title: place for place, title in enumerate(GROUPS)}
    titles = sorted((title for title in found if found[title]), key=lambda title: (order.get(title, 99), title))
    return [Group(title, found[title]) for title in titles]


def _link(entry: Entry, request: HttpRequest, current: str) -> Link:
    url = reverse(entry.url_name)
    return Link(entry.label, url, entry.icon, _count(entry, request), url == current, entry.topbar)


def _count(entry: Entry, request: HttpRequest) -> Count | None:
    value = entry.count(request) if entry.count else None
    if isinstance(value, int):
        value = Count(value)
    return value if value and (value.number or value.text) else None


def _current_url(request: HttpRequest, urls: list[str]) -> str:
    """The longest registered URL that begins this path; "/" only stands for itself."""
    path = request.path
    fitting = [url for url in urls if path == url or (url != "/" and path.startswith(url))]
    return max(fitting, key=len, default="")
