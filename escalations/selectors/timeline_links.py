"""How links read on the timeline: parent and child, issue, merge and split."""

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from escalations.choices import ClockKind
from escalations.domain.wording import clock_label
from escalations.selectors.timeline import Moment
from escalations.selectors.timeline_book import Book, Entry
from journal.models import Event
from web.formats import counted
from web.marks import icon

CHILDREN_NAMED = 12


def _ref(event: Event, name: str = "ref") -> SafeString:
    """The other ticket. Whoever may not see it finds nothing behind the link."""
    ref = str(event.data.get(name) or "")
    if not ref:
        return SafeString("another ticket")
    return format_html('<a href="{}">{}</a>', reverse("escalations:ticket_detail", args=[ref]), ref)


def _entry(sign: str, event: Event, book: Book, words: str, *values: object, css: str = "status") -> Entry:
    return Entry(css, icon(sign), format_html("{} " + words, book.who(event.actor), *values))


def _parent_linked(event: Event, book: Book) -> Entry:
    made = _entry("sitemap", event, book, "linked the ticket under {}", _ref(event))
    made.more = "The parent carries its tier: time at tier and the target there stand still"
    if event.data.get("withdrew"):
        made.more += f". The handoff to {event.data['withdrew']} was withdrawn"
    return made


def _parent_unlinked(event: Event, book: Book) -> Entry:
    made = _entry("unlink", event, book, "took the ticket from under {}", _ref(event))
    made.more = "Its clocks at the tier run again" if event.data.get("runs") else ""
    return made


def _parent_moved(event: Event, book: Book) -> Entry:
    return _entry("sitemap", event, book, "merged the parent {} into {}, which carries this ticket now",
                  _ref(event, "before_ref"), _ref(event))  # fmt: skip


def _parent_ended(event: Event, book: Book) -> Entry:
    made = _entry("sitemap", event, book, "resolved the parent {}. This ticket stays open", _ref(event))
    made.more = "Its clocks at the tier run again"
    return made


def _parent_reopened(event: Event, book: Book) -> Entry:
    made = _entry("sitemap", event, book, "reopened the parent {}, which carries this ticket again", _ref(event))
    made.more = "Time at tier and the target there stand still"
    return made


def _child_linked(event: Event, book: Book) -> Entry:
    return _entry("sitemap", event, book, "linked {} under this ticket", _ref(event))


def gathered(moments: Iterable[Moment]) -> list[Moment | list[Moment]]:
    """The moments, with runs of children that were linked gathered: an outage has hundreds."""
    found: list[Moment | list[Moment]] = []
    for is_run, run in groupby(moments, lambda one: one.event is not None and one.event.kind == "ticket.child_linked"):
        several = list(run)
        found += [several] if is_run and len(several) > 1 else several
    return found


def children_linked(events: Sequence[Event], book: Book) -> Entry:
    """ "Owen Drake and 3 others linked 12 tickets under this ticket": newest first, as the timeline has them."""
    people = list(dict.fromkeys(event.actor_id for event in events))
    others = f" and {counted(len(people) - 1, 'other')}" if len(people) > 1 else ""
    head = format_html(
        "{}{} linked <b>{}</b> under this ticket", book.who(events[0].actor), others, counted(len(events), "ticket")
    )
    made = Entry("status", icon("sitemap"), head)
    made.more = _listed([str(event.data.get("ref") or "") for event in reversed(events)], CHILDREN_NAMED)
    return made


def _child_unlinked(event: Event, book: Book) -> Entry:
    return _entry("unlink", event, book, "took {} from under this ticket", _ref(event))


def _flowed(event: Event, book: Book) -> Entry:
    told = event.data.get("told", 0)
    made = _entry(
        "send", event, book, "sent the update to the customers of <b>{}</b>", counted(told, "child", "children")
    )
    left = event.data.get("unreachable") or []
    if left:
        made.more = f"No e-mail address is known for {_listed(left)}"
    return made


def _listed(refs: list[str], most: int = 6) -> str:
    return ", ".join(refs[:most]) + (f" and {len(refs) - most} more" if len(refs) > most else "")


def _children_resolved(event: Event, book: Book) -> Entry:
    number = counted(event.data.get("resolved", 0), "child", "children")
    made = _entry("circle-check", event, book, "resolved <b>{}</b> with the ticket", number)
    left = event.data.get("left") or []
    made.more = f"Could not be resolved with it: {_listed(left)}" if left else ""
    return made


