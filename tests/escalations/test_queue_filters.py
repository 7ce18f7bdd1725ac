"""Every fact that the queue has an index for has its filter, and each filter keeps what it names."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.http import QueryDict

from accounts.models import Region
from escalations.filtersets import TicketFilter, ref_number
from escalations.models import Ticket
from escalations.models.tickets import QUEUE_FILTERS
from escalations.selectors.queue import Queue
from escalations.services.tickets import ticket_assign, ticket_restrict
from journal import clock
from policies.models import PickItem
from tests.factories import CustomerFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
# Filters that are no column of their own: what is due, who asks, words, a trigger's conditions.
BESIDES = {"due", "breached", "handoff", "is_restricted", "linked", "customer", "parent", "issue", "q", "when"}


def found(user, query: str) -> set[str]:
    queue = Queue(user, QueryDict(query), now=clock.now(), zone=ZoneInfo("Europe/Berlin"))
    return set(queue.tickets.values_list("subject", flat=True))


def test_every_indexed_fact_has_its_filter_and_every_filter_its_index():
    columns = {index.fields[0] for index in Ticket._meta.indexes if index.name.startswith("ticket_queue_")}
    assert columns - {"queue_key"} == set(QUEUE_FILTERS)
    assert set(TicketFilter.base_filters) == set(QUEUE_FILTERS) | BESIDES


def test_every_filter_offers_choices(org):
    options = Queue(org.agent, QueryDict(), now=clock.now()).options
    assert set(options) == set(TicketFilter.base_filters) - {"customer", "parent", "issue", "q", "when"}
    assert all(options.values())


@pytest.mark.parametrize(
    ("query", "facts"),
    [
        ("segment=smb", {}), ("is_vip=yes", {}), ("region=apac", {}), ("category=billing", {"category": "billing"}),
        ("issue_type=bug", {"issue_type": "bug"}), ("product_area=webhooks", {"product_area": "webhooks"}),
        ("channel=phone", {"channel": "phone"}), ("sentiment=upset", {"sentiment": "upset"}),
        ("sentiment=upset&sentiment=frustrated", {"sentiment": "frustrated"}), ("priority=2", {"priority": 2}),
        ("tier=L2&tier=L3", {"priority": 2}), ("team=integrations", {"priority": 2}), ("owner=none", {"priority": 2}),
        ("state=new&team=integrations", {"priority": 2}), ("team=integrations&sentiment=none", {"priority": 2}),
    ],
)  # fmt: skip
def test_filter_keeps_what_it_names(org, query, facts):
    apac, _ = Region.objects.get_or_create(code="apac", defaults={"name": "APAC"})
    customer = CustomerFactory(name="Another", segment="smb", is_vip=True, region=apac)
    wanted = facts.pop("customer", customer)
    org.ticket(subject="Wanted", customer=wanted, **facts)
    org.ticket(subject="Other", category="general", channel="email", sentiment="neutral", product_area="billing")
    assert found(org.agent, query) == {"Wanted"}


def test_me_and_my_team(org):
    org.ticket(subject="Mine")
    org.ticket(subject="Colleague’s", by=org.people["l1_second"])
    org.ticket(subject="Elsewhere", priority=1)
    assert found(org.agent, "owner=me") == {"Mine"}
    assert found(org.agent, "team=mine") == {"Mine", "Colleague’s"}
    assert found(org.agent, "owner=l1_second&owner=none") == {"Colleague’s", "Elsewhere"}


def test_due_and_breached(org, noon):
    org.ticket(subject="Within the hour", priority=3)
    org.ticket(subject="In two days", priority=4)
    assert found(org.agent, "due=30m") == set()
    assert found(org.agent, "due=1h") == {"Within the hour"}
    assert found(org.agent, "due=today") == {"Within the hour"}
    assert found(org.agent, "breached=yes") == set()
    noon.forward(timedelta(hours=1))
    # At its very instant it is due, not late: the clock may still be met.
    assert found(org.agent, "due=30m") == {"Within the hour"}
    noon.forward(timedelta(seconds=1))
    assert found(org.agent, "breached=yes") == {"Within the hour"}
    assert found(org.agent, "breached=no") == {"In two days"}
    assert found(org.agent, "breached=yes&breached=no") == {"Within the hour", "In two days"}


def test_nothing_sorts_later_than_it_is_due(org):
    """What `due_by` rests on."""
    for priority in (1, 2, 3, 4):
        ticket = org.ticket(priority=priority)
        assert ticket.queue_key <= ticket.due_at


def test_customer_and_restricted(org):
    customer = CustomerFactory()
    ticket = org.ticket(subject="Theirs", customer=customer)
    org.ticket(subject="Other")
    assert found(org.agent, f"customer={customer.pk}") == {"Theirs"}
    ticket_restrict(ticket=ticket, by=org.agent, readers=[org.receiver], restricted=True)
    assert found(org.agent, "is_restricted=yes") == found(org.receiver, "is_restricted=yes") == {"Theirs"}
    assert found(org.people["l2_second"], "is_restricted=yes") == set()


def test_search_reads_words_numbers_and_foreign_numbers(org):
    ticket = org.ticket(subject="Webhooks stop", description="The signing keys rotated.", external_id="INC0000057")
    org.ticket(subject="Login fails", description="Nothing else.")
    for words in (
        "webhook",
        "key rotation",
        '"signing key"',
        "inc0000057",
        ticket.ref,
        ticket.ref.lower(),
        str(ticket.pk),
    ):
        assert found(org.agent, f"q={words}") == {"Webhooks stop"}, words
    assert found(org.agent, "q=webhook -signing") == set()
    assert found(org.agent, "q=login OR webhook") == {"Login fails", "Webhooks stop"}
    assert found(org.agent, "q=the") == set()


@pytest.mark.parametrize(
    ("words", "number"),
    [("BLY-12", 12), ("bly12", 12), (" 12 ", 12), ("12a", None), ("INC12", None), ("", None), ("9" * 13, None)],
)
def test_reference_in_words(words, number):
    assert ref_number(words) == number


def test_choices_out_of_use_are_named_but_not_offered(org):
    org.ticket(subject="Old", channel="phone")
    PickItem.objects.filter(list="channel", code="phone").update(is_active=False)
    queue = Queue(org.agent, QueryDict("channel=phone"), now=clock.now())
    assert queue.options["channel"]["phone"].label == "Phone"
    assert not queue.options["channel"]["phone"].offered
    assert found(org.agent, "channel=phone") == {"Old"}


def test_assigning_moves_a_ticket_between_views(org):
    ticket = org.ticket(subject="Moves")
    ticket_assign(ticket=ticket, by=org.agent, owner=None)
    assert found(org.agent, "owner=me") == set()
    assert found(org.agent, "owner=none&team=mine") == {"Moves"}
