"""A ticket lived at random: everything people, time and the sweep can do to it, with what must hold after each step.

Run by tests/escalations/test_ticket_model.py (short) and tests/battery/test_ticket_model_battery.py (long).
"""

from collections import Counter
from datetime import date, timedelta
from typing import ClassVar

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from accounts.models import CalendarException, User
from accounts.services.calendars import calendar_revise
from escalations.choices import (
    WAITING_FOR_RECEIVER,
    WAITING_STATES,
    ClockState,
    EscalationState,
    TicketState,
)
from escalations.domain.clocks import Wait
from escalations.errors import NotAllowed, Overtaken, Refused
from escalations.models import Clock, Consult, Escalation, Hop, Pause, ReadBack
from escalations.services.answers import handoff_accept, handoff_acknowledge, handoff_return
from escalations.services.consults import consult_answer, consult_ask, consult_withdraw
from escalations.services.conversation import ticket_note, ticket_record_customer, ticket_reply
from escalations.services.follow_ups import follow_up_record
from escalations.services.handoffs import handoff_redirect, handoff_withdraw
from escalations.services.moves import ticket_de_escalate, ticket_transfer
from escalations.services.read_backs import Restated, read_back_confirm, read_back_correct, read_back_give
from escalations.services.resolutions import Feedback, ticket_close, ticket_reopen, ticket_resolve
from escalations.services.sweep import sweep
from escalations.services.taking_back import handoff_unacknowledge, ticket_unclose
from escalations.services.tickets import (
    ticket_assign,
    ticket_change_priority,
    ticket_resume,
    ticket_wait,
)
from escalations.services.warm import handoff_release
from journal import clock
from tests.bed.ticket_invariants import WhatMustHold
from tests.factories import NOON, Organisation

SAID_NO = (NotAllowed, Refused, Overtaken)

seconds = st.one_of(
    st.integers(1, 120), st.integers(120, 3 * 3600), st.integers(3 * 3600, 40 * 3600), st.sampled_from([900, 901, 3600])
)