def _carried(data: dict[str, Any]) -> str:
    """What of the merged ticket goes on on the survivor, in words."""
    kinds = [str(clock_label(ClockKind(kind))).lower() for kind in data.get("carried", []) if kind in ClockKind.values]
    words = {"waiting_since": "since when the customer waits", "churn_threat": "the churn threat", "issue": "the issue"}
    found = [f"the deadline of {kind}" for kind in kinds] + [
        words[fact] for fact in data.get("facts", []) if fact in words
    ]
    if data.get("children"):
        found.append(counted(data["children"], "child", "children"))
    return f"Carried along: {', '.join(found)}" if found else "No deadline of it was earlier"


def _merged(event: Event, book: Book) -> Entry:
    made = _entry("git-merge", event, book, "merged this ticket into <b>{}</b>", _ref(event), css="move")
    made.more = f"Its clocks ended. {_carried(event.data)}"
    if event.data.get("customers") == 2:
        made.text = "The two tickets have different customers: this one’s contact is told nothing there."
    return made


def _merged_in(event: Event, book: Book) -> Entry:
    made = _entry("git-merge", event, book, "merged <b>{}</b> into this ticket", _ref(event), css="move")
    made.more = _carried(event.data)
    ref = str(event.data.get("ref") or "")
    if ref:
        made.link = (f"Read what was said on {ref}", reverse("escalations:ticket_detail", args=[ref]))
    if event.data.get("customers") == 2:
        made.text = "The two tickets have different customers: the other one’s contact is told nothing from here."
    return made


def _forwarded(event: Event, book: Book) -> Entry:
    return _entry("mail-forward", event, book, "recorded what the customer said later on {}", _ref(event))


def _late_words(event: Event, book: Book) -> Entry:
    return _entry("mail-forward", event, book, "recorded words that came for {}, merged into this ticket", _ref(event))


def _split_off(event: Event, book: Book) -> Entry:
    number = counted(event.data.get("messages", 0), "message")
    return _entry("git-branch", event, book, "split {} off to <b>{}</b>", number, _ref(event), css="move")


def _split_from(event: Event, book: Book) -> Entry:
    number = counted(event.data.get("messages", 0), "message")
    return _entry("git-branch", event, book, "split {} off from <b>{}</b>", number, _ref(event), css="move")


def _issue(event: Event) -> SafeString:
    url = reverse("escalations:issue_detail", args=[event.data.get("issue", 0)])
    return format_html('<a href="{}">{}</a>', url, event.data.get("title", "an issue"))


def _issue_linked(event: Event, book: Book) -> Entry:
    made = _entry("bug", event, book, "linked the ticket to the issue <b>{}</b>", _issue(event))
    if event.data.get("with_parent"):
        made.more = "With its parent"
    elif event.data.get("before_title"):
        made.more = f"It was linked to “{event.data['before_title']}”"
    return made


def _issue_unlinked(event: Event, book: Book) -> Entry:
    return _entry("unlink", event, book, "took the ticket off the issue <b>{}</b>", _issue(event))


def _not_duplicate(event: Event, book: Book) -> Entry:
    return _entry("copy", event, book, "said that {} is not the same", _ref(event))


LINK_WORDS: dict[str, Callable[[Event, Book], Entry]] = {
    "ticket.parent_linked": _parent_linked,
    "ticket.parent_unlinked": _parent_unlinked,
    "ticket.parent_moved": _parent_moved,
    "ticket.parent_ended": _parent_ended,
    "ticket.parent_reopened": _parent_reopened,
    "ticket.child_linked": _child_linked,
    "ticket.child_unlinked": _child_unlinked,
    "ticket.update_flowed": _flowed,
    "ticket.children_resolved": _children_resolved,
    "ticket.merged": _merged,
    "ticket.merged_in": _merged_in,
    "ticket.forwarded": _forwarded,
    "ticket.late_words": _late_words,
    "ticket.split_off": _split_off,
    "ticket.split_from": _split_from,
    "ticket.issue_linked": _issue_linked,
    "ticket.issue_unlinked": _issue_unlinked,
    "ticket.not_duplicate": _not_duplicate,
}
