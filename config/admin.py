"""The administration site: open by ability, not by Django's staff flag."""

from django.contrib.admin import AdminSite
from django.http import HttpRequest


class BelayAdminSite(AdminSite):
    site_header = site_title = "Belay administration"
    index_title = "Configuration"

    def has_permission(self, request: HttpRequest) -> bool:
        return request.user.is_authenticated and request.user.may_configure
