"""Runs in django-helpdesk's own environment: makes its database ready, then creates tickets when told to.

Reads one number per line: so many tickets are created through the public page, one after the other, as gunicorn
would call the application. Answers with the median of their seconds. Nothing of Belay is imported here.
"""

import io
import json
import statistics
import sys
import time
from urllib.parse import urlencode

import django
from django.conf import settings
from django.urls import include, path

COOKIE = "b" * 32
BODY = "Nothing has arrived since we changed the key. Deliveries are signed with the old key id."


def configure(database):
    """As its documentation says, with production's middleware; mail is composed and stays in memory."""
    apps = ("admin", "auth", "contenttypes", "sessions", "messages", "staticfiles", "sites", "humanize")
    processors = ("template.context_processors.request", "contrib.auth.context_processors.auth",
                  "contrib.messages.context_processors.messages")  # fmt: skip
    settings.configure(
        DEBUG=False, SECRET_KEY="measured", ALLOWED_HOSTS=["testserver"], USE_TZ=True, SITE_ID=1, LANGUAGE_CODE="en-us",
         DEFAULT_AUTO_FIELD="django.db.models.AutoField", STATIC_URL="/static/",
        DATABASES={"default": database | {"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": None}},
        INSTALLED_APPS=[*(f"django.contrib.{name}" for name in apps), "rest_framework", "helpdesk"],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
        TEMPLATES=[{
            "BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
            "OPTIONS": {"context_processors": [f"django.{name}" for name in processors]},
        }],
        EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend", DEFAULT_FROM_EMAIL="desk@belay.example",
        HELPDESK_TEAMS_MODE_ENABLED=False,
        HELPDESK_PUBLIC_TICKET_PRIORITY=3, HELPDESK_PUBLIC_TICKET_DUE_DATE=None, LOGGING_CONFIG=None,
        SILENCED_SYSTEM_CHECKS=["fields.W342"],
    )  # fmt: skip
    django.setup()
    settings.ROOT_URLCONF = (path("", include("helpdesk.urls", namespace="helpdesk")),)


def make_ready():
    """Its tables, its mail templates, one queue that the public may write to. Returns the queue's id."""
    from django.core.management import call_command  # noqa: PLC0415
    from helpdesk.models import Queue  # noqa: PLC0415

    call_command("migrate", verbosity=0, interactive=False)
    call_command("loaddata", "emailtemplate.json", verbosity=0)
    queue, _ = Queue.objects.get_or_create(
        slug="desk", defaults={"title": "Desk", "allow_public_submission": True, "new_ticket_cc": "desk@belay.example"}
    )
    return queue.pk


def poster(queue):
    from django.core.wsgi import get_wsgi_application  # noqa: PLC0415

    application = get_wsgi_application()
    form = {"queue": queue, "title": "Webhook deliveries stop after key rotation", "body": BODY,
            "submitter_email": "hanna@customer.example", "csrfmiddlewaretoken": COOKIE}  # fmt: skip
    body = urlencode(form).encode()

    def post():
        environ = {
            "REQUEST_METHOD": "POST", "PATH_INFO": "/tickets/submit/", "QUERY_STRING": "", "SCRIPT_NAME": "",
            "SERVER_NAME": "testserver", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "testserver", "HTTP_COOKIE": f"csrftoken={COOKIE}", "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": "application/x-www-form-urlencoded", "wsgi.version": (1, 0), "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body), "wsgi.errors": sys.stderr, "wsgi.multithread": False,
            "wsgi.multiprocess": True, "wsgi.run_once": False,
        }  # fmt: skip
        told = []
        response = application(environ, lambda line, headers, *_: told.append(line))
        text = b"".join(response)
        response.close()
        if not told[0].startswith("302"):
            raise SystemExit(f"django-helpdesk answered {told[0]}: {text.decode()[:3000]}")

    return post


def main():
    configure(json.loads(sys.argv[1]))
    post = poster(make_ready())
    post()
    print("ready", flush=True)
    for line in sys.stdin:
        seconds = []
        for _ in range(int(line)):
            start = time.perf_counter()
            post()
            seconds.append(time.perf_counter() - start)
        print(statistics.median(seconds), flush=True)


if __name__ == "__main__":
    main()
