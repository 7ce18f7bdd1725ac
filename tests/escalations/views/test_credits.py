"""Approvals as pages: what waits, one request with its sums, the answers, the form on the ticket, the ledger."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from escalations.models import CreditRequest
from escalations.services.credit_decisions import credit_approve, credit_deny
from escalations.services.credits import credit_request
from escalations.services.merging import ticket_merge
from escalations.services.sweep import sweep
from journal import clock
from policies.services.delegations import delegation_create
from tests.factories import NOON, CustomerFactory, Organisation, in_hours
from tests.queries import statements
from web.forms import new_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def org() -> Organisation:
    org = Organisation()
    org.vp = org.person("vp", "vp_support")
    return org


def page(user: User, name: str, *args: Any, **data: Any) -> Any:
    client = Client()
    client.force_login(user)
    return client.get(reverse(name, args=args), data)


def send(user: User, name: str, *args: Any, **data: Any) -> Any:
    client = Client()
    client.force_login(user)
    return client.post(reverse(name, args=args), {"idempotency_key": new_key(), **data})


def ask(org, amount="4000", **kwargs) -> CreditRequest:
    return credit_request(
        ticket=kwargs.pop("ticket", None) or org.ticket(), by=kwargs.pop("by", org.agent), action="service_credit",
        amount=Decimal(amount), reason="The contract promises it.",
    )  # fmt: skip


def test_what_waits_stands_where_it_is_to_be_decided(org):
    made = ask(org)
    assert b"$4,000.00" in page(org.manager, "escalations:approval_list").content
    assert b"$4,000.00" in page(org.vp, "escalations:approval_list", tab="others").content
    assert b"$4,000.00" not in page(org.vp, "escalations:approval_list").content
    assert b"$4,000.00" not in page(org.people["l2_first"], "escalations:approval_list").content
    assert b"$4,000.00" in page(org.agent, "escalations:approval_list", tab="mine").content
    assert made.get_absolute_url().encode() in page(org.manager, "escalations:approval_list").content


def test_a_delegate_finds_it_among_theirs(org):
    ask(org)
    delegate = org.people["l3_first"]
    assert b"$4,000.00" not in page(delegate, "escalations:approval_list").content
    delegation_create(by=org.manager, delegate=delegate, ends_at=in_hours(8), reason="Leave")
    assert b"$4,000.00" in page(delegate, "escalations:approval_list").content
    detail = page(delegate, "escalations:credit_detail", CreditRequest.objects.get().pk).content.decode()
    assert "lent by Manager Example" in detail


def test_the_sums_are_explained(org):
    first = ask(org, "900", by=org.manager)
    made = ask(org, "1850", ticket=org.ticket(customer=first.customer))
    detail = page(org.manager, "escalations:credit_detail", made.pk).content.decode()
    sums = ("Your limit, 30 days, this customer", "$900.00", "+ $1,850.00", "$2,750.00", "$2,250.00")
    said = ("Within your authority", "Approve $1,850.00", "Support manager: service credit up to and including $5,000")
    for words in (*sums, *said):
        assert words in detail, words


def test_what_has_ended_says_what_was_so_then(org):
    """What is issued afterwards was not counted, and is not shown as if it had been; a denial adds nothing up."""
    first = ask(org, "900", by=org.manager)
    second, denied = (ask(org, "800", ticket=org.ticket(customer=first.customer)) for _ in range(2))
    credit_approve(request=second, by=org.manager)
    credit_deny(request=denied, by=org.manager, reason="Once is enough.")
    ask(org, "33", by=org.manager, ticket=first.ticket)
    for made, shown, hidden in ((first, "$900.00", "$800.00"), (second, "$1,700.00", "$33.00")):
        detail = page(org.manager, "escalations:credit_detail", made.pk).content.decode()
        assert shown in detail
        assert hidden not in detail
    detail = page(org.manager, "escalations:credit_detail", denied.pk).content.decode()
    assert "Together" not in detail
    assert "$33.00" not in detail
    assert "$900.00" in detail


def test_credits_of_merged_tickets_are_named_with_the_sum(org):
    kept, gone = org.ticket(), org.ticket(customer=CustomerFactory())
    ask(org, "300", by=org.manager, ticket=gone)
    ticket_merge(ticket=gone, into=kept, by=org.manager, confirmed=True)
    detail = page(org.manager, "escalations:credit_detail", ask(org, "10", ticket=kept).pk).content.decode()
    assert "this ticket, all its life" in detail
    assert "$300.00" in detail
    assert gone.ref in detail


def test_approve_deny_and_route_up(org):
    first, second, third = ask(org), ask(org, ticket=org.ticket(customer=CustomerFactory())), None
    assert send(org.manager, "escalations:credit_approve", first.pk).status_code == 303
    assert send(org.manager, "escalations:credit_deny", second.pk).status_code == 422
    assert send(org.manager, "escalations:credit_deny", second.pk, reason="No.").status_code == 303
    third = ask(org, ticket=org.ticket(customer=CustomerFactory()))
    assert send(org.manager, "escalations:credit_route_up", third.pk, reason="Above me.").status_code == 303
    states = dict(CreditRequest.objects.values_list("pk", "state"))
    assert (states[first.pk], states[second.pk], states[third.pk]) == ("issued", "denied", "requested")
    assert send(org.vp, "escalations:credit_approve", first.pk).status_code == 409


def test_above_the_limit_there_is_no_approve_but_a_way_up(org):
    made = ask(org, "5000")
    ask(org, "0.01", by=org.manager, ticket=org.ticket(customer=CustomerFactory()))
    # Something was issued meanwhile, by somebody higher.
    other = ask(org, "1", ticket=made.ticket)
    credit_approve(request=other, by=org.vp)
    detail = page(org.manager, "escalations:credit_detail", made.pk).content.decode()
    assert "Above your limit" in detail
    assert "Approve $5,000.00" not in detail
    assert "Vp Example, VP support, up to and including $25,000 can decide" in detail
    answer = send(org.manager, "escalations:credit_approve", made.pk)
    assert answer.status_code == 422
    assert "Above your limit" in answer.content.decode()


def test_the_way_up_begins_above_the_reader(org):
    chief = org.person("chief", "c_level")
    made = ask(org)
    for reader, said in ((org.manager, "Next up: Vp Example"), (org.vp, "Next up: Chief"), (chief, "Nobody above")):
        assert said in page(reader, "escalations:credit_detail", made.pk).content.decode()


def test_an_action_is_named_within_the_sentence(org):
    made = credit_request(ticket=org.ticket(), by=org.agent, action="contract_modification", reason="They ask for it.")
    assert (
        '<h1 id="credit_form-h">Deny contract modification</h1>'
        in page(org.manager, "escalations:credit_deny", made.pk).content.decode()
    )


def test_what_moved_up_by_its_clock_is_still_offered_but_not_to_be_passed_on(org):
    with clock.travel(NOON) as traveller:
        made = ask(org)
        traveller.forward(timedelta(minutes=31))
        sweep()
        shown = page(org.manager, "escalations:approval_list").content.decode()
        assert "$4,000.00" in shown
        assert "you, and VP support" in shown
        detail = page(org.manager, "escalations:credit_detail", made.pk).content.decode()
        for words in (
            "Moved up to VP support.",
            "You may still decide",
            "Approve $4,000.00",
            "Deny asks for a reason.",
        ):
            assert words in detail, words
        assert reverse("escalations:credit_route_up", args=[made.pk]) not in detail
        assert page(org.manager, "escalations:credit_route_up", made.pk).status_code == 403
        assert send(org.manager, "escalations:credit_approve", made.pk).status_code == 303


def test_sent_twice_is_done_once(org):
    ticket, key = org.ticket(), new_key()
    for _ in range(2):
        answer = send(
            org.manager, "escalations:credit_create", ticket.ref, action="service_credit", amount="$1,250.00",
            reason="Promised.", idempotency_key=key,
        )  # fmt: skip
        assert answer.status_code == 303
    assert list(CreditRequest.objects.values_list("amount", "state")) == [(Decimal("1250.00"), "issued")]


@pytest.mark.parametrize(
    "amount", ["", "abc", "-5", "0", "1.001", "1e30", "5\x00", "٥", "12,50", "1,2345", "1.000,00", "$"]
)
def test_bad_amounts_keep_what_was_typed(org, amount):
    ticket = org.ticket()
    answer = send(
        org.manager, "escalations:credit_create", ticket.ref, action="service_credit", amount=amount, reason="Kept."
    )
    assert answer.status_code == 422
    assert "Kept." in answer.content.decode()
    assert not CreditRequest.objects.exists()


def test_the_ticket_says_what_one_may_still_do(org):
    ticket = org.ticket()
    ask(org, "3000", ticket=ticket, by=org.manager)
    ask(org, "500", ticket=ticket)
    shown = page(org.manager, "escalations:ticket_detail", ticket.ref).content.decode()
    for words in ("Credits", "$3,000.00", "$500.00", "$1,500.00", "waits for Support manager"):
        assert words in shown, words


def test_the_ledger_filters_sums_and_files(org):
    ask(org, "3000", by=org.manager)
    ask(org, "20", by=org.manager, ticket=org.ticket(customer=CustomerFactory(name="=Formula & Sons")))
    shown = page(org.manager, "escalations:credit_ledger").content.decode()
    assert "$3,020.00" in shown
    assert "$3,020.00" not in page(org.manager, "escalations:credit_ledger", q="Pellworth").content.decode()
    for odd in ({"since": "nonsense"}, {"kind": "x"}, {"until": "2026-02-31"}, {"q": "\x00"}, {"cursor": "x"}):
        assert page(org.manager, "escalations:credit_ledger", **odd).status_code == 200
    answer = page(org.manager, "escalations:credit_export", format="csv")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert text.splitlines()[0].startswith("When,What,Amount,Currency,Customer")
    assert "'=Formula & Sons" in text
    assert page(org.manager, "escalations:credit_export", format="xlsx").status_code == 200


def test_a_restricted_ticket_keeps_to_itself_what_its_credit_is_about(org):
    made = ask(org, "3000", by=org.manager)
    made.ticket.is_restricted = True
    made.ticket.save()
    shown = page(org.manager, "escalations:credit_ledger").content.decode()
    assert "A restricted ticket" in shown
    assert made.ticket.ref not in shown
    assert "Pellworth" not in shown
    assert "$3,000.00" in shown
    other = ask(org, "100", ticket=org.ticket())
    detail = page(org.manager, "escalations:credit_detail", other.pk).content.decode()
    assert made.ticket.ref not in detail
    assert "A restricted ticket" in detail


def test_statements_do_not_grow_with_what_waits(org):
    def count() -> int:
        client = Client()
        client.force_login(org.manager)
        client.get(reverse("escalations:approval_list"))
        return len(statements(lambda: client.get(reverse("escalations:approval_list"))))

    ask(org, "10", by=org.agent)
    ask(org, "4000", ticket=org.ticket(customer=CustomerFactory()))
    few = count()
    for _ in range(4):
        ask(org, "4000", ticket=org.ticket(customer=CustomerFactory()))
    assert count() == few
