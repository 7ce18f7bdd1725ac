"""The designer's interview as a process owner goes through it: the preview follows, nothing typed is lost."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.shipped import load_skills
from journal import clock
from journal.models import Draft
from policies.demo_designer import load_interview
from policies.domain.presets import Preset
from policies.models import PolicyVersion
from policies.services.interviews import ORDER, interview_start
from tests.browser.fits import DESK, assert_pages_fit
from tests.browser.people import end_sessions, signed_in
from tests.factories import Organisation

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def org(transactional_db) -> Organisation:
    organisation = Organisation()
    load_skills()
    return organisation


def test_from_the_studio_to_a_draft(page: Page, live_server, org):
    signed_in(page, live_server, org.process_owner)
    page.set_viewport_size(DESK)
    page.goto(live_server.url + reverse("policies:version_list"))
    page.get_by_role("link", name="Design a policy").click()
    page.get_by_role("button", name=re.compile("E-commerce")).click()
    for place in range(1, len(ORDER)):
        page.get_by_text(f"Step {place} of {len(ORDER)}").wait_for()
        page.get_by_role("button", name="Next", exact=True).last.click()
    page.get_by_label("Orders from this value on").fill("900")
    preview = page.get_by_label("The policy that follows")
    expect(preview).to_contain_text("$900", timeout=10_000)
    expect(page.get_by_label("Orders from this value on")).to_be_focused()
    page.get_by_role("button", name="To the policy").click()
    page.get_by_role("button", name="Make draft").click()
    page.get_by_text("Nothing in force has changed.").first.wait_for()

    assert PolicyVersion.objects.get(state="draft").triggers.filter(key="express").exists()
    assert not Draft.objects.filter(form__startswith="designer:").exists()


def test_an_ended_session_takes_nothing(page: Page, live_server, org):
    interview_start(by=org.process_owner, preset=Preset.GENERAL)
    signed_in(page, live_server, org.process_owner)
    page.goto(live_server.url + reverse("policies:designer_step", args=[1, "severity"]))
    end_sessions()
    page.get_by_label("Definition").first.fill("Nobody can order")
    page.get_by_text("your session has ended").first.wait_for(timeout=10_000)
    signed_in(page, live_server, org.process_owner)
    page.reload()

    expect(page.get_by_label("Definition").first).to_have_value("Nobody can order")


def test_every_step_for_everybody(page: Page, live_server, org):
    load_interview(by=org.process_owner, now=clock.now())
    paths = [reverse("policies:designer"), reverse("policies:designer_end", args=[1])]
    paths += [reverse("policies:designer_step", args=[1, step]) for step in ORDER]
    assert_pages_fit(page, live_server, [(org.process_owner, path) for path in paths])
