"""Django's own apps, configured."""

from django.contrib.admin.apps import AdminConfig
from django.contrib.staticfiles.apps import StaticFilesConfig


class StaticFiles(StaticFilesConfig):
    """Static files without source maps: nobody debugs the vendored files in production."""

    # Of htmx only the core is used; its extensions import it by a name that only bundlers know.
    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "*.map", "*.md", "ext", "htmax-*"]


class Admin(AdminConfig):
    default_site = "config.admin.BelayAdminSite"
