"""The record, to look things up in. Nothing here can be changed, and the database would refuse it."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from journal import clock
from journal.models import Batch, Event, Heartbeat, OutboxMessage


class ReadOnlyAdmin(admin.ModelAdmin):
    """A table that is the record: looked at here, never changed."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        return False


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("occurred_at", "kind", "subject_type", "subject_id", "actor")
    list_filter = ("subject_type",)
    search_fields = ("=kind", "=subject_id")
    list_select_related = ("actor",)
    show_full_result_count = False


@admin.register(OutboxMessage)
class OutboxMessageAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "recipient", "subject", "state", "attempts", "sent_at", "last_error")
    list_filter = ("state", "channel")
    search_fields = ("recipient", "dedupe_key")
    show_full_result_count = False
    actions = ("send_again",)

    @admin.action(description="Try dead-lettered messages again", permissions=["view"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[OutboxMessage]) -> None:
        count = queryset.filter(state=OutboxMessage.State.DEAD).update(
            state=OutboxMessage.State.PENDING, attempts=0, next_attempt_at=clock.now(), lease_until=None
        )
        self.message_user(request, f"{count} messages are tried again.", messages.INFO)


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    list_display = ("name", "beat_at")


@admin.register(Batch)
class BatchAdmin(ReadOnlyAdmin):
    list_display = ("id", "kind", "state", "created_by", "created_at")
