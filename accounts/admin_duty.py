"""Skills and what tiers need of them, managed here; duty, absences and ratings looked at: pages change those."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from accounts.models import Absence, DutyShift, DutySwap, Skill, SkillRating, SkillTarget
from journal.admin import ReadOnlyAdmin

CODES = "Codes of the pick list, separated by commas, such as: integration, bug"


class TargetInline(admin.TabularInline):
    model = SkillTarget
    extra = 0
    verbose_name_plural = "What tiers need"


class SkillForm(forms.ModelForm):
    class Meta:
        model = Skill
        fields = ("code", "name", "issue_types", "product_areas", "position", "is_active")
        help_texts = {"issue_types": CODES, "product_areas": CODES}


@admin.register(Skill)
class SkillAdmin(admin.ModelAdmin):
    """A skill with its targets. Taken out of use, never deleted: ratings cite it."""

    form = SkillForm
    list_display = ("name", "code", "asked_by", "rated_people", "position", "is_active")
    list_editable = ("position",)
    list_filter = ("is_active",)
    search_fields = ("name", "code")
    ordering = ("position", "name")
    inlines = (TargetInline,)
    fieldsets = (
        (None, {"fields": ("name", "code", "is_active", "position")}),
        (
            "Who is suggested for it",
            {"fields": ("issue_types", "product_areas"), "description": "What a ticket has to ask for the skill."},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Skill]:
        return super().get_queryset(request).annotate(rated=Count("ratings__user", distinct=True))

    def get_readonly_fields(self, request: HttpRequest, obj: Skill | None = None) -> tuple[str, ...]:
        return ("code",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="asked for by")
    def asked_by(self, skill: Skill) -> str:
        return ", ".join([*skill.issue_types, *skill.product_areas]) or "nothing yet"

    @admin.display(description="people rated", ordering="rated")
    def rated_people(self, skill: Skill) -> int:
        return skill.rated  # type: ignore[attr-defined]


@admin.register(SkillTarget)
class SkillTargetAdmin(admin.ModelAdmin):
    list_display = ("tier", "skill", "dimension", "level", "people")
    list_filter = ("tier", "skill", "dimension")
    list_select_related = ("tier", "skill")


@admin.register(SkillRating)
class SkillRatingAdmin(ReadOnlyAdmin):
    """People are rated on the expertise page, where the rating before is kept."""

    list_display = ("user", "skill", "dimension", "level", "rated_by", "rated_at")
    list_filter = ("skill", "dimension", "level", "user__team")
    list_select_related = ("user", "skill", "rated_by")
    search_fields = ("user__full_name", "user__username", "skill__name")
    date_hierarchy = "rated_at"


@admin.register(DutyShift)
class DutyShiftAdmin(ReadOnlyAdmin):
    """Shifts are planned on the rota of their team, which tells people and keeps the history."""

    list_display = ("team", "user", "role", "starts_at", "ends_at", "planned_for", "note")
    list_filter = ("team", "role")
    list_select_related = ("team", "user", "planned_for")
    search_fields = ("user__full_name", "user__username", "uid", "note")
    date_hierarchy = "starts_at"


@admin.register(DutySwap)
class DutySwapAdmin(ReadOnlyAdmin):
    list_display = ("asked_at", "asked_by", "offered_to", "shift", "in_return", "state", "answered_at")
    list_filter = ("state", "shift__team")
    list_select_related = (
        "asked_by", "offered_to", "shift__user", "shift__team", "in_return__user", "in_return__team",
    )  # fmt: skip
    search_fields = ("asked_by__full_name", "offered_to__full_name")


@admin.register(Absence)
class AbsenceAdmin(ReadOnlyAdmin):
    """Absences are entered on their page, by the person or who plans their duty."""

    list_display = ("user", "starts_at", "ends_at", "covered_by", "note", "created_by", "cancelled_at")
    list_filter = ("user__team",)
    list_select_related = ("user", "covered_by", "created_by")
    search_fields = ("user__full_name", "covered_by__full_name")
    date_hierarchy = "starts_at"
