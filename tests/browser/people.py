"""Logging in without the login page, and logging out behind a page's back."""

from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from playwright.sync_api import Page

from accounts.models import User


def signed_in(page: Page, live_server: object, user: User) -> Page:
    """The page, with a session of `user`. Another person's session is replaced."""
    client = Client()
    client.force_login(user)
    page.context.clear_cookies()
    page.context.add_cookies(
        [
            {
                "name": settings.SESSION_COOKIE_NAME,
                "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
                "url": str(live_server),
            }
        ]
    )
    return page


def end_sessions() -> None:
    """What the end of a shift does to every open page."""
    Session.objects.all().delete()
