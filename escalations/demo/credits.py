"""The demo's credits: some issued, one denied, one reversed, a delegation that runs, and what waits for a decision."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from accounts.models import User
from escalations.choices import TicketState
from escalations.models import CreditRequest, Ticket
from escalations.services.credit_decisions import credit_approve, credit_deny, credit_reverse
from escalations.services.credits import credit_request
from journal import clock
from policies.choices import SERVICE_CREDIT
from policies.services.delegations import delegation_create

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
PELLWORTH = "Pellworth Freight"
T = TypeVar("T")


class Money:
    """Credits told through the services, each at its moment counted back from now."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.people = {user.username: user for user in User.objects.select_related("role", "team")}

    def at(self, ago: timedelta, act: Callable[[], T]) -> T:
        with clock.travel(self.now - ago):
            return act()

    def open_ticket(
        self, team: str, *, customer: str = "", but: int | None = None, opened: timedelta = timedelta(0)
    ) -> Ticket | None:
        """The oldest open ticket of the team that was opened at least so long ago, of another customer than `but`."""
        found = Ticket.objects.open().filter(
            team__code=team, is_restricted=False, opened_at__lt=self.now - opened
        ).exclude(state=TicketState.NEW)  # fmt: skip
        if customer:
            found = found.filter(customer__name=customer)
        if but is not None:
            found = found.exclude(customer=but)
        return found.select_related("customer").order_by("opened_at").first()

    def past_ticket(self, customer: str, ago: timedelta) -> Ticket | None:
        """A finished ticket of the customer from about then."""
        found = Ticket.objects.filter(customer__name=customer, opened_at__lt=self.now - ago, is_restricted=False)
        return found.select_related("customer").order_by("-opened_at").first()

    def ask(self, ago: timedelta, ticket: Ticket, who: str, amount: str, why: str) -> CreditRequest:
        return self.at(
            ago,
            lambda: credit_request(
                ticket=ticket, by=self.people[who], action=SERVICE_CREDIT, amount=Decimal(amount), reason=why
            ),
        )


def tell_credits(now: datetime) -> None:
    """In the order of time, so that every line of the ledger counts what came before it."""
    money = Money(now)
    _long_ago(money)
    people = money.people
    money.at(
        30 * HOUR,
        lambda: delegation_create(
            by=people["bruno"], delegate=people["noor"], ends_at=now + 3 * DAY, limit=Decimal(2000),
            reason="On leave until the end of the week",
        ),
    )  # fmt: skip
    delta, integrations = money.open_ticket("delta", opened=HOUR), money.open_ticket("integrations", opened=HOUR)
    if delta is not None:
        _today(money, delta)
    if integrations is not None:
        money.ask(50 * MINUTE, integrations, "ines", "250.00", "Two hours of work lost; the contract promises it.")
        money.at(
            4 * MINUTE,
            lambda: credit_request(
                ticket=integrations, by=people["ines"], action="contract_modification",
                reason="They ask to pay in sixty days instead of thirty until this is put right.",
            ),
        )  # fmt: skip
    pellworth = money.open_ticket("delta", customer=PELLWORTH) or money.open_ticket("integrations", customer=PELLWORTH)
    if pellworth is not None:
        who = "ines" if pellworth.team.code == "integrations" else "tomasz"
        money.ask(
            2 * MINUTE, pellworth, who, "1850.00",
            "Nothing has come through since 09:40, and their own customers are calling. The contract promises 10 % of "
            "the monthly fee for more than 4 hours; this is that sum.",
        )  # fmt: skip


def _long_ago(money: Money) -> None:
    """What counts for Pellworth Freight's last 30 days, and one that was booked wrongly."""
    people = money.people
    first, second = money.past_ticket(PELLWORTH, 22 * DAY), money.past_ticket(PELLWORTH, 13 * DAY)
    if first is not None:
        money.ask(22 * DAY, first, "rosa", "1500.00", "Outage of EU-1, 5 h 20 min.")
    if second is not None:
        money.ask(13 * DAY, second, "dana", "900.00", "Deliveries failed after a change of the secret.")
    wrong = money.past_ticket("Crovane Systems", 6 * DAY)
    if wrong is not None:
        made = money.ask(6 * DAY, wrong, "dana", "400.00", "Late invoices in three runs.")
        money.at(
            6 * DAY - HOUR,
            lambda: credit_reverse(request=made, by=people["dana"], reason="Meant for Brayling Foods."),
        )  # fmt: skip


def _today(money: Money, ticket: Ticket) -> None:
    people = money.people
    small = money.ask(48 * MINUTE, ticket, "tomasz", "700.00", "Orders of the morning were lost.")
    money.at(40 * MINUTE, lambda: credit_approve(request=small, by=people["noor"], note="As agreed with Bruno."))
    no = money.ask(35 * MINUTE, ticket, "tomasz", "2400.00", "They ask for the whole month.")
    money.at(
        28 * MINUTE,
        lambda: credit_deny(request=no, by=people["dana"], reason="The contract caps this at the day's fee."),
    )  # fmt: skip
    money.ask(6 * MINUTE, ticket, "dana", "7500.00", "They weigh leaving; their board meets tomorrow.")
    other = money.open_ticket("delta", but=ticket.customer_id)
    if other is not None:
        money.ask(3 * MINUTE, other, "tomasz", "120.00", "Charged twice for one seat.")