class TicketLife(WhatMustHold):
    """Steps that are refused change nothing and are counted; whatever else is raised is a bug."""

    org: ClassVar[Organisation]
    tally: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.travel = clock.travel(NOON)
        self.time = self.travel.__enter__()
        self.people = [*self.org.people.values(), self.org.manager]
        self.closed_days = self.acts = 0

    def teardown(self) -> None:
        self.travel.__exit__(None, None, None)
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    # --- helpers ---------------------------------------------------------------------------------

    def try_to(self, what: str, act, **values) -> None:
        self.is_swept = False
        self.acts += 1
        try:
            with transaction.atomic():
                act(**values)
        except SAID_NO as error:
            self.tally[f"{what}: {type(error).__name__}"] += 1
        else:
            self.tally[what] += 1

    def holder(self, data: st.DataObject) -> User:
        """Mostly somebody who may, sometimes anybody."""
        ticket = self.ticket
        likely = [one for one in self.people if one.team_id == ticket.team_id]
        return data.draw(st.sampled_from([*likely * 5, self.org.manager, *self.people]), label="by")

    def receiver(self, escalation: Escalation, data: st.DataObject) -> User:
        likely = [one for one in self.people if one.team_id == escalation.to_team_id]
        return data.draw(st.sampled_from([*likely * 5, self.org.manager, *self.people]), label="by")

    def latest(self) -> Escalation | None:
        return Escalation.objects.select_related("to_team", "from_user").order_by("filed_at", "pk").last()

    def waits(self) -> bool:
        """A handoff waits. Now and then (every eighth act) what needs one is tried without."""
        return self.acts % 8 == 7 or bool(Escalation.objects.filter(state__in=WAITING_FOR_RECEIVER).exists())

    def is_free(self) -> bool:
        return self.acts % 8 == 7 or not Escalation.objects.filter(state__in=WAITING_FOR_RECEIVER).exists()

    # --- steps -----------------------------------------------------------------------------------

    @initialize(priority=st.integers(1, 4), owned=st.booleans())
    def open(self, priority: int, owned: bool) -> None:
        ticket = self.org.ticket(priority=priority)
        if owned and ticket.owner is None:
            member = User.objects.filter(team=ticket.team).order_by("pk").first()
            ticket_assign(ticket=ticket, by=self.org.manager, owner=member)
        self.time.forward(timedelta(milliseconds=3))  # nobody resolves it at the very instant

    @rule(by=seconds)
    def time_passes(self, by: int) -> None:
        self.time.forward(timedelta(seconds=by))
        self.is_swept = False

    @rule(after=st.sampled_from([-1, 0, 1]), which=st.integers(0, 3))
    def time_passes_to_a_deadline(self, after: int, which: int) -> None:
        """To a microsecond before the next deadline, to it, or past it."""
        at = [row.due_at for row in Clock.objects.filter(state=ClockState.RUNNING, due_at__gt=clock.now())]
        at += Escalation.objects.filter(ack_expires_at__gt=clock.now()).values_list("ack_expires_at", flat=True)
        at += Pause.objects.filter(review_at__gt=clock.now(), ended_at=None).values_list("review_at", flat=True)
        if at:
            aim = sorted(at)[which % len(at)] + timedelta(microseconds=after)
            self.time.to(max(aim, clock.now()))
            self.is_swept = False

    @rule()
    def sweep(self) -> None:
        sweep()
        again = sweep()
        assert (again.breached, again.expired, again.reviews, again.problems) == (0, 0, 0, 0)
        self.is_swept = True

    @precondition(lambda self: self.is_free())
    @rule(data=st.data(), to=st.sampled_from(["L2", "L3", "L4"]), promised=st.none() | seconds)
    def file(self, data: st.DataObject, to: str, promised: int | None) -> None:
        due = clock.now() + timedelta(seconds=promised) if promised else None
        by = self.holder(data)
        self.try_to("file", self.org.handoff, ticket=self.ticket, by=by, to=to, next_update_at=due)

    @precondition(lambda self: self.latest() is not None and self.waits())
    @rule(data=st.data())
    def acknowledge(self, data: st.DataObject) -> None:
        escalation = self.latest()
        self.try_to("acknowledge", handoff_acknowledge, escalation=escalation, by=self.receiver(escalation, data))

    @precondition(lambda self: self.latest() is not None and self.latest().state == EscalationState.ACKNOWLEDGED)
    @rule()
    def take_acknowledgement_back(self) -> None:
        escalation = self.latest()
        self.try_to(
            "unacknowledge", handoff_unacknowledge, escalation=escalation, by=escalation.acknowledged_by
        )  # fmt: skip

    @precondition(lambda self: self.latest() is not None and self.waits())
    @rule(data=st.data(), promised=st.none() | seconds, restates=st.integers(0, 7), warm=st.booleans())
    def accept(self, data: st.DataObject, promised: int | None, restates: int, warm: bool) -> None:
        escalation = self.latest()
        self.try_to(
            "accept", handoff_accept, escalation=escalation, by=self.receiver(escalation, data),
            estimated_resolution_at=clock.now() + timedelta(hours=2), needs_resources=False,
            next_update_at=clock.now() + timedelta(seconds=promised) if promised else None,
            read_back=Restated("As I see it", "I begin here") if restates else None, keep_sender=warm,
        )  # fmt: skip

    def is_accepted(self) -> bool:
        """Somebody has accepted. Now and then what needs that is tried without."""
        escalation = self.latest()
        return escalation is not None and (
            self.acts % 8 == 7 or Escalation.objects.filter(state=EscalationState.ACCEPTED).exists()
        )

    def newest(self) -> Escalation:
        return Escalation.objects.filter(accepted_at__isnull=False).order_by("-accepted_at").first() or self.latest()

    @precondition(lambda self: self.is_accepted())
    @rule(data=st.data(), act=st.sampled_from(["give", "confirm", "correct"]), by_sender=st.booleans())
    def read_back(self, data: st.DataObject, act: str, by_sender: bool) -> None:
        escalation = self.newest()
        by = data.draw(st.sampled_from([escalation.from_user, *self.people])) if by_sender else self.holder(data)
        number = max(ReadBack.objects.filter(escalation=escalation).count(), 1)
        match act:
            case "give":
                words = {"problem": "As I see it", "next_action": "I begin here"}
                self.try_to("read back", read_back_give, escalation=escalation, by=by, **words)
            case "confirm":
                self.try_to("confirm", read_back_confirm, escalation=escalation, by=by, round=number)
            case _:
                said = {"round": number, "correction": "Not quite"}
                self.try_to("correct", read_back_correct, escalation=escalation, by=by, **said)

    @precondition(lambda self: self.is_accepted())
    @rule(data=st.data(), ago=st.integers(0, 7200))
    def follow_up(self, data: st.DataObject, ago: int) -> None:
        at = clock.now() - timedelta(seconds=ago)
        values = {"escalation": self.newest(), "contacted_at": at, "channel": "phone"}
        self.try_to("follow up", follow_up_record, by=self.holder(data), **values)

    @precondition(lambda self: self.is_accepted())
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        self.try_to("release", handoff_release, escalation=self.newest(), by=self.holder(data))

    @rule(data=st.data(), named=st.booleans())
    def transfer(self, data: st.DataObject, named: bool) -> None:
        to = data.draw(st.sampled_from(self.people)) if named else None
        team = to.team if to is not None and to.team is not None else self.ticket.team
        values = {"to_team": team, "to_user": to, "note": "Yours"}
        self.try_to("transfer", ticket_transfer, ticket=self.ticket, by=self.holder(data), **values)

    @precondition(lambda self: self.acts % 8 > 3)
    @rule(data=st.data(), to=st.sampled_from([None, "L1", "L2", "L3"]), itself=st.booleans())
    def de_escalate(self, data: st.DataObject, to: str | None, itself: bool) -> None:
        by = None if itself else self.holder(data)
        values = {"reason": "other", "note": "Routine", "to_team": self.org.teams[to] if to else None}
        self.try_to("de-escalate", ticket_de_escalate, ticket=self.ticket, by=by, **values)

    @rule(data=st.data(), to=st.sampled_from(["L1", "L2", "L3", "L4"]))
    def ask(self, data: st.DataObject, to: str) -> None:
        values = {"to_team": self.org.teams[to], "to_user": None, "question": "Is it known?"}
        self.try_to("ask", consult_ask, ticket=self.ticket, by=self.holder(data), **values)

    @precondition(lambda self: Consult.objects.exists())
    @rule(data=st.data(), back=st.booleans())
    def answer_question(self, data: st.DataObject, back: bool) -> None:
        consult, by = Consult.objects.select_related("to_team").latest("asked_at"), self.holder(data)
        if back:
            return self.try_to("take back", consult_withdraw, consult=consult, by=by)
        asked = [one for one in self.people if one.team_id == consult.to_team_id]
        by = data.draw(st.sampled_from([*asked * 3, by]))
        self.try_to("answer", consult_answer, consult=consult, by=by, answer="Yes")

    @precondition(lambda self: self.latest() is not None and self.waits())
    @rule(data=st.data())
    def send_back(self, data: st.DataObject) -> None:
        escalation = self.latest()
        self.try_to(
            "return", handoff_return, escalation=escalation, by=self.receiver(escalation, data),
            reason="no_next_step", note="What first?",
        )  # fmt: skip

    @precondition(lambda self: self.latest() is not None and self.waits())
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        self.try_to("withdraw", handoff_withdraw, escalation=self.latest(), by=self.holder(data), note="Found it.")

    @precondition(lambda self: self.latest() is not None and self.waits())
    @rule(data=st.data(), to=st.sampled_from(["L2", "L3", "L4"]))
    def redirect(self, data: st.DataObject, to: str) -> None:
        self.try_to(
            "redirect", handoff_redirect, escalation=self.latest(), by=self.holder(data),
            to_team=self.org.teams[to], to_user=None, note="Better there.",
        )  # fmt: skip

    @rule(data=st.data(), wait=st.sampled_from([Wait.CUSTOMER, Wait.VENDOR]), review=seconds)
    def wait(self, data: st.DataObject, wait: Wait, review: int) -> None:
        self.try_to(
            "wait", ticket_wait, ticket=self.ticket, by=self.holder(data), wait=wait, reason="Example asked for",
            review_at=clock.now() + timedelta(seconds=review),
        )  # fmt: skip

    @precondition(lambda self: self.acts % 8 == 7 or self.ticket.state in WAITING_STATES)
    @rule(data=st.data())
    def resume(self, data: st.DataObject) -> None:
        self.try_to("resume", ticket_resume, ticket=self.ticket, by=self.holder(data))

    @rule(data=st.data(), priority=st.integers(1, 4))
    def priority(self, data: st.DataObject, priority: int) -> None:
        self.try_to(
            "priority", ticket_change_priority, ticket=self.ticket, by=self.holder(data), priority=priority,
            reason="Seen anew",
        )  # fmt: skip

    @rule(data=st.data(), nobody=st.booleans())
    def assign(self, data: st.DataObject, nobody: bool) -> None:
        by = self.holder(data)
        self.try_to("assign", ticket_assign, ticket=self.ticket, by=by, owner=None if nobody else by)

    @rule(data=st.data(), promised=st.none() | seconds)
    def reply(self, data: st.DataObject, promised: int | None) -> None:
        due = clock.now() + timedelta(seconds=promised) if promised else None
        self.try_to(
            "reply", ticket_reply, ticket=self.ticket, by=self.holder(data), body="We look.", next_update_at=due
        )

    @rule(data=st.data())
    def customer_writes(self, data: st.DataObject) -> None:
        self.try_to(
            "customer", ticket_record_customer, ticket=self.ticket, by=self.holder(data), body="Well?", channel="email"
        )

    @precondition(lambda self: self.acts % 8 == 0)
    @rule(data=st.data())
    def note(self, data: st.DataObject) -> None:
        self.try_to("note", ticket_note, ticket=self.ticket, by=self.holder(data), body="Log read.")

    @precondition(lambda self: self.acts % 8 > 5)
    @rule(data=st.data())
    def resolve(self, data: st.DataObject) -> None:
        self.try_to(
            "resolve", ticket_resolve, ticket=self.ticket, by=self.holder(data), root_cause="configuration",
            what_was_done="Put right.", feedback=Feedback(rating=4, was_necessary=True),
        )  # fmt: skip

    @precondition(lambda self: not self.ticket.is_open)
    @rule(data=st.data())
    def reopen(self, data: st.DataObject) -> None:
        last = Hop.objects.latest("span").span
        self.try_to("reopen", ticket_reopen, ticket=self.ticket, by=self.holder(data), reason="Came back")
        if self.ticket.is_open:
            self.unheld.append((last.upper, clock.now()))

    @precondition(lambda self: not self.ticket.is_open)
    @rule(data=st.data())
    def close(self, data: st.DataObject) -> None:
        self.try_to("close", ticket_close, ticket=self.ticket, by=self.holder(data))

    @precondition(lambda self: self.ticket.state == TicketState.CLOSED)
    @rule(data=st.data())
    def take_closing_back(self, data: st.DataObject) -> None:
        self.try_to("unclose", ticket_unclose, ticket=self.ticket, by=self.holder(data))

    @precondition(lambda self: self.closed_days < 3)
    @rule(day=st.integers(0, 4))
    def calendar_changes(self, day: int) -> None:
        when: date = (clock.now() + timedelta(days=day)).date()
        if CalendarException.objects.filter(calendar=self.org.calendar, date=when).exists():
            return
        self.closed_days += 1
        CalendarException.objects.create(calendar=self.org.calendar, date=when, name="Company day")
        calendar_revise(calendar=self.org.calendar, by=None)
        self.is_swept = False
