"""The demo's saved views, and one act on several tickets: what a rail looks like after some months of use."""

import uuid
from datetime import datetime, timedelta

from accounts.models import Team, User
from escalations.models import SavedView, Ticket
from escalations.services.bulk import bulk_run
from escalations.services.saved_views import saved_view_create, saved_view_pin
from journal import clock

# whose, name, what it shows, shared with the owner's team
VIEWS = (
    ("ines", "Waits for us", "handoff=mine", False),
    ("noor", "Unowned, Integrations", "team=integrations&owner=none", True),
    ("noor", "Enterprise P1 and P2", "priority=1&priority=2&segment=enterprise", True),
    ("ines", "Breach today", "due=today&team=mine", False),
    ("ines", "Webhooks, longest waiting", "product_area=webhooks&sort=waiting&column=owner&column=waiting", False),
    ("katja", "New at Delta", "state=new&team=delta", True),
    ("katja", "Upset customers, Delta", "team=delta&sentiment=upset&sentiment=frustrated&sort=waiting", True),
    ("tomasz", "Customers who wait for me", "owner=me&sort=waiting&column=due&column=sentiment&column=waiting", False),
    ("anil", "Handed to Platform", "handoff=mine", True),
    ("priya", "Vendors", "state=waiting_vendor", False),
    ("dana", "Late, VIP", "breached=yes&is_vip=yes", False),
    ("dana", "P1 anywhere", "priority=1", False),
    ("dana", "Nobody has answered", "handoff=any&sort=newest", False),
)  # fmt: skip
# Who has whose views in their rail, besides their own.
PINS = (
    ("ines", "noor", ("Unowned, Integrations", "Enterprise P1 and P2")),
    ("tomasz", "katja", ("New at Delta", "Upset customers, Delta")),
    ("priya", "anil", ("Handed to Platform",)),
)
NOTE = "Seen by several customers since this morning. Keep them informed; the cause is being looked for."


def load_views(now: datetime) -> None:
    """Save and pin the views of the documented logins, and do one thing to several of Ines' tickets."""
    people = {user.username: user for user in User.objects.select_related("role", "team")}
    teams = {team.pk: team for team in Team.objects.all()}
    for number, (username, name, query, shared) in enumerate(VIEWS):
        owner = people[username]
        team = teams[owner.team_id] if shared and owner.team_id else None
        with clock.travel(now - timedelta(days=60 - number)):
            saved_view_create(by=owner, name=name, query=query, team=team)
    for username, owner, names in PINS:
        for view in SavedView.objects.filter(owner=people[owner], name__in=names).select_related("team").order_by("pk"):
            saved_view_pin(view=view, by=people[username])
    ines = people["ines"]
    tickets = Ticket.objects.open().filter(owner=ines, is_restricted=False).order_by("pk")[:4]
    bulk_run(
        key=uuid.UUID(int=20250301), code="note", tickets=[one.pk for one in tickets], by=ines, values={"body": NOTE}
    )
