"""The real settings, on the database of the measurement. What every page pays for alike is left as in production."""

import os
from pathlib import Path

# A developer's own database and broker are not for measuring; nor is what only a log's reader pays for.
for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "CELERY_BROKER_URL", "CACHE_URL", "EMAIL_URL", "DEBUG"):
    os.environ[name] = ""
os.environ["CACHE_URL"] = "locmemcache://"
os.environ.setdefault("LOG_LEVEL", "ERROR")

from config.settings import *  # noqa: E402, F403
from config.settings import BASE_DIR, VAR_DIR  # noqa: E402
from tests.bench.server import find  # noqa: E402

DATABASES = {
    "default": find(BASE_DIR).django_database() | {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True, "OPTIONS": {}}
}
ROOT_URLCONF = "tests.bench.urls"
BELAY_NOW = "tests.bench.scratch.now"
ALLOWED_HOSTS = ["testserver"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
MEDIA_ROOT = str(Path(VAR_DIR) / "bench" / "media")
# The names of static files are not looked up in a manifest: `make bench` needs no collectstatic before it.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True  # nothing is scanned beforehand
WHITENOISE_USE_FINDERS = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # nobody logs in by password
ACCOUNT_RATE_LIMITS = False
