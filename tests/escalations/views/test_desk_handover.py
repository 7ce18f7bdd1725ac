"""The page that hands a desk over: its lines, its draft, what it refuses, and what it reports."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Absence, DutyShift, User
from accounts.services.absences import absence_create
from escalations.models import DeskHandover, Ticket
from escalations.services.answers import handoff_acknowledge
from escalations.services.conversation import ticket_reply
from escalations.services.resolutions import ticket_resolve
from escalations.services.tickets import ticket_assign
from journal import clock
from journal.models import Draft
from tests.factories import NOON, in_hours
from tests.queries import statements

pytestmark = pytest.mark.django_db


@pytest.fixture
def to(org) -> User:
    return org.people["l1_second"]


def page(owner: User) -> str:
    return reverse("escalations:desk_handover", args=[owner.pk])


def filled(client, owner: User, **changes: Any) -> dict[str, Any]:
    """The form as a browser would send it back."""
    form = client.get(page(owner)).context["form"]
    values = {
        name: form[name].value() if form[name].value() is not None else "" for name in form.fields
    }  # fmt: skip
    values["idempotency_key"] = uuid.uuid4().hex
    return values | changes


def test_a_desk_goes_to_a_colleague_with_the_notes_as_they_were_offered(client, org, to):
    with clock.travel(NOON):
        first, second = org.ticket(subject="Goes"), org.ticket(subject="Stays")
        ticket_reply(ticket=first, by=org.agent, body="Soon", next_update_at=in_hours(2))
        client.force_login(org.agent)
        sent = filled(client, org.agent, to=f"user:{to.pk}", **{f"give_t{second.pk}": "keep"})
        assert sent[f"note_t{first.pk}"] == "Last word 12:00 CEST, nothing unanswered. Update promised for 14:00 CEST."
        answer = client.post(page(org.agent), sent)
        done = DeskHandover.objects.get()
        assert answer.headers["Location"] == reverse("escalations:desk_handover_detail", args=[done.pk])
        assert Ticket.objects.get(pk=first.pk).owner == to
        assert Ticket.objects.get(pk=second.pk).owner == org.agent
        text = client.get(answer.headers["Location"]).content.decode()
        assert f"{to} holds it" in text
        assert "Still on the desk" in text
        assert second.ref in text
        timeline = client.get(first.get_absolute_url()).content.decode()
        assert "at the end of the shift" in timeline
        assert "Update promised for 14:00" in timeline


def test_sending_it_again_shows_the_first_answer(client, org, to):
    ticket = org.ticket()
    client.force_login(org.agent)
    sent = filled(client, org.agent, to=f"user:{to.pk}")
    first = client.post(page(org.agent), sent)
    again = client.post(page(org.agent), sent)
    assert first.headers["Location"] == again.headers["Location"]
    assert DeskHandover.objects.count() == 1
    assert Ticket.objects.get(pk=ticket.pk).owner == to


def test_what_left_the_desk_while_one_typed_is_reported_and_what_came_stays(client, org, to):
    gone, kept = org.ticket(subject="Resolved by now"), org.ticket(subject="Goes")
    client.force_login(org.agent)
    sent = filled(client, org.agent, to=f"user:{to.pk}", **{f"note_t{gone.pk}": "Ask for the trace id"})
    ticket_resolve(ticket=gone, by=org.agent, root_cause="configuration", what_was_done="Done.")
    came = org.ticket(subject="Came since")
    answer = client.post(page(org.agent), sent)
    text = client.get(answer.headers["Location"]).content.decode()
    assert "Not handed over: it is resolved by now" in text
    assert "Ask for the trace id" in text
    assert "Came since" in text
    assert Ticket.objects.get(pk=kept.pk).owner == to
    assert Ticket.objects.get(pk=came.pk).owner == org.agent


def test_what_is_typed_is_kept_as_a_draft(client, org, to):
    ticket = org.ticket()
    client.force_login(org.agent)
    sent = filled(client, org.agent, **{f"note_t{ticket.pk}": "Half a thou"})
    url = reverse("escalations:desk_handover_draft", args=[org.agent.pk])
    assert client.post(url, sent).headers["Belay-Version"] == "1"
    assert "Half a thou" in client.get(page(org.agent)).content.decode()
    client.post(page(org.agent), filled(client, org.agent, to=f"user:{to.pk}"))
    assert not Draft.objects.exists()


def test_two_windows_choose_and_neither_overwrites_the_other(client, org, to):
    first, second = org.ticket(), org.ticket()
    client.force_login(org.agent)
    url = reverse("escalations:desk_handover_draft", args=[org.agent.pk])
    one = filled(client, org.agent, draft_window="a", **{f"note_t{first.pk}": "Call them at nine"})
    two = filled(client, org.agent, draft_window="b", **{f"note_t{second.pk}": "Ask for the trace id"})
    assert client.post(url, one).status_code == 204
    refused = client.post(url, two)
    assert refused.status_code == 409
    assert "Call them at nine" in refused.content.decode()
    sent = client.post(page(org.agent), two | {"to": f"user:{to.pk}"})
    assert sent.status_code == 409
    assert f"Note on {first.ref}" in sent.content.decode()
    assert f"Note on {second.ref}" in sent.content.decode()
    assert "version_t" not in str(sent.context["conflict"].differences)
    assert not DeskHandover.objects.exists()
    chosen = {"between": "drafts", "resolve": "chosen", f"conflict-note_t{first.pk}": "theirs"}
    assert client.post(page(org.agent), two | chosen)["Location"] == page(org.agent)
    form = client.get(page(org.agent)).context["form"]
    assert form[f"note_t{first.pk}"].value() == "Call them at nine"
    assert form[f"note_t{second.pk}"].value() == "Ask for the trace id"


def test_what_another_window_says_of_a_ticket_that_is_not_on_this_one_is_shown(client, org, to):
    org.ticket()
    client.force_login(org.agent)
    here = filled(client, org.agent, draft_window="a", to=f"user:{to.pk}")
    came = org.ticket()
    there = filled(client, org.agent, draft_window="b", **{f"note_t{came.pk}": "Ask for the trace id"})
    url = reverse("escalations:desk_handover_draft", args=[org.agent.pk])
    assert client.post(url, there).status_code == 204
    sent = client.post(page(org.agent), here)
    assert sent.status_code == 409
    assert "Ask for the trace id" in sent.content.decode()


def test_who_is_on_duty_is_suggested_and_who_is_away_is_not_offered(client, org, to):
    third = org.person("l1_third", "l1_agent", org.teams["L1"])
    org.ticket()
    DutyShift.objects.create(team=org.teams["L1"], user=third, starts_at=in_hours(-1), ends_at=in_hours(6))
    absence_create(user=to, by=to, starts_at=in_hours(-1), ends_at=in_hours(30), covered_by=third)
    client.force_login(org.agent)
    answer = client.get(page(org.agent))
    form, text = answer.context["form"], answer.content.decode()
    assert form["to"].value() == f"user:{third.pk}"
    assert f"user:{to.pk}" not in dict(form.fields["to"].choices)
    assert f"Not offered: {to}, away until" in text
    refused = client.post(page(org.agent), filled(client, org.agent, to=f"user:{to.pk}"))
    assert refused.status_code == 422
    assert not DeskHandover.objects.exists()


def test_nobody_on_duty_is_flagged_and_the_team_gets_it(client, org):
    """Edge case of product.md: nobody on duty."""
    ticket = org.ticket()
    DutyShift.objects.create(team=org.teams["L1"], user=org.agent, starts_at=in_hours(-8), ends_at=in_hours(-1))
    client.force_login(org.agent)
    assert "Nobody else of Front is on duty" in client.get(page(org.agent)).content.decode()
    client.post(page(org.agent), filled(client, org.agent, to="team"))
    assert Ticket.objects.get(pk=ticket.pk).owner is None


def test_leave_enters_the_absence_and_asks_for_its_end(client, org, to):
    with clock.travel(NOON):
        org.ticket()
        client.force_login(org.agent)
        sent = filled(client, org.agent, to=f"user:{to.pk}", reason="leave")
        wrong = client.post(page(org.agent), sent)
        assert wrong.status_code == 422
        assert "Say when they are back" in wrong.content.decode()
        sent |= {"starts_at": "2026-06-17T08:00", "ends_at": "2026-06-24T08:00", "covered_by": f"user:{to.pk}"}
        assert client.post(page(org.agent), sent).status_code == 303
        assert Absence.objects.get().covered_by == to


def test_a_handoff_that_waits_is_a_line_of_its_own(client, org):
    escalation = org.handoff(org.ticket(), to_user=org.receiver)
    handoff_acknowledge(escalation=escalation, by=org.receiver)
    client.force_login(org.receiver)
    text = client.get(page(org.receiver)).content.decode()
    assert "Handoffs to accept" in text
    sent = filled(client, org.receiver, to="team")
    client.post(page(org.receiver), sent)
    escalation.refresh_from_db()
    assert (escalation.to_user, escalation.acknowledged_by) == (None, None)


def test_keeping_everything_is_nothing_to_hand_over(client, org):
    org.ticket()
    client.force_login(org.agent)
    answer = client.post(page(org.agent), filled(client, org.agent, to="keep"))
    assert answer.status_code == 422
    assert "nothing to hand over" in answer.content.decode()


def test_the_lead_reaches_the_desk_of_a_member_and_a_colleague_does_not(client, org, to):
    org.ticket()
    client.force_login(to)
    assert client.get(page(org.agent)).status_code == 404
    org.teams["L1"].lead = to
    org.teams["L1"].save()
    assert client.get(page(org.agent)).status_code == 200
    client.force_login(org.manager)
    assert client.get(page(org.agent)).status_code == 200
    assert client.get(page(org.administrator)).status_code == 200


def test_an_empty_desk_says_so(client, org):
    client.force_login(org.agent)
    assert "You hold nothing" in client.get(page(org.agent)).content.decode()


def test_statements_do_not_grow_with_the_desk(client, org):
    org.ticket()
    client.force_login(org.agent)
    client.get(page(org.agent))
    few = len(statements(lambda: client.get(page(org.agent))))
    for _ in range(5):
        ticket_reply(ticket=org.ticket(), by=org.agent, body="Soon", next_update_at=in_hours(2))
    assert len(statements(lambda: client.get(page(org.agent)))) <= few


# --- the desk of the team ----------------------------------------------------------------------------


def team_rows(client, team: str) -> dict[str, Any]:
    desk = client.get(reverse("escalations:team_desk"), {"team": team}).context["desk"]
    return {str(one.user): one for one in desk.members}


def test_a_lead_sees_who_is_there_and_what_each_holds(client, org, to):
    with clock.travel(NOON) as time:
        org.teams["L1"].lead = org.agent
        org.teams["L1"].save()
        late = org.ticket()
        unowned = org.ticket()
        ticket_assign(ticket=unowned, by=org.agent, owner=None)
        DutyShift.objects.create(team=org.teams["L1"], user=to, starts_at=in_hours(-2), ends_at=in_hours(9))
        absence_create(user=org.agent, by=org.agent, starts_at=in_hours(0), ends_at=in_hours(30), covered_by=to)
        time.forward(timedelta(hours=3))
        client.force_login(org.agent)
        found = team_rows(client, "front")
        assert found[str(to)].there == "On duty until 21:00"
        assert found[str(org.agent)].state == "away"
        assert found[str(org.agent)].there.endswith(f"{to} covers")
        mine = found[str(org.agent)]
        assert (mine.open.value, mine.breached.value) == (1, 1)
        listed = client.get(mine.breached.url).content.decode()
        assert late.ref in listed
        assert unowned.ref not in listed
        desk = client.get(reverse("escalations:team_desk")).context["desk"]
        assert (desk.unowned.open.value, desk.total.open.value) == (1, 2)


def test_who_left_still_stands_there_with_what_they_hold(client, org, to):
    """Edge case of product.md: people who left."""
    org.ticket()
    User.objects.filter(pk=org.agent.pk).update(is_active=False)
    client.force_login(org.manager)
    row = team_rows(client, "front")[str(org.agent)]
    assert (row.state, row.there, row.open.value) == ("left", "Has left", 1)
    assert page(org.agent) in client.get(reverse("escalations:team_desk"), {"team": "front"}).content.decode()


def test_the_team_s_desk_is_for_its_lead_and_managers(client, org):
    client.force_login(org.agent)
    url = reverse("escalations:team_desk")
    assert client.get(url).status_code == 404
    assert not re.search(r">Team desk<", client.get("/").content.decode())
    org.teams["L1"].lead = org.agent
    org.teams["L1"].save()
    assert client.get(url, {"team": "front"}).status_code == 200
    assert client.get(url, {"team": "platform"}).status_code == 404
    assert "Team desk" in client.get("/").content.decode()


def test_nobody_on_duty_is_said_on_the_team_s_desk(client, org, to):
    DutyShift.objects.create(team=org.teams["L1"], user=to, starts_at=in_hours(5), ends_at=in_hours(9))
    client.force_login(org.manager)
    assert "Nobody is on duty for L1 Front" in client.get(
        reverse("escalations:team_desk"), {"team": "front"}
    ).content.decode()  # fmt: skip


def test_the_team_s_desk_costs_the_same_with_more_tickets(client, org):
    org.ticket()
    client.force_login(org.manager)
    url = reverse("escalations:team_desk")
    client.get(url)
    few = len(statements(lambda: client.get(url)))
    for _ in range(5):
        org.ticket(by=org.people["l1_second"])
    assert len(statements(lambda: client.get(url))) <= few
