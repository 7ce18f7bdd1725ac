"""Saved views: kept by name, shared, opened with what of them still exists, and pinned with a live count."""

import re

import pytest
from django.test import Client

from escalations.models import PinnedView, SavedView
from escalations.services.saved_views import MOST_PINS, saved_view_create
from escalations.services.tickets import ticket_restrict
from tests.factories import NOON
from tests.queries import statements

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def saved(org, by=None, name="Upset", query="sentiment=upset", **values) -> SavedView:
    return saved_view_create(by=by or org.agent, name=name, query=query, **values)


def rail(client: Client, page: str = "/queue/") -> list[tuple[str, str]]:
    """(name, count) of the pinned views."""
    text = client.get(page).content.decode()
    part = text.split('<h2 class="rail__title">Pinned views</h2>')
    if len(part) == 1:
        return []
    group = part[1].split("</div>")[0]
    return re.findall(r'<a class="rail__link" [^>]*>([^<]+)<span class="count">([^<]+)</span>', group)


def refs(text: str) -> list[str]:
    return re.findall(r'name="ticket" value="([^"]+)"', text)


# --- saving -------------------------------------------------------------------------------------------------


def test_what_the_queue_shows_is_saved_under_a_name_and_pinned(org, client):
    upset = org.ticket(sentiment="upset")
    org.ticket()
    client.force_login(org.agent)
    asked = "/views/create/?sentiment=upset&column=state&sort=newest&cursor=x&unknown=1"
    form = client.get(asked).content.decode()
    assert "Sentiment Upset, Newest first" in form
    query = re.search(r'name="query" value="([^"]*)"', form)[1].replace("&amp;", "&")
    assert query == "sentiment=upset&sort=newest&column=state"
    answer = client.post("/views/create/", {"name": "Upset, newest", "team": "", "pin": "on", "query": query})
    view = SavedView.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, f"/queue/?view={view.pk}")
    text = client.get(answer["Location"]).content.decode()
    assert refs(text) == [upset.ref]
    assert "Newest first" in text
    assert '<th scope="col" class="nowrap">Status</th>' in text
    assert (
        f'<a href="/queue/?view={view.pk}" aria-current="page">Upset, newest <span class="count">1</span></a>' in text
    )
    assert rail(client, "/inbox/") == [("Upset, newest", "1")]
    # The rail is marked where one is.
    assert f'<a class="rail__link" href="/queue/?view={view.pk}" aria-current="page">' in text


def test_a_name_is_needed_and_taken_once(org, client):
    saved(org)
    client.force_login(org.agent)
    empty = client.post("/views/create/", {"name": "", "query": "priority=1"})
    assert empty.status_code == 422
    twice = client.post("/views/create/", {"name": "Upset", "query": "priority=1"})
    assert twice.status_code == 422
    text = twice.content.decode()
    assert "A view called “Upset” is there already." in text
    assert 'value="priority=1"' in text
    # Others may use the name.
    client.force_login(org.receiver)
    assert client.post("/views/create/", {"name": "Upset", "query": ""}).status_code == 303


def test_from_a_view_on_ones_own_filters_say_so_and_save_back(org, client):
    org.ticket(sentiment="upset")
    view = saved(org)
    client.force_login(org.agent)
    text = client.get(f"/queue/?view={view.pk}").content.decode()
    assert "Upset, changed" not in text
    # Every link of the page goes on from this view.
    assert f'name="of" value="{view.pk}"' in text
    changed = client.get(f"/queue/?sentiment=upset&priority=3&of={view.pk}").content.decode()
    assert "Upset, changed" in changed
    edit = re.search(r'<a href="(/views/\d+/edit/\?[^"]+)"[^>]*>.*?Save changes</a>', changed)[1].replace("&amp;", "&")
    form = client.get(edit).content.decode()
    assert "Priority P3, Sentiment Upset" in form
    data = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    data["query"] = data["query"].replace("&amp;", "&")
    client.post(f"/views/{view.pk}/edit/", data | {"name": "Upset P3", "team": ""})
    view.refresh_from_db()
    assert (view.name, view.query, view.version) == ("Upset P3", "priority=3&sentiment=upset", 2)
    # All filters taken away is not the view again.
    assert len(refs(client.get(f"/queue/?of={view.pk}").content.decode())) == 1
    assert "Upset P3, changed" in client.get(f"/queue/?of={view.pk}").content.decode()


