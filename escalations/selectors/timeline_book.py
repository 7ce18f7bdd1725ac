"""What an entry of the timeline is made of: the entry itself, what it refers to, and facts in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from html import escape

from django.urls import reverse
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from accounts.models import User
from escalations.models import Attachment, Escalation, Resolution, Ticket
from escalations.selectors.around_rows import AroundRows
from web.formats import format_bytes, format_time
from web.marks import icon

Labels = Mapping[str, Mapping[str, str]]
"""List name → code → label, as `policies.selectors.pick_labels` gives it."""


@dataclass(frozen=True, slots=True)
class Book:
    """What the entries refer to: read once for the page, so that no entry asks the database."""

    ticket: Ticket
    reader: User
    zone: tzinfo
    now: datetime
    labels: Labels
    escalations: Mapping[int, Escalation]
    resolutions: Mapping[int, Resolution]
    clocks: Mapping[tuple[str, int], str] = field(default_factory=dict)
    around: AroundRows = field(default_factory=AroundRows)

    def who(self, user: User | None) -> SafeString:
        """ "You", the name, or Belay itself."""
        name = "Belay" if user is None else "You" if user.pk == self.reader.pk else user.full_name
        return format_html("<b>{}</b>", name)

    def label(self, name: str, code: object) -> str:
        return self.labels.get(name, {}).get(str(code), str(code))

    def time(self, iso: object) -> str:
        """A stored instant as the shortest local time: "15:00", "Fri 10:22"."""
        try:
            return format_time(datetime.fromisoformat(str(iso)), self.zone, self.now)
        except ValueError:
            return str(iso)


@dataclass(frozen=True, slots=True)
class FileLine:
    name: str
    size: str
    url: str


@dataclass(slots=True)
class Entry:
    """One entry, ready to print. `css`: customer, note, move, call, status, ack, auto."""

    css: str
    sign: SafeString
    head: SafeString
    when: SafeString = field(default_factory=lambda: SafeString(""))
    more: str = ""
    text: str = ""
    facts: list[tuple[str, str]] = field(default_factory=list)
    link: tuple[str, str] | None = None
    quiet: str = ""
    files: list[FileLine] = field(default_factory=list)

    @property
    def has_body(self) -> bool:
        return bool(self.text or self.facts or self.link or self.files)

    @property
    def item(self) -> SafeString:
        """The list item. Escaped pieces, joined: a page has fifty, and a template takes ten times as long."""
        more = f'<p class="entry__head">{escape(self.more)}</p>' if self.more else ""
        quiet = f'<p class="quiet">{escape(self.quiet)}</p>' if self.quiet else ""
        sign, head, when = map(conditional_escape, (self.sign, self.head, self.when))
        return mark_safe(
            f'<li class="entry entry--{escape(self.css)}"><span class="entry__sign">{sign}</span><div>'
            f'<p class="entry__head">{head} {when}</p>{more}{self._body if self.has_body else quiet}</div></li>'
        )

    @property
    def _body(self) -> str:
        text = f'<p class="written">{conditional_escape(self.text)}</p>' if self.text else ""
        facts = "".join(
            f'<dt>{escape(name)}</dt><dd class="written">{escape(value)}</dd>' for name, value in self.facts
        )
        listed = f'<dl class="facts">{facts}</dl>' if facts else ""
        files = "".join(map(_file_line, self.files))
        link = _link_line(self.link, self.quiet) if self.link else ""
        return f'<div class="entry__body">{text}{listed}{files}{link}</div>'


def _file_line(file: FileLine) -> str:
    link = f'<a href="{escape(file.url)}">{escape(file.name)}</a>'
    return f'<p class="row-line row-line--tight quiet">{icon("paperclip")}{link} {escape(file.size)}</p>'


def _link_line(link: tuple[str, str], quiet: str) -> str:
    aside = f'<span class="quiet">{escape(quiet)}</span>' if quiet else ""
    return f'<p class="row-line"><a href="{escape(link[1])}">{escape(link[0])}</a>{aside}</p>'


def file_lines(files: Iterable[Attachment]) -> list[FileLine]:
    return [
        FileLine(one.name, format_bytes(one.size), reverse("escalations:attachment_detail", args=[one.key]))
        for one in files
    ]


_FACT_LISTS = {
    "category": "category", "issue_type": "issue_type", "product_area": "product_area", "channel": "channel",
    "public_complaint": "public_complaint", "concern": "concern",
}  # fmt: skip
FACT_LABELS = {
    "subject": "Subject", "description": "Description", "category": "Category", "issue_type": "Issue type",
    "product_area": "Product area", "channel": "Channel", "sentiment": "Sentiment", "churn_threat": "Churn threat",
    "revenue_at_risk": "Revenue at risk", "order_value": "Order value", "public_complaint": "Public complaint",
    "concern": "Concern", "complexity": "Complexity", "engineering_required": "Engineering required",
    "vendor": "Vendor", "vendor_reference": "Vendor’s reference", "workaround_confirmed": "Workaround confirmed",
}  # fmt: skip


def fact_words(book_labels: Labels, name: str, value: object) -> str:
    """A fact's value as people read it."""
    if value in (None, "", False):
        return "no" if value is False else "not entered"
    if value is True:
        return "yes"
    if name in _FACT_LISTS:
        return book_labels.get(_FACT_LISTS[name], {}).get(str(value), str(value))
    if name in ("revenue_at_risk", "order_value"):
        return f"{float(str(value)):,.2f}"
    return str(value).capitalize() if name in ("sentiment", "complexity") else str(value)
