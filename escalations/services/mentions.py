"""People named in a note: they are told, and it stands on their desk until they have seen it."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models.functions import Lower

from accounts.choices import Ability
from accounts.models import User
from escalations.domain.mentions import named
from escalations.errors import NotAllowed, Refused
from escalations.models import Mention, Message, Ticket
from escalations.services.locking import Held
from escalations.services.mails import mail
from journal import clock


def people_named(held: Held, text: str) -> list[User]:
    """The people whom a text on the held ticket mentions, without its author. A name that nobody has is just a word.

    Raises Refused, at the field `body`, for somebody who left or who may not see the ticket: nobody would read it.
    """
    names = named(text)
    if not names:
        return []
    known = User.objects.annotate(low=Lower("username")).filter(low__in=names).select_related("role")
    people = {person.username.lower(): person for person in known}
    found: list[User] = [people[name] for name in names if name in people and people[name].pk != held.by.pk]
    gone = [person for person in found if not person.is_active]
    if gone:
        raise _refused(gone, "has left", "have left")
    blind = [person for person in found if not person.can(Ability.READ)]
    if held.ticket.is_restricted and not blind:
        readers = set(held.ticket.readers.values_list("user", flat=True))
        blind = [person for person in found if person.pk not in readers]
    if blind:
        raise _refused(blind, "cannot see this ticket", "cannot see this ticket")
    return found


def _refused(people: Sequence[User], one: str, many: str) -> Refused:
    names = " and ".join(str(person) for person in people)
    said = f"{names} {one if len(people) == 1 else many}, so nobody would read it."
    wording = " and ".join(f"@{person.username}" for person in people)
    return Refused(said, {"body": f"Take {wording} out, or name somebody else."})


def mentions_add(*, held: Held, message: Message) -> list[User]:
    """Record whom the message mentions and mail them. Raises Refused: see `people_named`."""
    people = people_named(held, message.body)
    Mention.objects.bulk_create([Mention(message=message, user=person) for person in people])
    mail(
        people, f"{held.by} mentions you on {held.ticket.ref}", ticket=held.ticket, key=f"message:{message.pk}:mention",
        path=held.ticket.get_absolute_url(), wanted={"mention": message.pk},
    )  # fmt: skip
    return people


@transaction.atomic
def mention_mark_seen(*, mention: Mention, by: User, covers: Sequence[int] = ()) -> None:
    """It was read: by the one who is named, or by who answers for them meanwhile (`covers`: ids). Once is enough."""
    if mention.user_id not in (by.pk, *covers):
        raise NotAllowed(f"{mention.user} is mentioned here, and reads it.")
    Mention.objects.filter(pk=mention.pk, seen_at__isnull=True).update(seen_at=clock.now())


def mentions_seen_on(*, ticket: Ticket, by: User) -> None:
    """The ticket is open before them: whatever names them there is seen."""
    Mention.objects.filter(user=by, message__ticket=ticket, seen_at__isnull=True).update(seen_at=clock.now())
