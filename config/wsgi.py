"""What a web server runs: `gunicorn config.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

from config import processes

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("BELAY_PROCESS", "web")

application = get_wsgi_application()
processes.hold_database()
