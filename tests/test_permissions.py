"""Who may open what, found by walking the URL resolver: a URL that no rule names fails here.

Per URL: nobody, every role, somebody else's and a missing object, with htmx and without. GETs run in a read-only
transaction, so one that writes fails too; a POST without the CSRF token is refused. What a URL names is made in
tests/bed/scene.py.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.choices import Ability
from accounts.models import User
from escalations.models import Escalation, Ticket
from journal.models import Event
from policies.selectors import policy_of
from tests.bed.scene import Open, Scene, Url

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
# The battery asks every page of every role with htmx too; here two people do, since a fragment asks nobody's role.
EVERY_WAY = "BELAY_EVERY_WAY" in os.environ
# What a page may answer to somebody who may see it: shown, sent on, not possible now, or the wrong method.
ANSWERS = {200, 204, 302, 303, 400, 403, 405, 409, 422}
REFUSED = {403, 404, 405}


ABILITIES = {Open.WORK: Ability.WORK, Open.MANAGE: Ability.MANAGE, Open.IMPORT: Ability.IMPORT,
             Open.POLICY: Ability.POLICY}  # fmt: skip
OF_TICKET = (Open.TICKET, Open.HOLDERS, Open.SENDERS, Open.RECEIVERS, Open.AUTHOR, Open.APPROVERS)

RULES: dict[Open, str] = {
    Open.EVERYBODY: (
        "livez readyz web:theme web:session_login web:style account_login account_signup account_logout"
        " account_inactive account_reset_password account_reset_password_done account_reset_password_from_key"
        " account_reset_password_from_key_done"
    ),
    Open.SIGNED_IN: (
        "account_reauthenticate account_change_password escalations:home"
        " escalations:queue_list escalations:queue_news escalations:queue_export escalations:bulk_list"
        " web:palette escalations:bulk_create escalations:bulk_one escalations:view_list escalations:view_create"
        " escalations:issue_list escalations:issue_detail escalations:consult_list"
        " escalations:ticket_search escalations:answer_list escalations:inbox_list escalations:inbox_export"
        " escalations:inbox_news"
        " escalations:customer_detail policies:policy_detail policies:policy_markdown"
        " escalations:approval_list policies:authority_detail policies:delegation_list"
        " accounts:calendar_list accounts:calendar_detail escalations:citation_list"
        " accounts:rota_list accounts:rota_detail accounts:rota_month accounts:rota_export accounts:shift_detail"
        " accounts:expertise_list accounts:expertise_detail accounts:rating_change"
        " accounts:absence_list accounts:absence_create accounts:absence_change accounts:absence_cancel"
        " accounts:shift_cover accounts:swap_create accounts:swap_accept accounts:swap_decline accounts:swap_withdraw"
    ),
    Open.PLANNERS: (
        "accounts:shift_create accounts:shift_change accounts:shift_delete accounts:rota_pattern accounts:rota_import"
    ),
    Open.APPROVERS: (
        "escalations:credit_detail escalations:credit_approve escalations:credit_deny escalations:credit_route_up"
        " escalations:credit_reverse"
    ),
    Open.LEDGER: "escalations:credit_ledger escalations:credit_export",
    Open.LENDERS: "policies:delegation_create",
    Open.OWN: (
        "policies:delegation_end policies:designer_end policies:designer_discard policies:designer_step"
        " policies:designer_draft"
        " escalations:bulk_detail escalations:bulk_go_on escalations:bulk_undo escalations:view_edit"
        " escalations:view_delete escalations:view_pin escalations:view_move"
    ),
    Open.DESK: (
        "escalations:desk_handover escalations:desk_handover_draft escalations:desk_handover_detail"
        " escalations:team_desk"
    ),
    Open.WORK: "escalations:desk_news escalations:ticket_create escalations:ticket_create_customer"
    " escalations:ticket_create_draft escalations:ticket_create_discard"
    " escalations:ticket_create_duplicates escalations:issue_create escalations:issue_change escalations:issue_close"
    " escalations:issue_reopen",
    Open.CONFIGURE: "accounts:calendar_create accounts:calendar_edit escalations:calendar_preview",
    Open.MANAGE: "escalations:customer_change",
    Open.POLICY: (
        "policies:version_list policies:version_detail policies:version_edit policies:version_copy"
        " policies:version_delete policies:version_rules policies:section_detail policies:row_create policies:row_edit"
        " policies:row_delete policies:row_move policies:trigger_create policies:trigger_condition"
        " policies:trigger_edit policies:version_proof policies:finding_accept policies:finding_take_back"
        " policies:version_changes policies:version_publish policies:publication_cancel escalations:trigger_try"
        " policies:designer"
    ),
    Open.IMPORT: (
        "escalations:import_list escalations:import_create escalations:import_detail escalations:import_columns"
        " escalations:import_values escalations:import_preview escalations:import_mapping escalations:import_check"
        " escalations:import_start escalations:import_errors escalations:import_undo"
    ),
    Open.TICKET: (
        "escalations:ticket_links"
        " escalations:ticket_detail escalations:ticket_news escalations:ticket_read escalations:hop_list"
        " escalations:mention_list escalations:mention_seen escalations:desk_line_seen"
        " escalations:clock_detail escalations:ticket_advice escalations:handoff_detail"
        " escalations:handoff_print escalations:attachment_detail"
        " escalations:message_note escalations:ticket_facts escalations:feedback_seen escalations:ticket_similar"
        " escalations:similar_use escalations:similar_take_back escalations:ticket_presence"
        " escalations:consult_detail escalations:consult_seen"
    ),
    Open.HOLDERS: (
        "escalations:ticket_link_parent escalations:ticket_unlink_parent escalations:ticket_link_issue"
        " escalations:ticket_unlink_issue escalations:ticket_not_duplicate escalations:ticket_merge"
        " escalations:ticket_split"
        " escalations:message_reply escalations:message_customer escalations:ticket_resolve escalations:ticket_priority"
        " escalations:ticket_assign escalations:ticket_wait escalations:ticket_resume escalations:ticket_reopen"
        " escalations:ticket_close escalations:ticket_restrict escalations:handoff_create escalations:handoff_preview"
        " escalations:similar_copy escalations:consult_create escalations:ticket_transfer escalations:credit_create"
        " escalations:ticket_de_escalate"
    ),
    Open.AUTHOR: (
        "escalations:form_draft escalations:handoff_draft escalations:handoff_discard escalations:attachment_create"
        " escalations:attachment_delete"
    ),
    Open.SENDERS: "escalations:handoff_edit escalations:handoff_edit_draft escalations:handoff_withdraw"
    " escalations:handoff_redirect"
    " escalations:read_back_answer escalations:consult_withdraw escalations:credit_take_back",
    Open.RECEIVERS: "escalations:handoff_acknowledge escalations:handoff_accept escalations:handoff_return"
    " escalations:read_back_give escalations:handoff_release escalations:follow_up_create escalations:consult_answer",
}
RULE = {name: who for who, listed in RULES.items() for name in listed.split()}


def walk(patterns: list[URLPattern | URLResolver], namespace: str = "", outer: tuple[str, ...] = ()) -> Iterator[Url]:
    for entry in patterns:
        held = (*outer, *entry.pattern.converters)
        if isinstance(entry, URLResolver):
            yield from walk(
                entry.url_patterns, f"{namespace}{entry.namespace}:" if entry.namespace else namespace, held
            )
        else:
            groups = tuple(entry.pattern.regex.groupindex) if not held else ()
            name = f"{namespace}{entry.name}"
            yield Url(name, held or groups, RULE.get(name))


URLS = [url for url in walk(get_resolver().url_patterns) if not url.name.startswith("admin:")]
GIVEN = [url for url in URLS if url.who is not None]


def test_every_url_has_a_rule():
    names = {url.name for url in URLS}
    assert not names - set(RULE), "give these a rule in tests/test_permissions.py"
    assert not set(RULE) - names, "these rules name no URL"


@pytest.fixture(scope="module")
def scene(django_db_setup: None, django_db_blocker: Any) -> Iterator[Scene]:
    """Made once, in a transaction around those of the tests: each of them begins with it as it was."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield Scene()
        transaction.set_rollback(True)