def test_exports_and_news_and_bulk_acts_follow_the_view(org, client):
    upset = org.ticket(sentiment="upset")
    org.ticket()
    view = saved(org)
    client.force_login(org.agent)
    text = client.get(f"/queue/?view={view.pk}").content.decode()
    export = re.search(r'href="(/queue/export/\?[^"]+format=csv)"', text)[1].replace("&amp;", "&")
    lines = b"".join(client.get(export).streaming_content).decode().splitlines()
    assert len(lines) == 2
    assert upset.ref in lines[1]
    direct = b"".join(client.get(f"/queue/export/?view={view.pk}&format=csv").streaming_content).decode()
    assert direct.splitlines() == lines


# --- whose, and for whom ------------------------------------------------------------------------------------


def test_private_ones_are_ones_own_and_team_ones_the_teams(org, client):
    mine = saved(org, name="Private")
    ours = saved(org, name="Ours", query="owner=me", team=org.teams["L1"])
    colleague, other = org.people["l1_second"], org.receiver
    client.force_login(colleague)
    listed = client.get("/views/").content.decode()
    assert "Ours" in listed
    assert "Private" not in listed
    assert "Front, by L1_First Example" in listed
    assert f"/views/{ours.pk}/edit/" not in listed
    assert client.get(f"/views/{ours.pk}/edit/").status_code == 403
    assert client.post(f"/views/{ours.pk}/delete/", {"version": 1}).status_code == 403
    for pk in (mine.pk, 999_999):
        for url in ("edit/", "delete/", "pin/", "move/"):
            assert client.post(f"/views/{pk}/{url}").status_code == 404
        assert "This view is not there any more." in client.get(f"/queue/?view={pk}").content.decode()
    client.force_login(other)
    assert client.post(f"/views/{ours.pk}/pin/", {"pinned": "yes"}).status_code == 404
    # The lead of the team keeps its views in order.
    org.teams["L1"].lead = org.manager
    org.teams["L1"].save()
    client.force_login(org.manager)
    data = {"name": "Everybody’s own", "team": ours.team_id, "query": "owner=me", "version": 1}
    assert client.post(f"/views/{ours.pk}/edit/", data).status_code == 303
    assert client.post(f"/views/{ours.pk}/delete/", {"version": 2}).status_code == 303
    assert [view.name for view in SavedView.objects.all()] == ["Private"]


def test_sharing_is_with_ones_own_team(org, client):
    client.force_login(org.agent)
    text = client.get("/views/create/").content.decode()
    assert "Everybody of Front" in text
    assert "Integrations" not in text.split('id="view_form"')[1]
    answer = client.post("/views/create/", {"name": "X", "team": org.teams["L2"].pk, "query": ""})
    assert answer.status_code == 422
    assert not SavedView.objects.exists()


def test_a_team_view_speaks_of_its_reader(org, client):
    """ "Me" is whoever opens it, and nobody sees by a view what they do not see without it."""
    mine, theirs = org.ticket(), org.ticket(by=org.people["l1_second"])
    hidden = org.ticket(subject="For lawyers")
    ticket_restrict(ticket=hidden, by=org.agent, readers=[], restricted=True)
    view = saved(org, query="owner=me", team=org.teams["L1"])
    client.force_login(org.people["l1_second"])
    client.post(f"/views/{view.pk}/pin/", {"pinned": "yes"})
    assert refs(client.get(f"/queue/?view={view.pk}").content.decode()) == [theirs.ref]
    assert rail(client) == [("Upset", "1")]
    client.force_login(org.agent)
    assert set(refs(client.get(f"/queue/?view={view.pk}").content.decode())) == {mine.ref, hidden.ref}


def test_who_leaves_the_team_loses_its_views_and_their_pins(org, client):
    view = saved(org, by=org.people["l1_second"], team=org.teams["L1"])
    client.force_login(org.agent)
    client.post(f"/views/{view.pk}/pin/", {"pinned": "yes"})
    assert rail(client) == [("Upset", "0")]
    org.agent.team = org.teams["L2"]
    org.agent.save()
    assert rail(client) == []
    assert "This view is not there any more." in client.get(f"/queue/?view={view.pk}").content.decode()


# --- what no longer exists ------------------------------------------------------------------------------------


