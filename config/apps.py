"""Django's own apps, configured."""

from django.contrib.staticfiles.apps import StaticFilesConfig


class StaticFiles(StaticFilesConfig):
    """Static files without source maps: nobody debugs the vendored files in production."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "*.map", "*.md"]
