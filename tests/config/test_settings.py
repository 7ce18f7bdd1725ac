"""What the environment decides, and what nobody may forget."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

ROOT = Path(__file__).resolve().parents[2]
NAMES = "DEBUG SECRET_KEY SESSION_COOKIE_SECURE SECURE_SSL_REDIRECT CELERY_BROKER_URL EMBEDDED_DATABASE"
SHOW = f"""
import json, sys
from config import embedded
embedded.Cluster.hold = lambda self: sys.exit("importing the settings started something")
from config import settings
print(json.dumps({{name: getattr(settings, name) for name in {NAMES.split()!r}}} | {{
    "user": settings.DATABASES["default"]["USER"],
    "options": settings.DATABASES["default"]["OPTIONS"],
}}))
"""
FOREIGN = {"DATABASE_URL": "postgres://app:x@db/belay", "DATABASE_OWNER_URL": "postgres://owner:x@db/belay"}


def read_settings(**environment: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **environment}
    command = [sys.executable, "-c", SHOW]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def test_without_an_environment_it_is_safe_and_needs_nothing():
    found = json.loads(read_settings().stdout)

    assert found["EMBEDDED_DATABASE"] is True
    assert found["DEBUG"] is False
    assert len(found["SECRET_KEY"]) >= 50
    assert found["user"] == "belay_app"
    assert found["options"] == {}
    assert found["CELERY_BROKER_URL"] == "filesystem://localhost//"


def test_a_database_of_one_s_own_needs_a_key_of_one_s_own():
    done = read_settings(**FOREIGN)

    assert done.returncode != 0
    assert "SECRET_KEY must be set" in done.stderr


@pytest.mark.parametrize(("as_owner", "user"), [("false", "app"), ("true", "owner")])
def test_the_owner_is_used_only_when_asked_for(as_owner: str, user: str):
    done = read_settings(SECRET_KEY="k", BELAY_DATABASE_AS_OWNER=as_owner, **FOREIGN)

    assert json.loads(done.stdout)["user"] == user


def test_a_page_does_not_wait_for_ever():
    found = json.loads(read_settings(BELAY_PROCESS="web").stdout)

    assert "statement_timeout" in found["options"]["options"]
    assert "lock_timeout" in found["options"]["options"]


def test_https_makes_cookies_secure():
    found = json.loads(read_settings(HTTPS="true").stdout)

    assert found["SESSION_COOKIE_SECURE"] is True
    assert found["SECURE_SSL_REDIRECT"] is True


def test_the_content_security_policy_allows_nothing_inline(client: Client):
    sent = client.get("/livez")["Content-Security-Policy"]
    directives = {part.split()[0]: part.split()[1:] for part in sent.split("; ")}

    assert directives["default-src"] == ["'none'"]
    assert directives["script-src"] == directives["style-src"] == ["'self'"]
    assert directives["img-src"] == ["'self'", "data:"]
    assert {"form-action", "base-uri", "frame-ancestors"} <= set(directives)
    assert "unsafe" not in sent


@pytest.mark.django_db
def test_nobody_signs_up(client: Client):
    response = client.post(reverse("account_signup"), {"username": "new", "email": "n@example.com"})

    assert response.templates[0].name.startswith("account/signup_closed")


@pytest.mark.django_db
def test_the_admin_has_no_login_of_its_own(client: Client):
    response = client.get(reverse("admin:login"))

    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))


def test_uploads_are_not_served_by_url():
    assert settings.MEDIA_URL in ("", "/")
