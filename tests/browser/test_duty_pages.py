"""The pages of duty and expertise as their people see them: nothing axe finds serious, nothing wider than a phone."""

from datetime import timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from accounts.choices import Dimension, DutyRole, Level
from accounts.models import DutyShift, Skill, SkillRating, SkillTarget, User
from accounts.services.absences import absence_create
from accounts.services.rota import shift_create
from accounts.services.skills import skill_rate
from accounts.services.swaps import swap_ask
from accounts.shipped import load_skills
from journal import clock
from tests.browser.fits import assert_pages_fit
from tests.browser.people import signed_in
from tests.factories import Organisation

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = timedelta(hours=1)


def a_rota(org: Organisation) -> DutyShift:
    """Somebody on duty now, a backup, a swap asked, an absence over a shift, somebody who left, a gap or two."""
    now, team = clock.now(), org.teams["L2"]
    shift_create(team=team, by=org.manager, user=org.receiver, starts_at=now, ends_at=now + 5 * HOUR)
    shift_create(
        team=team, by=org.manager, user=org.people["l2_second"], starts_at=now, ends_at=now + 9 * HOUR,
        role=DutyRole.BACKUP,
    )  # fmt: skip
    coming = shift_create(
        team=team, by=org.manager, user=org.receiver, starts_at=now + 30 * HOUR, ends_at=now + 40 * HOUR, note="Late"
    )
    swap_ask(shift=coming, by=org.receiver, offered_to=org.people["l2_second"], note="A day at the dentist’s.")
    gone = org.people["l3_first"]
    shift_create(team=team, by=org.manager, user=gone, starts_at=now + 10 * HOUR, ends_at=now + 20 * HOUR)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    absence_create(user=org.receiver, by=org.receiver, starts_at=now + 29 * HOUR, ends_at=now + 50 * HOUR, note="Away")
    return coming


def ratings(org: Organisation) -> Skill:
    load_skills()
    for place, skill in enumerate(Skill.objects.all()):
        for number, person in enumerate((org.receiver, org.people["l2_second"])):
            for dimension in Dimension:
                level = (place + number) % 5
                row = SkillRating(user=person, skill=skill, dimension=dimension, level=level, rated_at=clock.now())
                row.save()
    skill = Skill.objects.get(code="webhooks")
    skill_rate(user=org.receiver, skill=skill, by=org.manager, levels={Dimension.TECHNICAL: Level.ALONE})
    assert SkillTarget.objects.exists()
    return skill


def pages(org: Organisation, shift: DutyShift, skill: Skill) -> list[tuple[User, str]]:
    code = org.teams["L2"].code

    def of(name: str, *args: object) -> str:
        return reverse(f"accounts:{name}", args=args)

    return [
        (org.receiver, of("rota_list")),
        (org.manager, of("rota_detail", code)),
        (org.people["l2_second"], of("rota_detail", code)),
        (org.agent, of("rota_month", code)),
        (org.manager, of("rota_pattern", code)),
        (org.manager, of("rota_import", code)),
        (org.manager, of("shift_create", code)),
        (org.receiver, of("shift_detail", shift.pk)),
        (org.receiver, of("swap_create", shift.pk)),
        (org.manager, of("shift_cover", shift.pk)),
        (org.manager, of("shift_delete", shift.pk)),
        (org.manager, of("absence_list") + "?of=all"),
        (org.manager, of("absence_create")),
        (org.manager, of("expertise_list") + "?tier=L2"),
        (org.receiver, of("expertise_list") + "?tier=L1"),
        (org.manager, of("expertise_detail", org.receiver.pk)),
        (org.manager, of("rating_change", org.receiver.pk, skill.code)),
    ]


def test_duty_pages(page: Page, live_server, transactional_db):
    org = Organisation()
    assert_pages_fit(page, live_server, pages(org, a_rota(org), ratings(org)))


def test_a_pattern_from_the_gap_to_the_week_without_a_mouse(page: Page, live_server, transactional_db):
    """Planned as people plan it: preview, write, see the week."""
    org = Organisation()
    signed_in(page, live_server, org.manager)
    page.goto(live_server.url + reverse("accounts:rota_pattern", args=[org.teams["L2"].code]))
    page.get_by_role("button", name="Preview pattern").press("Enter")
    page.get_by_role("button", name="Write 4 rows").press("Enter")
    page.get_by_text("Written: 4 new").wait_for()

    assert DutyShift.objects.count() == 4
