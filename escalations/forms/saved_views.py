from typing import Any

from django import forms

from accounts.models import Team
from web.forms import BelayForm


class SavedViewForm(BelayForm):
    """A view's name and who has it. `query` is what it shows; `version` that of the view that is changed."""

    name = forms.CharField(label="Name", max_length=60, help_text="As it stands in the rail: “Enterprise, upset”.")
    team = forms.ChoiceField(label="Who has it", required=False, widget=forms.RadioSelect)
    pin = forms.BooleanField(label="Pin it in the rail, with its count", required=False)
    query = forms.CharField(required=False, max_length=4000, widget=forms.HiddenInput)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, teams: list[Team], is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.teams = {str(team.pk): team for team in teams}
        everybody = [(key, f"Everybody of {team}") for key, team in self.teams.items()]
        self.fields["team"].choices = [("", "Only me"), *everybody]
        if not teams:
            del self.fields["team"]
        if not is_new:
            del self.fields["pin"]

    def chosen_team(self) -> Team | None:
        return self.teams.get(self.cleaned_data.get("team", ""))
