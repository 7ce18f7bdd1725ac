"""The settings under test: the real ones, on a throw-away database, with nothing that waits."""

import os
import tempfile
from pathlib import Path

# Before the real settings are read: a developer's own database and broker are not for tests.
for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "CELERY_BROKER_URL", "CACHE_URL", "EMAIL_URL", "DEBUG"):
    os.environ[name] = ""
os.environ["CACHE_URL"] = "locmemcache://"
os.environ.setdefault("LOG_LEVEL", "WARNING")
os.environ.setdefault("LOG_FORMAT", "console")

from config.settings import *  # noqa: E402, F403
from config.settings import BASE_DIR, INSTALLED_APPS  # noqa: E402
from tests.bed import server  # noqa: E402

DATABASES = {"default": server.find(BASE_DIR).django_database() | {"CONN_MAX_AGE": 0, "OPTIONS": {}}}

DEBUG = False
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
MEDIA_ROOT = Path(tempfile.gettempdir()) / "belay-test-media"  # tests/conftest.py gives each session its own
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
# pytest-django's live server serves static files only when it sees the app under its own name.
INSTALLED_APPS = ["django.contrib.staticfiles" if app == "config.apps.StaticFiles" else app for app in INSTALLED_APPS]
# Tests log in hundreds of times from one address; tests of the limits set their own.
ACCOUNT_RATE_LIMITS = False
CELERY_TASK_ALWAYS_EAGER = False
# Counted anew for every page, so that no test sees the number of one before.
BELAY_DESK_COUNT_SECONDS = 0
