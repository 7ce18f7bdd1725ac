"""Choosing people: those of the team first, then the others by team."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.choices import Ability
from accounts.models import Team, User
from accounts.querysets import able


def workers_by_team(team: Team | None) -> list[tuple[str, list[User]]]:
    """Everybody who works tickets, by team, the given team first. One statement."""
    people = User.objects.filter(able(Ability.WORK)).select_related("team__tier").order_by("full_name")
    groups: dict[int | None, tuple[tuple[Any, ...], str, list[User]]] = {}
    for person in people:
        home = person.team
        first = home is None or team is None or home.pk != team.pk
        key = (first, home is None, home.tier.rank if home else 0, home.name if home else "")
        label = f"{home.tier.code} {home.name}" if home else "No team"
        groups.setdefault(person.team_id, (key, label, []))[2].append(person)
    return [(label, found) for _, label, found in sorted(groups.values(), key=lambda group: group[0])]


class PersonField(forms.ChoiceField):
    """One of the people given; cleans to the `User`, None when empty and not required."""

    default_error_messages = {"invalid_choice": "Choose somebody of the list."}

    def __init__(self, *, empty: str = "Choose somebody", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.empty = empty
        self.people: dict[str, User] = {}

    def offer(self, groups: list[tuple[str, list[User]]], *, without: User | None = None) -> None:
        """The people to choose from, by group."""
        kept = [(label, [one for one in people if one != without]) for label, people in groups]
        self.people = {str(person.pk): person for _, people in kept for person in people}
        named = [(label, [(str(person.pk), str(person)) for person in people]) for label, people in kept if people]
        self.choices = [("", self.empty), *named]

    def clean(self, value: Any) -> User | None:
        text = super().clean(value)
        if text in self.empty_values:
            return None
        if text not in self.people:
            raise ValidationError(self.error_messages["invalid_choice"], params={"value": value})
        return self.people[text]

    def prepare_value(self, value: Any) -> Any:
        return str(value.pk) if isinstance(value, User) else value
