"""The outbox sends what is due, once, with its key; it survives failures, hostile text and senders that die."""

import smtplib
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from journal import clock, outbox
from journal.models import Heartbeat, OutboxMessage
from journal.outbox import ATTEMPTS, LEASE, Delivery, build_mail, deliver_due, message_id, one_line
from journal.services import outbox_put

pytestmark = pytest.mark.django_db
State = OutboxMessage.State


@pytest.fixture
def now():
    """Rows get their times from the database, so the clock starts a little after its time."""
    with clock.travel(clock.now() + timedelta(seconds=5)) as traveller:
        yield traveller


def put(key: str = "event:1:ada@belay.example:email", **values) -> OutboxMessage:
    values = {"recipient": "ada@belay.example", "subject": "BLY-1 waits", "body": "Text.\n"} | values
    outbox_put(key=key, **values)
    return OutboxMessage.objects.get(dedupe_key=key)


class Broken(EmailBackend):
    """Refuses with the error it was given."""

    error: Exception = smtplib.SMTPServerDisconnected("gone")
    on_open: Exception | None = None

    def open(self):
        if self.on_open:
            raise self.on_open

    def send_messages(self, messages):
        raise self.error


@pytest.fixture
def broken(monkeypatch):
    monkeypatch.setattr(Broken, "error", Broken.error)
    monkeypatch.setattr(Broken, "on_open", None)
    monkeypatch.setattr(outbox, "get_connection", Broken)
    return Broken


def test_a_message_goes_out_once_with_its_key(now):
    row = put()
    put()  # the same event again
    assert str(deliver_due()) == "1 messages sent"
    assert deliver_due() == Delivery()
    (sent,) = mail.outbox
    assert sent.to == ["ada@belay.example"]
    assert sent.extra_headers["X-Belay-Key"] == row.dedupe_key
    assert sent.extra_headers["Message-ID"] == message_id(row.dedupe_key)
    row.refresh_from_db()
    assert (row.state, row.attempts, row.lease_until) == (State.SENT, 1, None)
    assert row.sent_at == clock.now()
    assert Heartbeat.objects.filter(name="outbox").exists()


def test_the_longest_waiting_goes_first_and_no_more_than_asked_for(now):
    for number in range(4):
        put(f"event:{number}", subject=f"Message {number}")
    assert deliver_due(limit=3).sent == 3
    assert [one.subject for one in mail.outbox] == ["Message 0", "Message 1", "Message 2"]
    assert deliver_due(seconds=-1).sent == 0
    assert deliver_due(should_stop=lambda: True).sent == 0


def test_what_is_no_longer_wanted_is_not_sent(now, monkeypatch):
    monkeypatch.setattr(outbox, "_checks", {})
    outbox.register_check("thing", lambda message, wanted: wanted["thing"] == 7)
    gone, wanted = put("a", wanted_while={"thing": 8}), put("b", wanted_while={"thing": 7, "other": 1})
    done = deliver_due()
    assert (done.sent, done.cancelled) == (1, 1)
    gone.refresh_from_db()
    wanted.refresh_from_db()
    assert (gone.state, wanted.state) == (State.CANCELLED, State.SENT)


def test_a_failing_message_is_tried_ever_more_slowly_and_then_given_up(now, broken):
    row = put()
    waits = []
    for _ in range(ATTEMPTS):
        row.refresh_from_db()
        assert row.state == State.PENDING
        now.to(max(row.next_attempt_at, clock.now()))
        deliver_due()
        row.refresh_from_db()
        waits.append((row.next_attempt_at - clock.now()).total_seconds() / 60)
        assert deliver_due() == Delivery()
    assert waits[:-1] == [1, 2, 4, 8, 16, 32, 64, 128, 240]
    assert (row.state, row.attempts) == (State.DEAD, ATTEMPTS)
    assert "SMTPServerDisconnected: gone" in row.last_error
    assert outbox.retry_dead(now=clock.now()) == 1
    row.refresh_from_db()
    assert (row.state, row.attempts) == (State.PENDING, 0)


@pytest.mark.parametrize(
    "error",
    [
        smtplib.SMTPRecipientsRefused({"ada@belay.example": (550, b"no such user")}),
        smtplib.SMTPDataError(554, b"refused"),
        ValueError("a header with a line break"),
    ],
)
def test_what_the_server_will_never_take_is_given_up_at_once(now, broken, error):
    broken.error = error
    row = put()
    assert deliver_due().dead == 1
    row.refresh_from_db()
    assert row.state == State.DEAD


@pytest.mark.parametrize(
    "error",
    [
        smtplib.SMTPRecipientsRefused({"ada@belay.example": (450, b"busy")}),
        smtplib.SMTPDataError(451, b"later"),
        TimeoutError("slow"),
    ],
)
def test_what_may_go_later_is_kept(now, broken, error):
    broken.error = error
    put()
    assert deliver_due().postponed == 1


def test_a_server_that_cannot_be_reached_costs_one_message_a_run(now, broken):
    broken.on_open = ConnectionRefusedError("nobody listens")
    for number in range(3):
        put(f"event:{number}")
    assert deliver_due().postponed == 1
    assert OutboxMessage.objects.filter(attempts=0).count() == 2


def test_one_bad_message_does_not_hold_up_the_others(now):
    put("bad", recipient="ada@belay.example, eve@elsewhere.example")
    put("good")
    done = deliver_due()
    assert (done.sent, done.dead) == (1, 1)


def test_a_sender_that_died_leaves_its_message_to_the_next_after_the_lease(now):
    put()
    assert outbox._claim() is not None  # and dies
    assert deliver_due().sent == 0
    now.forward(LEASE + timedelta(microseconds=1))
    assert deliver_due().sent == 1


def test_a_sender_that_was_too_slow_does_not_overwrite_who_came_after(now):
    put()
    slow = outbox._claim()
    now.forward(LEASE + timedelta(seconds=1))
    assert deliver_due().sent == 1
    outbox._postpone(slow, TimeoutError("slow"), Delivery())
    assert OutboxMessage.objects.get().state == State.SENT


@pytest.mark.parametrize(
    "subject",
    [
        "Hello\r\nBcc: eve@elsewhere.example",
        "Hello\nX-Other: 1",
        "Hello\x0bthere\x00",
        "Hello\u2028Bcc: eve@elsewhere.example",
        "Hello\x85Bcc: eve@elsewhere.example",
    ],
)
def test_nobody_adds_a_header_through_a_subject(subject):
    message = OutboxMessage(dedupe_key=f"key:{subject}", recipient="ada@belay.example", subject=subject, body="Text.")
    sent = build_mail(message).message()
    assert set(sent.keys()) == {
        "Content-Type", "MIME-Version", "Content-Transfer-Encoding", "Subject", "From", "To", "Date", "Message-ID",
        "X-Belay-Key",
    }  # fmt: skip
    assert len(one_line(subject).splitlines()) == 1


@pytest.mark.parametrize(
    "recipient",
    ["", "nobody", "ada@belay.example, eve@elsewhere.example", "ada@belay.example\nBcc: eve@elsewhere.example",
     "Ada <ada@belay.example>"],
)  # fmt: skip
def test_only_one_plain_address_is_written_to(recipient):
    with pytest.raises(outbox.Undeliverable):
        build_mail(OutboxMessage(dedupe_key="key", recipient=recipient, subject="Hello", body="Text."))


def test_the_same_key_is_the_same_message_wherever_it_is_sent(settings):
    settings.DEFAULT_FROM_EMAIL = "Belay <belay@support.example>"
    assert message_id("a") == message_id("a") != message_id("b")
    assert message_id("a").endswith("@support.example>")
