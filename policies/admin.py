"""Policy drafts and lists. A published version is only looked at; the database would refuse anything else."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.options import InlineModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect

from accounts.admin import KeptAdmin
from accounts.errors import Overtaken
from journal.admin import ReadOnlyAdmin
from policies.admin_forms import GroupAdminForm, RowAdminForm, changed_words, is_open
from policies.choices import PickListName, PolicyState
from policies.domain.policy import PolicyInvalid
from policies.models import (
    AcceptedFinding,
    AuthorityRule,
    Commitment,
    ContractTarget,
    Delegation,
    MessageTemplate,
    Overflow,
    PickItem,
    PolicyTier,
    PolicyVersion,
    Pool,
    Publication,
    ResponseTarget,
    Severity,
    Trigger,
    TriggerGroup,
)
from policies.sections import SECTIONS, section_key
from policies.selectors import pick_choices
from policies.services.drafts import Changed, draft_create, draft_delete, draft_note, hold_draft
from policies.services.rows import row_name
from policies.services.versions import version_publish


class DraftRows(InlineModelAdmin):
    """Rows of a version, open while it is a draft. Folded: a version has more than a hundred."""

    extra = 0
    form = RowAdminForm
    classes = ("collapse",)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field is not None and db_field.name != "version":
            field.choices = list(field.choices)  # asked once, not once a row
        return field

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        related = next((one.related for one in SECTIONS if one.model is self.model), ())
        rows = super().get_queryset(request)
        return rows.select_related(*related) if related else rows

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(field, forms.ModelChoiceField):  # tiers, teams and roles are made on their own pages
            for name in ("can_add_related", "can_change_related", "can_delete_related", "can_view_related"):
                setattr(field.widget, name, False)
        return field

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_add_permission(request, obj) and is_open(obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and is_open(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and is_open(obj)


class DraftInline(DraftRows, admin.TabularInline):
    """Short rows, one below the other."""


class LongInline(DraftRows, admin.StackedInline):
    """Rows with more fields than a line holds."""


class TierInline(LongInline):
    model = PolicyTier


class SeverityInline(LongInline):
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


class PoolInline(DraftInline):
    model = Pool


class OverflowInline(DraftInline):
    model = Overflow


class TemplateInline(LongInline):
    model = MessageTemplate


class CommitmentInline(DraftInline):
    model = Commitment


class AcceptedInline(DraftInline):
    model = AcceptedFinding


class Recorded(admin.ModelAdmin):
    """Saves as the studio does: under the draft's lock, each changed row counted and recorded."""

    def draft_behind(self, obj: Any) -> PolicyVersion:
        return obj

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and is_open(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and obj is not None and is_open(obj)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except Overtaken as error:
            self.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(request.path)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        # Locked before anything is written: what was published a moment ago is refused in words.
        draft = hold_draft(self.draft_behind(form.instance)) if formset.has_changed() else None
        formset.save()
        if draft is None:
            return
        for row in formset.deleted_objects:
            self._note(request, draft, row, "removed", [])
        for row in formset.new_objects:
            self._note(request, draft, row, "added", [])
        made = {one.instance.pk: one for one in formset.forms}
        for row, _ in formset.changed_objects:
            self._note(request, draft, row, "changed", changed_words(made[row.pk]))

    def _note(self, request: HttpRequest, draft: PolicyVersion, row: Any, how: str, changes: Changed) -> None:
        draft_note(
            version=draft, by=request.user, section=section_key(row), row=row.pk or 0, name=row_name(row), how=how,
            changes=changes,
        )  # fmt: skip


@admin.register(PolicyVersion)
class PolicyVersionAdmin(Recorded):
    list_display = ("code", "title", "state", "created_by", "created_at", "published_by", "published_at")
    list_filter = ("state",)
    list_select_related = ("created_by", "published_by")
    search_fields = ("code", "title", "note", "triggers__name", "pools__name", "templates__name", "commitments__text")
    fields = ("code", "title", "note", "state", "base", "created_by", "published_by", "published_at", "retired_at")
    inlines = (
        TierInline, SeverityInline, ResponseInline, ContractInline, AuthorityInline, PoolInline, OverflowInline,
        TemplateInline, CommitmentInline, AcceptedInline,
    )  # fmt: skip
    actions = ("publish", "copy_as_draft")

    readonly_fields = ("state", "base", "created_by", "published_by", "published_at", "retired_at")

    def save_model(self, request: HttpRequest, obj: PolicyVersion, form: Any, change: bool) -> None:
        if not change:
            obj.created_by = request.user  # type: ignore[assignment]
        elif obj.state == PolicyState.DRAFT:
            obj.edit = hold_draft(obj).edit
        super().save_model(request, obj, form, change)
        if change and form.changed_data:
            self._note(request, hold_draft(obj), obj, "changed", changed_words(form))

    def delete_model(self, request: HttpRequest, obj: PolicyVersion) -> None:
        draft_delete(version=obj, by=request.user)  # type: ignore[arg-type]

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
            draft = draft_create(version=version, by=request.user)  # type: ignore[arg-type]
            self.message_user(request, f"Draft {draft.code} made from {version.code}.", messages.SUCCESS)


class GroupInline(DraftInline):
    """The groups of a trigger with their conditions as lines: `fact operator value`, the value as JSON."""

    model = TriggerGroup
    form = GroupAdminForm
    fields = ("position", "join", "lines")
    classes = ()


@admin.register(Trigger)
class TriggerAdmin(Recorded):
    list_display = ("name", "version", "kind", "action", "position", "is_active")
    list_filter = ("version", "kind", "action", "is_active")
    list_select_related = ("version",)
    search_fields = ("name", "key", "note", "version__code")
    ordering = ("-version__created_at", "-version", "position")
    form = RowAdminForm
    inlines = (GroupInline,)

    def draft_behind(self, obj: Trigger) -> PolicyVersion:
        return obj.version

    def get_readonly_fields(self, request: HttpRequest, obj: Trigger | None = None) -> tuple[str, ...]:
        return () if obj is None else ("version", "key")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "version":
            kwargs["queryset"] = PolicyVersion.objects.filter(state=PolicyState.DRAFT).defer("snapshot")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Trigger, form: Any, change: bool) -> None:
        draft = hold_draft(obj.version)
        super().save_model(request, obj, form, change)
        self._note(request, draft, obj, "changed" if change else "added", changed_words(form) if change else [])

    def delete_model(self, request: HttpRequest, obj: Trigger) -> None:
        draft = hold_draft(obj.version)
        super().delete_model(request, obj)
        self._note(request, draft, obj, "removed", [])


@admin.register(Publication)
class PublicationAdmin(ReadOnlyAdmin):
    """Publications that were set for later: made and called off in the studio, where the draft is looked at."""

    list_display = ("version", "effective_at", "state", "by", "decided_at", "settled_at", "problem")
    list_filter = ("state",)
    list_select_related = ("version", "by")
    search_fields = ("version__code", "by__full_name", "problem")


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
class DelegationAdmin(ReadOnlyAdmin):
    """A record of who lent whom what. Made and ended on its own page, where the rules of lending are kept."""

    list_display = ("delegator", "delegate", "starts_at", "ends_at", "limit", "created_by", "ended_by")
    list_filter = ("starts_at",)
    list_select_related = ("delegator", "delegate", "created_by", "ended_by")
    search_fields = ("delegator__full_name", "delegate__full_name", "reason")
    date_hierarchy = "starts_at"
