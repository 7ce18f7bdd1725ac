"""How gunicorn serves Belay: `gunicorn config.wsgi --config config/gunicorn.py`."""

import os

from config import processes

processes.follow_supervisor()

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
timeout = 60  # seconds; above the database's statement_timeout for web, so that pages fail with words
graceful_timeout = 5  # seconds; well inside the supervisor's patience
keepalive = 5
max_requests = 10_000
max_requests_jitter = 1_000
errorlog = "-"
loglevel = os.environ.get("LOG_LEVEL", "info").lower()
# One socket in the user's home for all checkouts would be fought over.
control_socket_disable = True