def signed_in(user: User | None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


@contextmanager
def read_only() -> Iterator[None]:
    """Whatever is written inside raises; a savepoint, so that the test goes on afterwards."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL transaction_read_only = on")
        yield
        transaction.set_rollback(True)


def get(client: Client, path: str, *, htmx: bool = False) -> Any:
    with read_only():
        return client.get(path, headers=HTMX if htmx else {})


@pytest.mark.parametrize("url", GIVEN, ids=str)
def test_nobody_gets_in(scene, url):
    path = scene.path(url, scene.seen)
    client = signed_in(None)
    for ask in (client.get, client.post):
        if url.who is Open.EVERYBODY:
            # A readiness probe says 503 while nobody watches the clocks, as here.
            assert ask(path).status_code < 500 or url.name == "readyz"
            continue
        plain = ask(path)
        assert plain.status_code == 302, path
        assert plain.url.startswith(reverse("account_login")), path
        inside = ask(path, headers=HTMX)
        assert (inside.status_code, "Belay-Login" in inside.headers) == (401, True), path


@pytest.mark.parametrize("url", [url for url in GIVEN if url.who is not Open.EVERYBODY], ids=str)
def test_every_role_gets_a_proper_answer(scene, url):
    """No role meets an error, no GET writes, and what needs an ability is refused without it."""
    path = scene.path(url, scene.seen)
    ability = ABILITIES.get(url.who)
    for user in (*scene.people.values(), scene.org.agent, scene.org.receiver, scene.org.manager, scene.outsider):
        for htmx in (False, True) if EVERY_WAY or user in (scene.org.agent, scene.outsider) else (False,):
            answer = get(signed_in(user), path, htmx=htmx)
            if ability is not None and not user.can(ability):
                assert answer.status_code in REFUSED, (path, user.username)
            elif url.who is Open.DESK:
                theirs = user == scene.org.agent and url.name != "escalations:team_desk"
                proper = ANSWERS - {403} if user.can(Ability.MANAGE) or theirs else {404, 405}
                assert answer.status_code in proper, (path, user.username)
            elif url.who is Open.APPROVERS:
                reads = user.can(Ability.MANAGE) or user == scene.org.agent
                assert answer.status_code in (ANSWERS if reads else {404, 405}), (path, user.username)
            elif url.who is Open.LEDGER:
                reads = any(user.can(one) for one in (Ability.MANAGE, Ability.POLICY, Ability.ADMIN))
                assert answer.status_code == (200 if reads else 404), (path, user.username)
            elif url.who is Open.LENDERS:
                lends = any(rule.role == user.role.code for rule in policy_of(scene.org.policy.pk).authority)
                assert answer.status_code == (200 if lends else 404), (path, user.username)
            elif url.who is Open.CONFIGURE:
                proper = ANSWERS - {403, 404} if user.may_configure else {404, 405}
                assert answer.status_code in proper, (path, user.username)
            elif url.who is Open.PLANNERS:
                plans = user.can(Ability.MANAGE) or user.can(Ability.ADMIN)
                proper = ANSWERS - {403} if plans else {403, 404}
                assert answer.status_code in proper, (path, user.username)
            elif url.name.startswith("accounts:absence_c") and "pk" in url.converters:
                proper = ANSWERS if user.can(Ability.MANAGE) or user.can(Ability.ADMIN) else {404, 405}
                assert answer.status_code in proper, (path, user.username)
            elif url.who is Open.OWN or "import" in url.name and "pk" in url.converters:
                assert answer.status_code in {404, 405}, (path, user.username)
            else:
                assert answer.status_code in ANSWERS, (path, user.username, answer.status_code)


@pytest.mark.parametrize("url", [url for url in GIVEN if url.who in OF_TICKET], ids=str)
def test_a_restricted_ticket_is_like_one_that_does_not_exist(scene, url):
    """The same answer, for everybody who is not named: managers and administrators too."""
    hidden, missing = scene.path(url, scene.hidden), scene.path(url, None)
    before = Event.objects.count()
    for user in (scene.org.manager, scene.org.administrator, scene.org.people["l1_second"], scene.nobody):
        client = signed_in(user)
        for htmx in (False, True):
            answer, absent = get(client, hidden, htmx=htmx), get(client, missing, htmx=htmx)
            assert answer.status_code == absent.status_code, (hidden, user.username)
            assert answer.status_code in {404, 405}, (hidden, user.username)
            assert b"Only for those" not in answer.content
            with transaction.atomic():
                posted = client.post(hidden, headers=HTMX if htmx else {})
            assert posted.status_code in {404, 405}, (hidden, user.username, posted.status_code)
    assert Event.objects.count() == before


WRITES = {
    Open.HOLDERS: "outsider",
    Open.SENDERS: "receiver",
    Open.RECEIVERS: "agent",
    Open.APPROVERS: "agent",  # who asked decides nothing
}


@pytest.mark.parametrize("url", [url for url in GIVEN if url.who in WRITES], ids=str)
def test_what_is_not_ones_own_is_not_changed(scene, url):
    """Readers, people of other teams and the other side of a handoff are refused, whatever they post."""
    path = scene.path(url, scene.seen)
    other = {"outsider": scene.outsider, "receiver": scene.org.receiver, "agent": scene.org.agent}[WRITES[url.who]]
    before = (Event.objects.count(), *Ticket.objects.values_list("version", flat=True))
    for user in (other, scene.org.process_owner, scene.people["success_manager"]):
        answer = signed_in(user).post(path, {"version": "1", "note": "x", "body": "x", "reason": "x"})
        assert answer.status_code in REFUSED, (path, user.username, answer.status_code)
    assert (Event.objects.count(), *Ticket.objects.values_list("version", flat=True)) == before
    assert Escalation.objects.filter(state="pending").count() == 2


# An absence of one's own is everybody's to enter.
OF_OTHERS = [url for url in GIVEN if url.name.startswith("accounts:") and url.name != "accounts:absence_create"]


@pytest.mark.parametrize("url", OF_OTHERS, ids=str)
def test_duty_of_others_is_not_changed(scene, url):
    """Colleagues of other teams and readers are refused, whatever they post; what is not theirs to see is not there."""
    before = Event.objects.count()
    for user in (scene.outsider, scene.people["success_manager"], scene.nobody):
        with transaction.atomic():
            answer = signed_in(user).post(scene.path(url, scene.seen), {"do": "write", "user": user.pk})
        assert answer.status_code in REFUSED, (url.name, user.username, answer.status_code)
    assert Event.objects.count() == before


@pytest.mark.parametrize("url", GIVEN, ids=str)
def test_no_post_without_its_token(scene, url):
    client = Client(enforce_csrf_checks=True)
    client.force_login(scene.org.agent)
    answer = client.post(scene.path(url, scene.seen))
    assert answer.status_code in {403, 405}, url.name


@pytest.mark.parametrize("url", [url for url in GIVEN if url.who is Open.SIGNED_IN], ids=str)
def test_who_has_no_role_sees_no_ticket(scene, url):
    answer = get(signed_in(scene.nobody), scene.path(url, scene.seen))
    assert answer.status_code < 500
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    assert b"Seen by everybody" not in content
    assert scene.seen.ref.encode() not in content


def test_read_only_would_notice_a_get_that_writes(scene):
    """The control of the tests above: a write inside the read-only transaction does raise."""
    with pytest.raises(Exception, match="read-only"), read_only():
        Ticket.objects.filter(pk=scene.seen.pk).update(version=9)