def test_a_filter_that_no_longer_exists_is_named_and_the_rest_applies(org, client):
    upset = org.ticket(sentiment="upset")
    org.ticket()
    query = "product_area=abacus&sentiment=upset&team=harbor-2&weather=rain&column=state&column=moon&sort=tide"
    view = saved(org, query=query)
    client.force_login(org.agent)
    text = client.get(f"/queue/?view={view.pk}").content.decode()
    assert "Parts of this view no longer exist:" in text
    for lost in ("Product area “abacus”", "Team “harbor-2”", "weather “rain”", "Column “moon”", "Order “tide”"):
        assert lost in text
    assert refs(text) == [upset.ref]
    assert rail(client) == [("Upset", "1")]
    assert "Save changes" in text
    # Somebody who may not change it is told as well, without the way to do so.
    view.team = org.teams["L1"]
    view.save()
    client.force_login(org.people["l1_second"])
    text = client.get(f"/queue/?view={view.pk}").content.decode()
    assert "Parts of this view no longer exist:" in text
    assert "Save changes" not in text


# --- two at once --------------------------------------------------------------------------------------------


def test_changed_meanwhile_is_409_with_what_was_typed(org, client):
    view = saved(org)
    client.force_login(org.agent)
    data = {"name": "Mine", "team": "", "query": "priority=1", "version": 1}
    client.post(f"/views/{view.pk}/edit/", data | {"name": "Theirs", "query": "priority=2"})
    late = client.post(f"/views/{view.pk}/edit/", data)
    text = late.content.decode()
    assert late.status_code == 409
    assert "it is called “Theirs” now" in text
    assert "It shows: Priority P2" in text
    assert 'value="Mine"' in text
    assert 'name="version" value="2"' in text
    assert client.post(f"/views/{view.pk}/delete/", {"version": 1}).status_code == 409
    assert client.post(f"/views/{view.pk}/edit/", data | {"version": 2}).status_code == 303
    view.refresh_from_db()
    assert view.name == "Mine"


# --- pins -----------------------------------------------------------------------------------------------------


def test_pins_keep_their_order_and_move(org, client):
    views = [saved(org, name=name, pin=False) for name in ("A", "B", "C")]
    client.force_login(org.agent)
    for view in views:
        for _ in range(2):  # twice changes nothing
            client.post(f"/views/{view.pk}/pin/", {"pinned": "yes"})
    assert [name for name, _ in rail(client)] == ["A", "B", "C"]
    client.post(f"/views/{views[2].pk}/move/", {"to": "up"})
    client.post(f"/views/{views[0].pk}/move/", {"to": "up"})
    assert [name for name, _ in rail(client)] == ["A", "C", "B"]
    client.post(f"/views/{views[0].pk}/move/", {"to": "down"})
    assert [name for name, _ in rail(client)] == ["C", "A", "B"]
    client.post(f"/views/{views[2].pk}/pin/", {"pinned": ""})
    assert [name for name, _ in rail(client)] == ["A", "B"]
    client.post(f"/views/{views[2].pk}/pin/", {"pinned": "yes"})
    assert [name for name, _ in rail(client)] == ["A", "B", "C"]


def test_no_more_pins_than_the_rail_holds(org, client):
    for number in range(MOST_PINS + 1):
        saved(org, name=f"View {number}")
    assert PinnedView.objects.count() == MOST_PINS
    client.force_login(org.agent)
    last = SavedView.objects.get(name=f"View {MOST_PINS}")
    assert client.post(f"/views/{last.pk}/pin/", {"pinned": "yes"}).status_code == 422


def test_counts_are_live_capped_and_one_statement_for_all(org, client, monkeypatch, noon):
    saved(org, name="Mine", query="owner=me")
    client.force_login(org.agent)
    client.get("/views/")
    one = len(statements(lambda: client.get("/views/")))
    for number, query in enumerate(("due=today", "breached=yes", "q=webhook", "state=any", "")):
        saved(org, name=f"More {number}", query=query)
    client.get("/views/")
    assert len(statements(lambda: client.get("/views/"))) == one
    org.ticket()
    assert rail(client) == [
        ("Mine", "1"), ("More 0", "1"), ("More 1", "0"), ("More 2", "1"), ("More 3", "1"), ("More 4", "1"),
    ]  # fmt: skip
    # What time makes of it is counted anew each time.
    noon.to(NOON.replace(hour=23))
    assert dict(rail(client))["More 1"] == "1"
    monkeypatch.setattr("escalations.selectors.saved_views.CAP", 1)
    SavedView.objects.update(version=9)
    org.ticket()
    assert dict(rail(client))["Mine"] == "1+"


def test_who_reads_no_tickets_has_no_views(org, client):
    nobody = org.person("nobody", "l1_agent")
    nobody.role = None
    nobody.save()
    client.force_login(nobody)
    assert client.get("/views/").status_code == 404
    assert client.get("/views/create/").status_code == 404
