"""Every setting of Belay. What differs between installations comes from the environment (`.env.example`).

Importing this module starts nothing: without `DATABASE_URL` it only works out where the embedded
PostgreSQL would listen. The entry points start it (`config.processes`).
"""

from pathlib import Path
from typing import Any

import environ
from csp.constants import NONE, SELF

from config import embedded, local, logs
from config.celery import settings_for as celery_settings

BASE_DIR = Path(__file__).resolve().parent.parent
# Everything that Belay writes for itself lives here; nothing in it is part of the code.
STATE_DIR = BASE_DIR / ".belay"
VAR_DIR = BASE_DIR / "var"

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

# --- The database ---------------------------------------------------------------------------------
# Two roles: the application's owns nothing, so it cannot switch off what guards the record;
# the owner's runs migrations (docs/decisions/0003). `manage.py migrate` asks for the owner.
DATABASE_URL = env.str("DATABASE_URL", "")
EMBEDDED_DATABASE = not DATABASE_URL
DATABASE_AS_OWNER = env.bool("BELAY_DATABASE_AS_OWNER", False)
PROCESS = env.str("BELAY_PROCESS", "command")

if EMBEDDED_DATABASE:
    DATABASE = embedded.locate(BASE_DIR).django_database(owner=DATABASE_AS_OWNER)
else:
    DATABASE = env.db_url_config(env.str("DATABASE_OWNER_URL", DATABASE_URL) if DATABASE_AS_OWNER else DATABASE_URL)

# Seconds a connection is kept; checked before it is used again.
DATABASE["CONN_MAX_AGE"] = env.int("DATABASE_CONN_MAX_AGE", 60)
DATABASE["CONN_HEALTH_CHECKS"] = True
DATABASE.setdefault("OPTIONS", {})
if PROCESS == "web" and env.bool("DATABASE_TIMEOUTS", True):
    # A page that waits longer than this helps nobody; commands and workers may take their time.
    DATABASE["OPTIONS"]["options"] = (
        "-c statement_timeout=20s -c lock_timeout=5s -c idle_in_transaction_session_timeout=60s"
    )
DATABASES = {"default": DATABASE}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Who may talk to us ---------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", False)
SECRET_KEY = env.str("SECRET_KEY", "") or local.secret_key(STATE_DIR, allowed=EMBEDDED_DATABASE)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# True where browsers reach Belay over TLS: secure cookies, HSTS, redirect from http.
HTTPS = env.bool("HTTPS", False)
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", 0)

# --- What Belay is made of ------------------------------------------------------------------------
INSTALLED_APPS = [
    "web",
    "journal",
    "accounts",
    "policies",
    "escalations",
    "config.apps.Admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "config.apps.StaticFiles",
    "django.contrib.postgres",
    "django.forms",
    "allauth",
    "allauth.account",
    "django_htmx",
    "django_filters",
    "django_structlog",
    "pgtrigger",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "web.middleware.FetchRedirect",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "web.middleware.LoginRequired",
    "web.middleware.PersonZone",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
FORM_RENDERER = "web.forms.BelayRenderer"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "web.context.shell",
            ],
        },
    },
]

# --- Pages ----------------------------------------------------------------------------------------
BELAY_NOW = "journal.clock.now"  # the clock that pages are shown by
# Every page shows the number of what needs somebody now; for so many seconds it is not counted anew.
BELAY_DESK_COUNT_SECONDS = env.int("BELAY_DESK_COUNT_SECONDS", 15)
BELAY_DEMO = env.bool("BELAY_DEMO", False)  # lists the demo organisation's logins under the login form
BELAY_STYLE_PAGE = env.bool("BELAY_STYLE_PAGE", DEBUG)  # /style/ shows every component

# --- Language, time -------------------------------------------------------------------------------
LANGUAGE_CODE = "en-us"
USE_I18N = True
TIME_ZONE = "UTC"
USE_TZ = True

# --- People and sessions --------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.BelayBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {"login": "web.login.LoginForm"}
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
# The same words whether an account exists or not, and no mail to addresses nobody here has.
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Belay] "
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "reset_password": "20/m/ip,5/m/key",
    "change_password": "5/m/user",
}
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES

SESSION_COOKIE_AGE = 14 * 60 * 60  # seconds: a long shift
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = False  # static/js reads it to sign htmx requests
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = HTTPS
CSRF_FAILURE_VIEW = "web.errors.csrf_failure"

# --- Security headers -----------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "font-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]  # probes speak plain http from inside
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
if HTTPS and TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- Files ----------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Uploads are never served by a web server: a view checks who asks (escalations).
MEDIA_ROOT = env.path("MEDIA_ROOT", str(VAR_DIR / "media")).root
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024  # bytes of a form without its files
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage" if DEBUG else "web.storage.StaticStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG

# --- Cache (rate limits live in it, so all processes must share it) --------------------------------
CACHES = {"default": env.cache_url("CACHE_URL", f"filecache://{STATE_DIR / 'cache'}")}

# --- Mail -----------------------------------------------------------------------------------------
# Where people reach Belay: links in mails start with it.
PUBLIC_URL = env.str("PUBLIC_URL", "http://localhost:8000").rstrip("/")
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "Belay <belay@localhost>")
EMAIL_TIMEOUT = 10
if env.str("EMAIL_URL", ""):
    vars().update(env.email_url("EMAIL_URL"))
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = VAR_DIR / "mail"

# --- Background work: hints, never facts -----------------------------------------------------------
vars().update(celery_settings(env.str("CELERY_BROKER_URL", ""), STATE_DIR / "broker"))

# --- Logs -----------------------------------------------------------------------------------------
LOG_FORMAT = env.str("LOG_FORMAT", "console" if DEBUG else "json")
LOGGING_CONFIG = None
LOGGING = logs.configure(log_format=LOG_FORMAT, level=env.str("LOG_LEVEL", "INFO"))
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
