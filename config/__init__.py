"""Wiring only: settings, URLs, Celery and its schedule, WSGI, the embedded database."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
