"""The matrix, one person's authority today, and lending it."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from journal import clock
from policies.models import Delegation
from policies.services.delegations import delegation_create
from tests.factories import NOON, in_hours

pytestmark = pytest.mark.django_db


def get(user: User, name: str, **data: Any) -> str:
    client = Client()
    client.force_login(user)
    answer = client.get(reverse(name), data)
    assert answer.status_code == 200
    return str(answer.content.decode())


def post(user: User, name: str, *args: Any, **data: Any) -> Any:
    client = Client()
    client.force_login(user)
    return client.post(reverse(name, args=args), data)


def test_the_matrix_says_what_the_policy_says(org):
    shown = get(org.agent, "policies:authority_detail")
    for words in ("Up to and including $500", "Up to and including $5,000", "Without limit", "Hotfix", "none"):
        assert words in shown
    document = get(org.agent, "policies:policy_detail")
    assert 'id="authority.support_manager.service_credit"' in document
    assert "confirm the amount at set-up" in document


def test_authority_today_counts_what_is_lent(org):
    delegate = org.people["l3_first"]
    assert "Lent by" not in get(org.agent, "policies:authority_detail", person=delegate.pk)
    delegation_create(by=org.manager, delegate=delegate, ends_at=in_hours(8), reason="Leave", limit=Decimal(1000))
    shown = get(org.agent, "policies:authority_detail", person=delegate.pk)
    assert "Lent by Manager Example, Support manager" in shown
    assert "Up to and including $1,000" in shown
    for odd in ("x", "0", "9" * 40, "\x00"):
        get(org.agent, "policies:authority_detail", person=odd)


def test_lending_on_the_page(org):
    until = f"{clock.now() + timedelta(days=2):%Y-%m-%dT%H:%M}"
    data = {"delegate": org.people["l3_first"].pk, "ends_at": until, "limit": "1000", "reason": "Leave"}
    assert post(org.manager, "policies:delegation_create", **data).status_code == 303
    made = Delegation.objects.get()
    assert (made.delegator, made.limit) == (org.manager, 1000)
    again = post(org.manager, "policies:delegation_create", **data)
    assert again.status_code == 422
    assert "already" in again.content.decode()
    assert "Leave" in get(org.people["l3_first"], "policies:delegation_list")
    assert "Leave" not in get(org.people["l3_second"], "policies:delegation_list")
    assert post(org.people["l3_second"], "policies:delegation_end", made.pk).status_code == 404
    assert post(org.manager, "policies:delegation_end", made.pk).status_code == 303
    made.refresh_from_db()
    assert (made.ended_by, made.ends_at < made.planned_end) == (org.manager, True)


@pytest.mark.parametrize(
    "change",
    [{"reason": ""}, {"ends_at": "2020-01-01T10:00"}, {"ends_at": ""}, {"limit": "-1"}, {"limit": "x"},
     {"limit": "0"}, {"limit": "12,50"},
     {"delegate": "self"}, {"starts_at": "2020-01-01T10:00"}],
)  # fmt: skip
def test_what_cannot_be_lent_says_so(org, change):
    until = f"{clock.now() + timedelta(days=2):%Y-%m-%dT%H:%M}"
    data = {"delegate": org.people["l3_first"].pk, "ends_at": until, "limit": "", "reason": "Leave"} | change
    if data["delegate"] == "self":
        data["delegate"] = org.manager.pk
    assert post(org.manager, "policies:delegation_create", **data).status_code == 422
    assert not Delegation.objects.exists()


def test_both_ways_at_once_is_no_cycle(org):
    """Each holds the other's own authority, and nothing comes back round."""
    vp = org.person("vp", "vp_support")
    with clock.travel(NOON):
        delegation_create(by=org.manager, delegate=vp, ends_at=in_hours(8), reason="Lunch")
        delegation_create(by=vp, delegate=org.manager, ends_at=in_hours(8), reason="Lunch")
        shown = get(org.agent, "policies:authority_detail", person=org.manager.pk)
    assert "Up to and including $25,000" in shown
