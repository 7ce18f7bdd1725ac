"""Policy drafts and lists. A published version is only looked at; the database would refuse anything else."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin import KeptAdmin
from policies.choices import PickListName, PolicyState
from policies.domain.policy import PolicyInvalid
from policies.models import (
    AuthorityRule,
    ContractTarget,
    Delegation,
    PickItem,
    PolicyTier,
    PolicyVersion,
    ResponseTarget,
    Severity,
)
from policies.selectors import pick_choices
from policies.services.versions import version_copy, version_publish


class DraftInline(admin.TabularInline):
    """Rows of a version, open while it is a draft."""

    extra = 0

    def _is_draft(self, version: PolicyVersion | None) -> bool:
        return version is None or version.state == PolicyState.DRAFT

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_add_permission(request, obj) and self._is_draft(obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and self._is_draft(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and self._is_draft(obj)


class TierInline(DraftInline):
    model = PolicyTier


class SeverityInline(DraftInline):
    model = Severity


class ResponseInline(DraftInline):
    model = ResponseTarget


class ContractInline(DraftInline):
    model = ContractTarget


class AuthorityInline(DraftInline):
    model = AuthorityRule

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "action":
            return forms.ChoiceField(choices=[("", "---------"), *pick_choices(PickListName.AUTHORITY)])
        return super().formfield_for_dbfield(db_field, request, **kwargs)


@admin.register(PolicyVersion)
class PolicyVersionAdmin(admin.ModelAdmin):
    list_display = ("code", "title", "state", "created_by", "created_at", "published_by", "published_at")
    list_filter = ("state",)
    list_select_related = ("created_by", "published_by")
    search_fields = ("code", "title", "note")
    fields = ("code", "title", "note", "state", "base", "created_by", "published_by", "published_at", "retired_at")
    inlines = (TierInline, SeverityInline, ResponseInline, ContractInline, AuthorityInline)
    actions = ("publish", "copy_as_draft")

    def get_readonly_fields(self, request: HttpRequest, obj: PolicyVersion | None = None) -> tuple[str, ...]:
        record = ("state", "base", "created_by", "published_by", "published_at", "retired_at")
        return record if obj is None or obj.state == PolicyState.DRAFT else (*record, "code", "title", "note")

    def has_delete_permission(self, request: HttpRequest, obj: PolicyVersion | None = None) -> bool:
        return super().has_delete_permission(request, obj) and obj is not None and obj.state == PolicyState.DRAFT

    def save_model(self, request: HttpRequest, obj: PolicyVersion, form: Any, change: bool) -> None:
        if not change:
            obj.created_by = request.user  # type: ignore[assignment]
        super().save_model(request, obj, form, change)

    @admin.action(description="Publish the draft (by a second person)")
    def publish(self, request: HttpRequest, queryset: QuerySet[PolicyVersion]) -> None:
        for version in queryset:
            try:
                version_publish(version=version, by=request.user)  # type: ignore[arg-type]
            except PolicyInvalid as error:
                for problem in error.problems:
                    self.message_user(request, f"{version.code}: {problem}", messages.ERROR)
            else:
                self.message_user(request, f"Policy {version.code} is in force.", messages.SUCCESS)

    @admin.action(description="Copy as a new draft")
    def copy_as_draft(self, request: HttpRequest, queryset: QuerySet[PolicyVersion]) -> None:
        for version in queryset:
            draft = version_copy(version=version, by=request.user)  # type: ignore[arg-type]
            self.message_user(request, f"Draft {draft.code} made from {version.code}.", messages.SUCCESS)


@admin.register(PickItem)
class PickItemAdmin(KeptAdmin):
    list_display = ("label", "list", "code", "position", "minutes", "is_active")
    list_editable = ("position", "is_active")
    list_filter = ("list", "is_active")
    search_fields = ("label", "code")
    ordering = ("list", "position")

    def get_readonly_fields(self, request: HttpRequest, obj: PickItem | None = None) -> tuple[str, ...]:
        return () if obj is None else ("list", "code")


@admin.register(Delegation)
class DelegationAdmin(admin.ModelAdmin):
    """A record of who lent whom what. Made and ended on its own page, where the rules of lending are kept."""

    list_display = ("delegator", "delegate", "starts_at", "ends_at", "limit", "created_by", "ended_by")
    list_filter = ("starts_at",)
    list_select_related = ("delegator", "delegate", "created_by", "ended_by")
    search_fields = ("delegator__full_name", "delegate__full_name", "reason")
    date_hierarchy = "starts_at"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Delegation | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Delegation | None = None) -> bool:
        return False
