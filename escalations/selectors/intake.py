"""What the intake form says before anything is sent: who the customer may be, and where each priority starts."""

from dataclasses import dataclass

from accounts.models import User
from escalations.domain.wording import humanize_seconds
from escalations.errors import Refused
from escalations.models import Customer
from escalations.selectors.customers import customers_named
from escalations.services.tickets import entry_team
from policies.selectors import policy_in_force

MATCHES = 8


@dataclass(frozen=True, slots=True)
class Start:
    """What a priority means and where its tickets start, by the policy in force."""

    priority: int
    definition: str
    place: str
    first_response: str

    @property
    def value(self) -> str:
        return str(self.priority)


def starts(by: User, customer: Customer | None) -> tuple[str, list[Start]]:
    """The policy's code, and each priority. Without a customer the place is the one for no region in particular."""
    version, policy = policy_in_force()
    found = []
    for severity in policy.severities:
        try:
            team = entry_team(policy, priority=severity.priority, by=by, customer=customer or Customer())
            place = f"{team.tier} {team}"
        except Refused as error:
            place = str(error)
        hours = "around the clock" if severity.runs_around_the_clock else "in the team’s hours"
        response = f"{humanize_seconds(severity.first_response_seconds)} {hours}"
        found.append(Start(severity.priority, severity.definition, place, response))
    return version.code, found


def customer_matches(words: str) -> tuple[list[Customer], bool]:
    """Customers of that name for the form's list, and whether there are more than it shows."""
    found = list(customers_named(words).select_related("region")[: MATCHES + 1])
    return found[:MATCHES], len(found) > MATCHES


def customer_of(text: str) -> Customer | None:
    """The customer whose id the form or the address holds; None for anything else."""
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        return None
    return Customer.objects.select_related("region", "calendar").filter(pk=int(text)).first()
