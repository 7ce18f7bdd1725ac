"""What escalations add to the palette: acts on the ticket at hand, tickets, views, customers and people."""

from collections.abc import Iterable
from typing import Any

from django.urls import reverse

from accounts.choices import Ability
from escalations.access import parts_on_ticket
from escalations.choices import Priority, TicketState
from escalations.domain.lifecycle import TICKET_TRANSITIONS, allowed
from escalations.filtersets import ref_number
from escalations.models import Ticket
from escalations.selectors import palette as found
from escalations.selectors.queue_options import ANY
from escalations.selectors.queue_views import built_in_views, queue_url
from web import palette
from web.palette import Ask, Group, Item

# What is done on the ticket at hand: (needed, label, URL name, sign, key). `needed` is an action of the lifecycle, or
# one of "write" (whoever holds it), "open" (the same while it is open), "read".
ACTS = (
    ("open", "Escalate", "handoff_create", "arrow-up-right", "e"),
    ("open", "Ask another team", "consult_create", "help", ""),
    ("resolve", "Resolve", "ticket_resolve", "circle-check", ""),
    ("wait_for_customer", "Set to wait", "ticket_wait", "player-pause", ""),
    ("open", "Set owner", "ticket_assign", "user-plus", ""),
    ("open", "Change priority", "ticket_priority", "flag", ""),
    ("open", "Transfer", "ticket_transfer", "arrows-exchange", ""),
    ("open", "De-escalate", "ticket_de_escalate", "arrow-down-left", ""),
    ("open", "Merge", "ticket_merge", "arrow-merge", ""),
    ("open", "Split", "ticket_split", "git-branch", ""),
    ("write", "Edit facts", "ticket_facts", "pencil", ""),
    ("write", "Who sees it", "ticket_restrict", "lock", ""),
    ("reopen", "Reopen", "ticket_reopen", "rotate-clockwise", ""),
    ("read", "Links", "ticket_links", "link", ""),
    ("read", "Solved before", "ticket_similar", "history", ""),
    ("read", "Hop ledger", "hop_list", "route", ""),
)
# Done at once, by the same service as a row's button: (needed, act, label, sign).
AT_ONCE = (
    ("take", "take", "Take it", "user-check"),
    ("resume", "resume", "Go on with the work", "player-play"),
    ("close", "close", "Close ticket", "checkbox"),
)


def at_hand(ask: Ask) -> Iterable[Group]:
    """Acts on the ticket over whose page the palette stands. One statement."""
    ref = ask.page.kwargs.get("ref") if ask.page and ask.page.app_name == "escalations" else None
    user = ask.request.user
    ticket = Ticket.objects.visible_to(user).select_related("team").filter(ref=ref).first() if ref else None
    if ticket is not None:
        yield Group(f"{ticket.ref}: do", ask.among(_acts(user, ticket), most=20))


def _acts(user: Any, ticket: Ticket) -> list[Item]:
    parts = parts_on_ticket(user, ticket)
    can = set(allowed(TICKET_TRANSITIONS, ticket.state, parts)) | {"read"}
    can |= {"write"} if parts and ticket.state != TicketState.MERGED else set()
    can |= {"open"} if parts and ticket.is_open else set()
    mine = user.team_id == ticket.team_id and ticket.owner_id != user.pk
    can |= {"take"} if "open" in can and mine else set()
    page = ticket.get_absolute_url()
    items = [Item("Reply to the customer", f"{page}#compose", "send")] if "write" in can else []
    if user.can(Ability.WORK):
        items.append(Item("Add note", f"{page}#compose", "note"))
    once = reverse("escalations:bulk_one")
    for need, act, label, sign in AT_ONCE:
        if need in can:
            items.append(Item(label, once, sign, post=("one", f"{act}:{ticket.ref}")))
    for need, label, name, sign, key in ACTS:
        if need in can:
            items.append(Item(label, reverse(f"escalations:{name}", args=[ticket.ref]), sign, key=key))
    return items


def _item(row: Any) -> Item:
    state = "" if row.state in (TicketState.OPEN, TicketState.NEW) else f" · {TicketState(row.state).label}"
    sub = f"{row.ref} · {Priority(row.priority).label} · {row.customer__name}{state}"
    return Item(row.subject, reverse("escalations:ticket_detail", args=[row.ref]), "ticket", sub)


def tickets(ask: Ask) -> Iterable[Group]:
    """Those that fit; before anything is typed those that were read last. One statement."""
    user = ask.request.user
    if not ask.text:
        yield Group("Read last", [_item(row) for row in found.tickets_read(user)])
        return
    # A number finds any ticket; words find open ones, and the line "All tickets with …" leads to the others.
    title = "Open tickets" if ref_number(ask.text) is None else "Tickets"
    yield Group(title, [_item(row) for row in found.tickets_found(user, ask.text, ask.words)])


def views(ask: Ask) -> Iterable[Group]:
    """Saved views, and the built-in ones. One statement."""
    user = ask.request.user
    if not user.can(Ability.READ):
        return
    own = [
        Item(view.name, view.get_absolute_url(), "bookmark", str(view.team) if view.team else "")
        for view in found.views_found(user)
    ]
    built_in = [Item(view.label, view.url, "list-details") for view in built_in_views(user)] if ask.text else []
    yield Group("Views", ask.among([*own, *built_in], most=6))


def customers(ask: Ask) -> Iterable[Group]:
    if ask.words and ask.request.user.can(Ability.READ):
        yield Group("Customers", [
            Item(row.name, reverse("escalations:customer_detail", args=[row.pk]), "building")
            for row in found.customers_found(ask.text)
        ])  # fmt: skip


def people(ask: Ask) -> Iterable[Group]:
    """People lead to their tickets."""
    if ask.words and ask.request.user.can(Ability.READ):
        yield Group("People", [
            Item(row.full_name, queue_url({"owner": [row.username]}), "user", _place(row))
            for row in found.people_found(ask.words)
        ])  # fmt: skip


def _place(person: Any) -> str:
    return f"{person.team.tier} · {person.team}" if person.team else ""


def acts(ask: Ask) -> Iterable[Group]:
    """What is begun from anywhere."""
    user = ask.request.user
    offered = [
        (Ability.WORK, Item("Create ticket", reverse("escalations:ticket_create"), "plus", also="new open")),
        (
            Ability.IMPORT,
            Item("Import tickets", reverse("escalations:import_create"), "file-import", also="upload"),
        ),
        (Ability.READ, Item("Views", reverse("escalations:view_list"), "bookmark", also="saved pinned")),
        (Ability.READ, Item("Done at once", reverse("escalations:bulk_list"), "list-check", also="undo bulk several")),
    ]
    yield Group("Do", ask.among(item for ability, item in offered if user.can(ability)))
    if ask.text and user.can(Ability.READ):
        url = queue_url({"q": [ask.text], "state": [ANY]})
        yield Group("Search", [Item(f"All tickets with “{ask.text}”", url, "search", "open and closed")])


def register() -> None:
    """Called once when the app is ready."""
    for order, source in enumerate((at_hand, tickets, views, customers, people), start=10):
        palette.register(source, order=order)
    palette.register(acts, order=70)
