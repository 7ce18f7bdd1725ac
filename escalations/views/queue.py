"""The queue, what has arrived in it, and its export."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.choices import Ability
from escalations.access import check_reads, ticket_for
from escalations.columns import FIXED, Book, Line, lines_of, table_body
from escalations.domain.bulk import ACTS
from escalations.export_columns import EVERY_FACT, exported
from escalations.filter_bar import FilterBar
from escalations.filtersets import ref_number
from escalations.models import Customer, Issue, Ticket
from escalations.selectors.chips import chips_for
from escalations.selectors.customers import customers_named
from escalations.selectors.queue import NEWS_CAP, Queue, anything_since
from escalations.selectors.queue_options import queue_options
from escalations.selectors.queue_views import Tab, queue_url
from escalations.selectors.saved_views import Opened, conditions_words, open_view, query_of
from escalations.services import reading
from web.clock import page_now
from web.exports import csv_response, xlsx_response
from web.formats import counted, format_instant, format_time
from web.forms import new_key
from web.http import no_news, page_or_fragment
from web.palette import LONGEST, Ask, groups_for

EXPORT_LIMIT = 50_000  # rows: more is no view any more, and a workbook of it takes minutes
HINTS = 3
# On the bar of the selection; the others stand behind "More".
BULK_ACTS = (
    [ACTS["acknowledge"], ACTS["take"], ACTS["priority"]],
    [act for act in ACTS.values() if act.code not in ("acknowledge", "take", "priority")],
)


@require_safe
def queue_list(request: HttpRequest) -> HttpResponse:
    """Tickets most urgent first, or as the address says. `?cursor=` turns pages."""
    check_reads(request.user)
    queue, opened = asked_for(request)
    page, rows = queue.page(request.GET.get("cursor", ""))
    bar = FilterBar(queue, request.path, _narrowed(queue), opened.view.pk if opened.view else None)
    chips = chips_for(rows, now=queue.now, zone=queue.zone)
    book = Book.open(request.user, now=queue.now, zone=queue.zone, options=queue.options)
    request.held_tickets = queue.held
    may_work = request.user.can(Ability.WORK)
    fixed = FIXED if may_work else FIXED[1:]  # who only reads has nothing to select tickets for
    context = {
        "queue": queue,
        "bar": bar,
        "page": page,
        "shown": len(rows),
        "columns": bar.columns,
        "body": table_body([*fixed, *bar.columns], lines_of(rows, book, chips)),
        "at": format_instant(queue.now, queue.zone, queue.now),
        "since": queue.now.isoformat(),
        "may_work": may_work,
        "hints": list(customers_named(queue.words)[:HINTS]) if queue.words else [],
        "problem": _problem(queue),
        "key": new_key(),
        "acts": BULK_ACTS,
        "opened": opened,
        "tabs": _tabs(queue, bar, opened),
        "export_limit": EXPORT_LIMIT,
    }
    return page_or_fragment(request, "escalations/queue_list.html", "escalations/_queue.html", context)


def asked_for(request: HttpRequest) -> tuple[Queue, Opened]:
    """The queue that the address asks for, with the saved view that it names."""
    options = queue_options(request.user)
    opened = open_view(request.user, request.GET, options)
    return Queue(request.user, opened.data, now=page_now(request), options=options), opened


def _tabs(queue: Queue, bar: FilterBar, opened: Opened) -> list[Tab]:
    """The built-in views, the saved one that is open, and beside them what can be done with it."""
    view, query = opened.view, query_of(bar.chosen, bar.look)
    create = f"{reverse('escalations:view_create')}?{query}"
    save = Tab("Save as new" if view else "Save this view", create, sign="plus", push=not view, sheet="sheet_body")
    every = Tab("Views", reverse("escalations:view_list"), sign="bookmark")
    if view is None:
        return [*queue.tabs, save, every]
    shown = [replace(tab, current=False) for tab in queue.tabs]
    changed = query != view.query
    own = Tab(f"{view.name}, changed" if changed else view.name, view.get_absolute_url(), queue.total_text, True)
    edit = reverse("escalations:view_edit", args=[view.pk])
    label = "Save changes" if changed else "Change view"
    change = Tab(label, f"{edit}?{query or 'sort=urgency'}", sign="pencil", push=True, sheet="sheet_body")
    acts = [change, save] if opened.may_write else [replace(save, push=True)]
    return [*shown, own, *acts, every]


def _narrowed(queue: Queue) -> dict[str, str]:
    """The names of what the address narrows the queue to. A statement for each row, and mostly there is none."""
    named = {"customer": (Customer.objects.all(), "name"), "issue": (Issue.objects.all(), "title"),
             "parent": (queue.visible, "ref")}  # fmt: skip
    asked = {name: queue.chosen[name][0] for name in named if name in queue.chosen}
    found = {
        name: named[name][0].filter(pk=pk).values_list(named[name][1], flat=True).first() or ""
        for name, pk in asked.items()
    }
    return found | {"when": conditions_words(queue.chosen["when"][0])} if "when" in queue.chosen else found


def _problem(queue: Queue) -> str:
    """What the address says that cannot be read."""
    if queue.filter.is_plain:
        return ""
    errors = [text for texts in queue.filter.errors.values() for text in texts]
    return " ".join(errors)


@require_safe
def queue_news(request: HttpRequest) -> HttpResponse:
    """How many tickets arrived in this view since the page was made; 204 when none did."""
    check_reads(request.user)
    try:
        since = datetime.fromisoformat(request.GET.get("since", ""))
    except ValueError:
        return no_news()
    if since.tzinfo is None or not anything_since(request.user, since):
        return no_news()
    now = page_now(request)
    queue, _ = asked_for(request)
    number = queue.news(since)
    if not number:
        return no_news()
    words = f"{NEWS_CAP}+ new tickets" if number > NEWS_CAP else counted(number, "new ticket")
    context = {
        "words": words,
        "is_one": number == 1,
        "since": format_time(since, queue.zone, now),
        "bar": FilterBar(queue, reverse("escalations:queue_list")),
    }
    return render(request, "escalations/_queue_news.html", context)


@require_safe
def queue_export(request: HttpRequest) -> HttpResponseBase:
    """Exactly the view as a file: its filters, order and columns; `facts=all`: every fact. `format`: csv or xlsx."""
    check_reads(request.user)
    queue, _ = asked_for(request)
    if queue.is_capped and queue.tickets.count() > EXPORT_LIMIT:
        messages.warning(request, f"A file holds {EXPORT_LIMIT:,} tickets at most. Narrow the view first.")
        return redirect(queue_url(queue.chosen))
    book = Book.open(request.user, now=queue.now, zone=queue.zone, options=queue.options)
    columns = EVERY_FACT if request.GET.get("facts") == "all" else exported(FilterBar(queue, request.path).columns)
    rows = columns.export_rows(Line(row, book) for row in queue.rows().iterator(chunk_size=1000))
    name = f"tickets-{queue.now.astimezone(queue.zone):%Y-%m-%d-%H%M}"
    respond = xlsx_response if request.GET.get("format") == "xlsx" else csv_response
    return respond(name, columns.header(str(queue.zone)), rows, zone=queue.zone)


@require_safe
def ticket_search(request: HttpRequest) -> HttpResponse:
    """The palette as a page: a ticket's number leads to the ticket, words to whatever begins with them."""
    check_reads(request.user)
    words = request.GET.get("q", "").replace("\x00", "").strip()
    found = _exactly(request.user, words) if words else None
    if found:
        return redirect("escalations:ticket_detail", found)
    text = words[:LONGEST]
    context = {"groups": groups_for(Ask(request, text)), "text": text}
    return render(request, "escalations/ticket_search.html", context)


def _exactly(user: Any, words: str) -> str | None:
    """The reference of the one visible ticket that has this number, here or elsewhere."""
    if len(words) > 120:
        return None
    seen = Ticket.objects.visible_to(user)
    number = ref_number(words)
    if number is not None and (ref := seen.filter(pk=number).values_list("ref", flat=True).first()):
        return ref
    refs = list(seen.filter(external_id=words).values_list("ref", flat=True)[:2])
    return refs[0] if len(refs) == 1 else None


@require_POST
def ticket_read(request: HttpRequest, ref: str) -> HttpResponse:
    """The ticket's page says that it is open: what changed before is read."""
    reading.ticket_read(ticket=ticket_for(request.user, ref), by=request.user)
    return no_news()
