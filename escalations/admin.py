"""Customers. Tickets are worked on their pages: here their visibility would not hold."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.admin import KeptAdmin
from escalations.models import Contact, Customer, SweepProblem
from escalations.services.customers import customer_change
from journal.admin import ReadOnlyAdmin


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
    exclude = ("batch", "version", "source", "external_id")
    inlines = (ContactInline,)

    def save_model(self, request: HttpRequest, obj: Customer, form: Any, change: bool) -> None:
        """Through the service, which carries segment, VIP and region to the open tickets."""
        if not change:
            super().save_model(request, obj, form, change)
            return
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        customer_change(by=request.user, customer=obj, version=obj.version, changes=changes)  # type: ignore[arg-type]


@admin.register(SweepProblem)
class SweepProblemAdmin(ReadOnlyAdmin):
    """Tickets that the sweep cannot work through. By reference only: who may read them is decided on their pages."""

    list_display = ("ref", "attempts", "first_failed_at", "next_try_at", "error")
    list_select_related = ("ticket",)
    fields = ("ref", "attempts", "first_failed_at", "next_try_at", "error")
    readonly_fields = fields

    @admin.display(description="Ticket")
    def ref(self, problem: SweepProblem) -> str:
        return problem.ticket.ref
