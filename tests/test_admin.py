"""The administration: every page opens for who configures, for nobody else, and the record stays as it is."""

import pytest
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.urls import reverse

from accounts.models import CalendarException, User
from journal.models import Event
from policies.choices import PolicyState
from policies.models import PolicyTier, PolicyVersion

pytestmark = pytest.mark.django_db

PAGES = [
    f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
    for model in admin.site._registry
    if model._meta.app_label in ("accounts", "policies", "journal", "escalations")
]


@pytest.fixture
def as_admin(client, org):
    client.force_login(org.administrator)
    return client


def test_every_list_and_form_opens_for_the_administrator(as_admin, org):
    org.ticket()
    assert len(PAGES) >= 12
    for name in PAGES:
        page = as_admin.get(reverse(name))
        assert page.status_code == 200, name
        model = next(
            m for m in admin.site._registry if name.endswith(f":{m._meta.app_label}_{m._meta.model_name}_changelist")
        )
        row = model.objects.first()
        if row is not None:
            form = as_admin.get(reverse(name.replace("changelist", "change"), args=[row.pk]))
            assert form.status_code == 200, name


@pytest.mark.parametrize("person", ["agent", "manager"])
def test_people_without_the_ability_are_sent_away(client, org, person):
    client.force_login(getattr(org, person))
    for name in PAGES:
        assert client.get(reverse(name)).status_code == 302, name


def test_process_owner_sees_policies_only(client, org):
    client.force_login(org.process_owner)
    assert client.get(reverse("admin:policies_policyversion_changelist")).status_code == 200
    assert client.get(reverse("admin:accounts_user_changelist")).status_code == 403


def test_saving_a_calendar_freezes_a_revision(as_admin, org):
    calendar = org.calendar
    CalendarException.objects.create(calendar=calendar, date="2026-06-17", kind="holiday", name="Town day")
    hours = list(calendar.hours.all())
    exception = calendar.exceptions.get()
    data = {
        "code": calendar.code, "name": calendar.name, "time_zone": calendar.time_zone, "country": "", "subdivision": "",
        "hours-TOTAL_FORMS": len(hours), "hours-INITIAL_FORMS": len(hours),
        "exceptions-TOTAL_FORMS": 1, "exceptions-INITIAL_FORMS": 1,
        "exceptions-0-id": exception.pk, "exceptions-0-calendar": calendar.pk, "exceptions-0-date": "2026-06-17",
        "exceptions-0-kind": "holiday", "exceptions-0-name": "Town day",
    }  # fmt: skip
    for place, row in enumerate(hours):
        data |= {
            f"hours-{place}-id": row.pk, f"hours-{place}-calendar": calendar.pk, f"hours-{place}-weekday": row.weekday,
            f"hours-{place}-opens": "08:00", f"hours-{place}-closes": "18:00",
        }  # fmt: skip
    url = reverse("admin:accounts_calendar_change", args=[calendar.pk])
    assert as_admin.post(url, data).status_code == 302
    assert calendar.current.number == 2
    assert "2026-06-17" in calendar.current.definition["holidays"]
    data["hours-1-weekday"] = hours[0].weekday  # the same hours twice on one day overlap
    refused = as_admin.post(url, data)
    assert "overlaps" in refused.content.decode()
    assert calendar.current.number == 2
    assert calendar.hours.filter(weekday=hours[0].weekday).count() == 1
    never = {name: text for name, text in data.items() if not name.startswith("hours-")}
    never |= {"hours-TOTAL_FORMS": len(hours), "hours-INITIAL_FORMS": len(hours)}
    for place in range(len(hours)):
        never |= {f"hours-{place}-{field}": data[f"hours-{place}-{field}"] for field in ("id", "calendar", "weekday",
                  "opens", "closes")} | {f"hours-{place}-DELETE": "on"}  # fmt: skip
    for wrong, words in ((never, "would never ring"), (data | {"country": "XX"}, "No public holidays are known"),
                         (data | {"members": calendar.pk}, "its own hours twice")):  # fmt: skip
        refused = as_admin.post(url, wrong)
        assert (refused.status_code, words in refused.content.decode()) == (200, True), words
    assert calendar.current.number == 2


@pytest.mark.parametrize(
    ("kind", "opens", "words"), [("half_day", None, "Say when it opens"), ("holiday", "08:00", "closed all day")]
)
def test_hours_that_do_not_fit_a_day_are_refused_in_words(org, kind, opens, words):
    day = CalendarException(calendar=org.calendar, date="2026-12-24", kind=kind, name="Christmas Eve", opens=opens)
    with pytest.raises(ValidationError, match=words) as refused:
        day.full_clean()
    assert list(refused.value.message_dict) == ["opens"]


def test_a_published_policy_is_read_only_and_a_draft_needs_a_second_person(as_admin, org):
    row = PolicyTier.objects.filter(version=org.policy).first()
    page = as_admin.get(reverse("admin:policies_policyversion_change", args=[org.policy.pk]))
    assert f'value="{row.expertise}"' not in page.content.decode()
    changelist = reverse("admin:policies_policyversion_changelist")
    as_admin.post(changelist, {"action": "copy_as_draft", "_selected_action": org.policy.pk})
    draft = PolicyVersion.objects.get(state=PolicyState.DRAFT)
    assert draft.code == "2026.2"
    assert draft.tiers.count() == org.policy.tiers.count()
    mine = as_admin.post(changelist, {"action": "publish", "_selected_action": draft.pk}, follow=True)
    assert "second person" in mine.content.decode()
    as_admin.force_login(org.process_owner)
    as_admin.post(changelist, {"action": "publish", "_selected_action": draft.pk})
    draft.refresh_from_db()
    org.policy.refresh_from_db()
    assert (draft.state, org.policy.state) == (PolicyState.PUBLISHED, PolicyState.RETIRED)


def test_nobody_is_deleted_and_no_event_is_changed(as_admin, org):
    org.ticket()
    assert as_admin.post(reverse("admin:accounts_user_delete", args=[org.agent.pk]), {"post": "yes"}).status_code == 403
    event = Event.objects.first()
    assert as_admin.post(reverse("admin:journal_event_change", args=[event.pk]), {"kind": "other"}).status_code == 403
    assert User.objects.filter(pk=org.agent.pk).exists()


def test_a_customers_segment_reaches_its_open_tickets(as_admin, org):
    ticket = org.ticket()
    customer = org.customer
    page = as_admin.get(reverse("admin:escalations_customer_change", args=[customer.pk]))
    form = page.context["adminform"].form
    data = {name: form.initial.get(name) or "" for name in form.fields} | {
        "segment": "smb", "contacts-TOTAL_FORMS": 0, "contacts-INITIAL_FORMS": 0,
    }  # fmt: skip
    assert as_admin.post(page.request["PATH_INFO"], data).status_code == 302
    customer.refresh_from_db()
    ticket.refresh_from_db()
    assert (customer.segment, ticket.segment) == ("smb", "smb")
