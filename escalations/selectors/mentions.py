"""Who can be named on a ticket, and how a note reads that names somebody."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Case, Q, QuerySet, Value, When
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from accounts.choices import Ability
from accounts.models import User
from accounts.querysets import able
from escalations.domain.mentions import pieces
from escalations.models import Mention, Message, Ticket
from web.marks import person

MOST = 8


@dataclass(frozen=True, slots=True)
class Nameable:
    """One line of the list: who, by which name, and where they work."""

    username: str
    name: str
    initials: str
    place: str


def nameable(ticket: Ticket, reader: User, words: str) -> list[Nameable]:
    """People who see the ticket and whose name or user name begins so; its own team first. One statement."""
    people: QuerySet[User] = User.objects.filter(able(Ability.READ))
    people = people.exclude(pk=reader.pk).select_related("team__tier", "role")
    if ticket.is_restricted:
        people = people.filter(pk__in=ticket.readers.values("user"))
    if words:
        begins = Q(username__istartswith=words) | Q(full_name__istartswith=words)
        people = people.filter(begins | Q(full_name__icontains=f" {words}"))
    near = Case(When(team=ticket.team_id, then=Value(0)), default=Value(1))
    return [
        Nameable(
            one.username, one.full_name, one.initials, f"{one.team.tier} {one.team}" if one.team else str(one.role)
        )
        for one in people.order_by(near, "full_name")[:MOST]
    ]


def people_in(messages: list[Message]) -> Mapping[int, Mapping[str, User]]:
    """Message id → user name (lower case) → the person named in it. One statement, none where no `@` is written."""
    asked = [message.pk for message in messages if "@" in message.body]
    if not asked:
        return {}
    found: dict[int, dict[str, User]] = {}
    for mention in Mention.objects.filter(message__in=asked).select_related("user"):
        found.setdefault(mention.message_id, {})[mention.user.username.lower()] = mention.user
    return found


def with_people(text: str, people: Mapping[str, User], reader: User) -> SafeString:
    """The text of a note, everybody whom it names shown as a person."""
    parts = []
    for words, name in pieces(text):
        named = people.get(name) if name else None
        if named is None:
            parts.append(escape(words))
            continue
        mark = person(named.full_name, named.initials, you=named.pk == reader.pk)
        parts.append(format_html('<span class="mention" title="{}">{}</span>', words, mark))
    return mark_safe("".join(parts))
