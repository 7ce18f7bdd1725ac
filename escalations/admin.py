"""Customers. Tickets are worked on their pages: here their visibility would not hold."""

from django.contrib import admin

from accounts.admin import KeptAdmin
from escalations.models import Contact, Customer


class ContactInline(admin.TabularInline):
    model = Contact
    fields = ("name", "title", "email", "phone")
    extra = 0
    can_delete = False


@admin.register(Customer)
class CustomerAdmin(KeptAdmin):
    list_display = ("name", "segment", "is_vip", "region", "time_zone", "success_manager")
    list_filter = ("segment", "is_vip", "region")
    list_select_related = ("region", "success_manager")
    search_fields = ("name", "external_id")
    autocomplete_fields = ("success_manager",)
    exclude = ("batch",)
    inlines = (ContactInline,)
