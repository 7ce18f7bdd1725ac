"""Views of the queue by name, private or for a team, and who has which of them in their rail."""

from django.db import IntegrityError, transaction
from django.db.models import Max

from accounts.models import Team, User
from escalations.access import sees_view, team_choices, writes_view
from escalations.errors import NotAllowed, Overtaken, Refused
from escalations.models import PinnedView, SavedView
from journal import clock
from journal.services import event_append

MOST_PINS = 12  # more is no rail any more, and each is counted on every page
MOST_VIEWS = 100  # of one person


@transaction.atomic
def saved_view_create(
    *, by: User, name: str, query: str, team: Team | None = None, pin: bool = True, page: str = "queue"
) -> SavedView:
    """Keep a view of the queue. `query` is its address after the question mark, `team` whom it is shared with.

    Raises Refused (name taken, too many, a query too long), NotAllowed to share with a team of others.
    """
    _check_team(by, team)
    _check_query(query)
    if SavedView.objects.filter(owner=by).count() >= MOST_VIEWS:
        raise Refused(f"You have {MOST_VIEWS} views. Delete one that you no longer use.")
    view = SavedView(owner=by, name=name, page=page, query=query, team=team, created_at=clock.now())
    _save(view)
    _tell(view, by, "view.created", name=name, team=team.code if team else None)
    if pin and PinnedView.objects.filter(user=by).count() < MOST_PINS:
        _pin(view, by)
    return view


@transaction.atomic
def saved_view_change(
    *, view: SavedView, by: User, version: int, name: str, query: str, team: Team | None
) -> SavedView:  # fmt: skip
    """Rename it, share it, or let it show something else. `version` is the one that the form was made from.

    Raises Overtaken when it was changed meanwhile, NotAllowed for anybody but its owner and the lead of its team.
    """
    current = SavedView.objects.select_for_update(of=("self",)).select_related("owner", "team").get(pk=view.pk)
    _check_writes(by, current)
    if current.version != version:
        raise Overtaken(f"This view was changed meanwhile: it is called “{current.name}” now.")
    if team is not None and team.pk != current.team_id:
        _check_team(by, team)
    _check_query(query)
    before = {"name": current.name, "query": current.query, "team": current.team.code if current.team else None}
    current.name, current.query, current.team = name, query, team
    current.version += 1
    _save(current)
    after = {"name": name, "query": query, "team": team.code if team else None}
    changes = {key: [before[key], after[key]] for key in before if before[key] != after[key]}
    _tell(current, by, "view.changed", changes=changes)
    return current


@transaction.atomic
def saved_view_delete(*, view: SavedView, by: User, version: int) -> None:
    """Take it away from everybody who has it. Raises Overtaken, NotAllowed."""
    held = SavedView.objects.select_for_update(of=("self",)).select_related("owner", "team")
    current = held.filter(pk=view.pk).first()
    if current is None:
        return
    _check_writes(by, current)
    if current.version != version:
        raise Overtaken(f"This view was changed meanwhile: it is called “{current.name}” now. It was not deleted.")
    _tell(current, by, "view.deleted", name=current.name, query=current.query)
    current.delete()


@transaction.atomic
def saved_view_pin(*, view: SavedView, by: User) -> None:
    """Put it last into the person's rail. A second time changes nothing. Raises Refused for one too many."""
    if not sees_view(by, view):
        raise NotAllowed("This view is not shared with you.")
    own = PinnedView.objects.select_for_update().filter(user=by)
    held = {pin.view_id for pin in own}
    if view.pk in held:
        return
    if len(held) >= MOST_PINS:
        raise Refused(f"{MOST_PINS} views are pinned. Take one out of the rail first.")
    _pin(view, by)


def saved_view_unpin(*, view: SavedView, by: User) -> None:
    PinnedView.objects.filter(view=view, user=by).delete()


@transaction.atomic
def saved_view_move(*, view: SavedView, by: User, up: bool) -> None:
    """Change places with the pinned view above or below; at the end nothing changes."""
    pins = list(PinnedView.objects.select_for_update().filter(user=by).order_by("position", "pk"))
    place = next((number for number, pin in enumerate(pins) if pin.view_id == view.pk), None)
    if place is None:
        return
    other = place - 1 if up else place + 1
    if 0 <= other < len(pins):
        pins[place], pins[other] = pins[other], pins[place]
    for number, pin in enumerate(pins):
        pin.position = number
    PinnedView.objects.bulk_update(pins, ["position"])


def _pin(view: SavedView, by: User) -> None:
    last = PinnedView.objects.filter(user=by).aggregate(last=Max("position"))["last"]
    PinnedView.objects.bulk_create(
        [PinnedView(view=view, user=by, position=0 if last is None else last + 1)], ignore_conflicts=True
    )


def _save(view: SavedView) -> None:
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError as error:
        if "saved_view_name" not in str(error):
            raise
        raise Refused(
            f"A view called “{view.name}” is there already.", {"name": "Give it another name."}
        ) from error  # fmt: skip


def _check_query(query: str) -> None:
    limit = SavedView._meta.get_field("query").max_length or 0
    if len(query) > limit:
        raise Refused("This view names too many things to be kept. Take some of its filters away.")


def _check_team(by: User, team: Team | None) -> None:
    if team is not None and team.pk not in {choice.pk for choice in team_choices(by)}:
        raise NotAllowed(f"{team} is not your team. Its people and its lead share views with it.")


def _check_writes(by: User, view: SavedView) -> None:
    if not writes_view(by, view):
        raise NotAllowed(f"{view.owner} keeps this view. Save one of your own instead.")


def _tell(view: SavedView, by: User, kind: str, **data: object) -> None:
    event_append(subject=("view", view.pk), kind=kind, at=clock.now(), actor=by, data=data)
