import pytest
from django.test import RequestFactory

from web import navigation
from web.navigation import Count, Link, Registry, register, register_links


@pytest.fixture
def empty(monkeypatch: pytest.MonkeyPatch) -> Registry:
    registry = Registry()
    monkeypatch.setattr(navigation, "registry", registry)
    return registry


def rail(path: str = "/"):
    return navigation.groups_for(RequestFactory().get(path))


def test_groups_keep_their_order_and_empty_ones_vanish(empty: Registry) -> None:
    register(group="Also", label="Style", icon="eye", url_name="web:style")
    register(group="Work", label="Log in", icon="lock", url_name="account_login", visible=lambda request: False)
    register_links(group="Pinned views", provider=lambda request: [Link("Mine", "/queue/?mine")])
    assert [group.title for group in rail()] == ["Pinned views", "Also"]


def test_the_longest_fitting_link_is_current(empty: Registry) -> None:
    register(group="Work", label="Login", icon="lock", url_name="account_login")
    register(group="Work", label="Style", icon="eye", url_name="web:style")
    current = [link.label for group in rail("/style/parts/") for link in group.links if link.current]
    assert current == ["Style"]


def test_counts_run_once_and_nothing_is_not_shown(empty: Registry) -> None:
    calls = []

    def count(request) -> int:
        calls.append(request)
        return 0

    register(group="Work", label="Inbox", icon="inbox", url_name="web:style", count=count)
    register(group="Work", label="Queue", icon="inbox", url_name="account_login", count=lambda r: Count(1204, hot=True))
    links = [link for group in rail() for link in group.links]
    assert len(calls) == 1
    assert [str(link.count) if link.count else "" for link in links] == ["", "1,204"]


def test_registering_again_replaces(empty: Registry) -> None:
    register(group="Work", label="Old", icon="eye", url_name="web:style")
    register(group="Work", label="New", icon="eye", url_name="web:style")
    assert [link.label for group in rail() for link in group.links] == ["New"]
