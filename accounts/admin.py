"""People, teams, tiers and calendars, managed completely from here."""

from typing import Any

from allauth.account import admin as allauth_admin
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from accounts import admin_duty  # noqa: F401 (it registers its tables)
from accounts.choices import Ability
from accounts.domain.calendar_errors import InvalidCalendar
from accounts.domain.calendar_spec import Hours, check_hours
from accounts.models import (
    Calendar,
    CalendarException,
    CalendarHours,
    CalendarRevision,
    Region,
    Role,
    Team,
    Tier,
    User,
)  # fmt: skip
from accounts.services.calendars import NEVER_OPENS, calendar_revise, members_problem, stretch
from journal.admin import ReadOnlyAdmin

# Roles grant abilities; Django's groups would be a second way of saying the same.
admin.site.unregister(Group)
# A person's address stands on the person; allauth's table of addresses would be a second one.
admin.site.unregister(allauth_admin.EmailAddress)


class KeptAdmin(admin.ModelAdmin):
    """Configuration that records refer to: changed and taken out of use here, never deleted."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    list_display = ("full_name", "username", "role", "team", "region", "time_zone", "is_active")
    list_filter = ("is_active", "role", "team__tier", "team", "region")
    list_select_related = ("role", "team", "region")
    search_fields = ("full_name", "username", "email")
    ordering = ("full_name",)
    autocomplete_fields = ("team",)
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password", "is_active")}),
        ("Person", {"fields": ("full_name", "email", "time_zone", "theme")}),
        ("Work", {"fields": ("role", "team", "region", "capacity")}),
        ("Record", {"classes": ("collapse",), "fields": ("is_superuser", "last_login", "date_joined")}),
    )
    readonly_fields = ("last_login", "date_joined")
    add_fieldsets = (
        (None, {"fields": ("username", "full_name", "email", "password1", "password2")}),
        ("Work", {"fields": ("role", "team", "region", "time_zone", "capacity")}),
    )

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        # People leave; what they did stays theirs. Taking `active` away is how they go.
        return False


@admin.register(Role)
class RoleAdmin(KeptAdmin):
    list_display = ("name", "code", "rank", "abilities_words", "people")
    search_fields = ("name", "code")
    ordering = ("rank",)

    @admin.display(description="may")
    def abilities_words(self, role: Role) -> str:
        return ", ".join(Ability(ability).label for ability in role.abilities)

    @admin.display(description="people")
    def people(self, role: Role) -> int:
        return role.people  # type: ignore[attr-defined]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Role]:
        return super().get_queryset(request).annotate(people=Count("users"))

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "abilities":
            return forms.TypedMultipleChoiceField(
                choices=Ability.choices, coerce=str, required=False, widget=forms.CheckboxSelectMultiple
            )
        return super().formfield_for_dbfield(db_field, request, **kwargs)


@admin.register(Region)
class RegionAdmin(KeptAdmin):
    list_display = ("name", "code")
    search_fields = ("name", "code")


@admin.register(Tier)
class TierAdmin(KeptAdmin):
    list_display = ("code", "name", "rank")
    search_fields = ("code", "name")
    ordering = ("rank",)


@admin.register(Team)
class TeamAdmin(KeptAdmin):
    list_display = ("name", "tier", "region", "lead", "calendar", "is_vendor", "is_active")
    list_filter = ("is_active", "tier", "region", "is_vendor")
    list_select_related = ("tier", "region", "lead", "calendar")
    search_fields = ("name", "code")
    autocomplete_fields = ("lead",)


class HoursFormSet(forms.BaseInlineFormSet):
    """The week as a whole: hours of one day do not overlap, and there are some."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        weekly: dict[str, list[Hours]] = {}
        for form in self.forms:
            row = form.cleaned_data
            if row and not row.get("DELETE"):
                day = CalendarHours.WEEKDAYS[row["weekday"]][1]
                weekly.setdefault(day, []).append(stretch(row["opens"], row["closes"]))
        for day, hours in weekly.items():
            try:
                check_hours(hours, day)
            except InvalidCalendar as error:
                raise ValidationError(f"{day}: {error.message}.") from None
        if not weekly and not self.instance.always_open and not self.data.getlist("members"):
            raise ValidationError(NEVER_OPENS)


class HoursInline(admin.TabularInline):
    model = CalendarHours
    formset = HoursFormSet
    extra = 0


class ExceptionInline(admin.TabularInline):
    model = CalendarException
    extra = 0


class CalendarForm(forms.ModelForm):
    class Meta:
        model = Calendar
        fields = ("code", "name", "time_zone", "always_open", "country", "subdivision", "members")

    def clean_members(self) -> Any:
        members = self.cleaned_data["members"]
        problem = members_problem(self.instance.code or "", [one.code for one in members])
        if problem:
            raise ValidationError(problem)
        return members


@admin.register(Calendar)
class CalendarAdmin(KeptAdmin):
    """Saving freezes a new revision; the sweep then moves the running clocks to it."""

    form = CalendarForm
    list_display = ("name", "code", "time_zone", "country", "always_open")
    list_filter = ("always_open", "country")
    search_fields = ("name", "code")
    filter_horizontal = ("members",)
    inlines = (HoursInline, ExceptionInline)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        revision = calendar_revise(calendar=form.instance, by=request.user)
        self.message_user(request, f"Revision {revision.number} is in force.", messages.INFO)


@admin.register(CalendarRevision)
class CalendarRevisionAdmin(ReadOnlyAdmin):
    list_display = ("calendar", "number", "created_at", "created_by", "superseded_at", "clocks_moved_at")
    list_filter = ("calendar",)
    list_select_related = ("calendar", "created_by")
    search_fields = ("calendar__name", "calendar__code", "created_by__full_name")
