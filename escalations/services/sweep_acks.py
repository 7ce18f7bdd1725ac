"""Acknowledged, but neither accepted nor returned in time: waiting again, and told again (product.md, Decisions)."""

from datetime import datetime

from django.db.models import F, Max

from accounts.calendars import current_revisions, working_calendar
from accounts.models import CalendarRevision
from escalations.choices import ClockKind, EscalationState
from escalations.domain import clocks as core
from escalations.models import Clock, Escalation
from escalations.services.breaches import LATE_AFTER
from escalations.services.sweep_sql import Done, mail_expired
from journal.models import Event
from policies.selectors import policy_of


def expire_acknowledgements(ids: list[int], *, now: datetime, until: datetime) -> Done:
    """Put the escalations of these locked tickets back to pending whose acknowledgement ended before `until`.

    A further round of the receiver's clock starts at `now`, since only now are they told. Constant statements.
    """
    expired = list(
        Escalation.objects.filter(ticket__in=ids, state=EscalationState.ACKNOWLEDGED, ack_expires_at__lt=until)
        .select_related("ticket", "to_tier", "to_team", "acknowledged_by")
        .order_by("ack_expires_at", "pk")
    )
    if not expired:
        return Done()
    pks = [one.pk for one in expired]
    Escalation.objects.filter(pk__in=pks).update(
        state=EscalationState.PENDING, acknowledged_at=None, acknowledged_by=None, ack_expires_at=None,
        version=F("version") + 1,
    )  # fmt: skip
    _start_again(expired, now)
    Event.objects.bulk_create([_event(one, now) for one in expired])
    ends = [one.ack_expires_at or now for one in expired]
    mails = mail_expired(zip(pks, ends, strict=True), now=now).mails
    late = sum(now - end > LATE_AFTER for end in ends)
    return Done(tuple(one.ticket_id for one in expired), len(expired), late, mails)


def _start_again(expired: list[Escalation], now: datetime) -> None:
    """A further round of the acknowledgement clock for each, under the policy that the escalation cites."""
    tickets = [one.ticket_id for one in expired]
    rounds = dict(
        Clock.objects.filter(ticket__in=tickets, kind=ClockKind.ACKNOWLEDGEMENT)
        .order_by()
        .values_list("ticket_id")
        .annotate(last=Max("round"))
    )
    revisions = current_revisions({one.to_team.calendar_id for one in expired})
    rows = [_clock(one, rounds.get(one.ticket_id, 0) + 1, revisions, now) for one in expired]
    Clock.objects.bulk_create([row for row in rows if row is not None])


def _clock(escalation: Escalation, round: int, revisions: dict[int, CalendarRevision], now: datetime) -> Clock | None:
    policy = policy_of(escalation.policy_version_id)
    tier = policy.tier(escalation.to_tier.code)
    if tier.ack_seconds is None:
        return None
    rule = core.calendar_rule(
        ClockKind.ACKNOWLEDGEMENT,
        around_the_clock=policy.severity(escalation.ticket.priority).runs_around_the_clock,
    )
    revision = None if rule == core.CalendarRule.ALWAYS else revisions[escalation.to_team.calendar_id]
    record = core.start(
        ClockKind.ACKNOWLEDGEMENT, now=now, budget=tier.ack_seconds, calendar=working_calendar(revision), round=round
    )
    return Clock(
        ticket_id=escalation.ticket_id, escalation=escalation, kind=record.kind, round=record.round,
        tier=escalation.to_tier, policy_version_id=escalation.policy_version_id, clause=f"tier.{tier.code}.ack",
        calendar_revision=revision, budget=record.budget, started_at=record.started_at, due_at=record.due_at,
    )  # fmt: skip


def _event(escalation: Escalation, now: datetime) -> Event:
    end = escalation.ack_expires_at or now
    return Event(
        subject_type="ticket",
        subject_id=escalation.ticket_id,
        kind="handoff.ack_expired",
        occurred_at=now,
        data={
            "escalation": escalation.pk,
            "to_team": str(escalation.to_team),
            "acknowledged_by": str(escalation.acknowledged_by),
            "expired_at": end.isoformat(),
            "late": now - end > LATE_AFTER,
        },
    )
