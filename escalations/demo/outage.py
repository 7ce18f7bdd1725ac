"""An outage in progress: a parent with its children and their issue. Beside it a merged pair and a split."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from accounts.models import Team, User
from escalations.demo.world import World
from escalations.models import Customer, Ticket
from escalations.services.conversation import ticket_note, ticket_record_customer, ticket_reply
from escalations.services.issues import issue_close, issue_create, ticket_link_issue
from escalations.services.merging import ticket_merge
from escalations.services.outages import ticket_update_all
from escalations.services.parents import ticket_link_parent
from escalations.services.splitting import ticket_split
from escalations.services.tickets import ticket_create
from journal import clock

T = TypeVar("T")
FACTS = {"category": "technical", "issue_type": "outage", "product_area": "identity", "channel": "email"}
# How the same thing is reported by twelve customers.
REPORTS = (
    "Nobody here can sign in", "Sign-in goes round in circles", "Locked out since this morning",
    "Single sign-on answers with an error", "Our whole support desk is logged out", "Sign-in page says 503",
    "Warehouse scanners ask for a login again and again", "Cannot get past the sign-in page",
    "Users are thrown out after a minute", "Sign-in by phone app fails", "Admin console will not let us in",
    "Password is right, and yet no entry",
)  # fmt: skip
WORDS = (
    "It began about half past. Nobody in our office gets in, with any browser. Please tell us when this will be over; "
    "our customers are calling."
)
KNOWN = "The renewed certificate misses the old name, which half of the gateways still ask for."
ASKED_AGAIN = "Still nothing here. Is there a way around it?"
ANOTHER_MATTER = (
    "Yes, it does, thank you. Another thing: a colleague has left. How do we move her reports to somebody else?"
)
UPDATE = (
    "Sign-in in EU-1 fails for most users since a certificate was renewed. Our platform team is rolling the old one "
    "back. Data is safe and nothing is lost. You hear from us again at the time promised, sooner if it works before."
)


class Outage:
    """Told through the services, minute by minute, counted back from the demo's now."""

    def __init__(self, world: World, now: datetime) -> None:
        self.world, self.now = world, now

    def at(self, minutes_ago: float, act: Callable[[], T]) -> T:
        with clock.travel(self.now - timedelta(minutes=minutes_ago)):
            return act()

    def member(self, team: Team) -> User:
        return self.world.members[team.code][0]

    def customer(self, name: str) -> Customer:
        return next(one for one in self.world.customers if one.name == name)

    def ticket(self, minutes_ago: float, customer: Customer, subject: str, team: Team, **values: object) -> Ticket:
        facts = {**FACTS, "description": WORDS, "priority": 3, "by": self.member(team), **values}
        contact = self.world.contacts[customer.pk]
        return self.at(
            minutes_ago,
            lambda: ticket_create(customer=customer, contact=contact, subject=subject, team=team, **facts),  # type: ignore[arg-type]
        )

    def tell(self) -> None:
        platform, front = self.world.teams["platform"], self.world.teams["delta"]
        engineer = User.objects.get(username="priya")
        parent = self.ticket(
            94, self.customer("Oskerby Energy"), "Sign-in fails in EU-1", platform, priority=1, by=engineer
        )
        title, area = "Sign-in in EU-1 fails after the certificate was renewed", "identity"
        issue = self.at(
            90, partial(issue_create, by=engineer, title=title, product_area=area, description=KNOWN)
        )  # fmt: skip
        self.at(89, partial(ticket_link_issue, ticket=parent, issue=issue, by=engineer))
        self.at(87, partial(ticket_reply, ticket=parent, by=engineer, body="We see it too and are on it."))
        self._children(parent, front)
        self.at(41, partial(ticket_note, ticket=parent, by=engineer, body="Rolling back gateway by gateway: 3 of 8."))
        due = self.now + timedelta(minutes=26)
        self.at(34, partial(ticket_update_all, ticket=parent, by=engineer, body=UPDATE, next_update_at=due))
        agent = User.objects.get(username="tomasz")
        self._merged(front, agent)
        self._split(front, agent)
        self._alike(front, agent)
        self._past_issue(engineer)

    def _children(self, parent: Ticket, front: Team) -> None:
        others = [one for one in self.world.customers if one.name != "Oskerby Energy"][: len(REPORTS)]
        agents = self.world.members[front.code]
        for number, (customer, subject) in enumerate(zip(others, REPORTS, strict=True)):
            by, opened = agents[number % len(agents)], 84 - 3.5 * number
            child = self.ticket(opened, customer, subject, front, by=by)
            self.at(opened - 2, partial(ticket_link_parent, ticket=child, parent=parent, by=by))
            if number in (1, 6):
                asked = partial(ticket_record_customer, ticket=child, by=by, channel="email", body=ASKED_AGAIN)
                self.at(9 - number / 2, asked)

    def _merged(self, front: Team, agent: User) -> None:
        facts = {"by": agent, "issue_type": "bug", "product_area": "billing", "category": "billing"}
        customer = self.customer("Brayling Foods")
        said = "The tax on our invoice is 7 %, it has to be 19 %."
        first = self.ticket(260, customer, "Invoice shows the wrong tax", front, description=said, **facts)
        said = "Second try: correct the tax on our invoice."
        again = self.ticket(228, customer, "Wrong tax on the invoice", front, description=said, **facts)
        self.at(215, partial(ticket_reply, ticket=first, by=agent, body="Thank you, billing corrects it today."))
        self.at(212, partial(ticket_merge, ticket=again, into=first, by=agent))

    def _split(self, front: Team, agent: User) -> None:
        facts = {"by": agent, "issue_type": "bug", "product_area": "data_export", "description": "It is cut off."}
        ticket = self.ticket(140, self.customer("Sandry & Poole"), "Export stops at 10,000 rows", front, **facts)
        self.at(131, partial(ticket_reply, ticket=ticket, by=agent, body="The limit is raised. Does it pass now?"))
        other = self.at(
            118,
            partial(ticket_record_customer, ticket=ticket, by=agent, channel="email", body=ANOTHER_MATTER),
        )
        subject = "Move the reports of somebody who has left"
        chosen = {"messages": [other.pk], "subject": subject, "priority": 4, "from_message": True}
        self.at(112, partial(ticket_split, ticket=ticket, by=agent, **chosen))  # type: ignore[arg-type]

    def _alike(self, front: Team, agent: User) -> None:
        """Nobody has compared these two yet: each suggests the other."""
        facts = {"by": agent, "issue_type": "bug", "product_area": "webhooks"}
        customer = self.customer("Crovane Systems")
        said = "Every delivery comes two times since noon."
        self.ticket(96, customer, "Webhook deliveries arrive twice", front, description=said, **facts)
        said = "Each order is booked twice now."
        self.ticket(44, customer, "Deliveries of the webhook arrive twice", front, description=said, **facts)

    def _past_issue(self, engineer: User) -> None:
        title, day = "Nightly export skips files with a plus sign in their name", 60 * 24
        past = self.at(9 * day, partial(issue_create, by=engineer, title=title, product_area="data_export"))
        self.at(6 * day, partial(issue_close, issue=past, by=engineer))
