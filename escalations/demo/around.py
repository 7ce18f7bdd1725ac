"""What goes on around the demo's acceptances: read-backs, senders who stay, follow-ups, questions, ways back down."""

from datetime import datetime, timedelta

from accounts.models import User
from escalations.demo.live import Scene
from escalations.demo.world import World
from escalations.models import Consult, Escalation
from escalations.services.answers import handoff_accept
from escalations.services.consults import consult_answer, consult_ask
from escalations.services.follow_ups import follow_up_record
from escalations.services.moves import ticket_de_escalate, ticket_transfer
from escalations.services.read_backs import read_back_confirm, read_back_correct, read_back_give
from escalations.services.warm import handoff_release

QUESTIONS = (
    "Do retries keep the old key id after a rotation? I would rather not hand it over for a yes or no.",
    "Is there a limit on rows per export that we do not document? They hit one at exactly the same row every night.",
    "They ask whether the fix of last week is on their site already. How do I see that?",
    "Was the limit on rows of an export lifted with the release of March?",
)
ANSWERS = (
    "Yes, for an hour. Ask them to wait until then, or force a refresh under Keys, Refresh all.",
    "There was one until March. Tell them to split by month; if it still stops, hand it to me.",
)


class Around(Scene):
    """A scene that goes on after somebody has accepted."""

    def person(self, username: str) -> User:
        return User.objects.select_related("team__tier").get(username=username)

    def take_over(self, minutes_later: float, by: str, *, keeps: bool = False) -> "Around":
        words = self.read_back
        estimate = self.now + timedelta(hours=self.rng.randrange(2, 9))
        self._at(
            minutes_later,
            lambda: handoff_accept(
                escalation=self.escalation, by=self.person(by), estimated_resolution_at=estimate,
                needs_resources=False, read_back=words, keep_sender=keeps,
            ),
        )  # fmt: skip
        return self

    def confirm(self, minutes_later: float, by: str, *, round: int = 1) -> "Around":
        person = self.person(by)
        self._at(minutes_later, lambda: read_back_confirm(escalation=self.escalation, by=person, round=round))
        return self

    def correct(self, minutes_later: float, by: str, words: str) -> "Around":
        person = self.person(by)
        self._at(
            minutes_later, lambda: read_back_correct(escalation=self.escalation, by=person, round=1, correction=words)
        )
        return self

    def restate(self, minutes_later: float, by: str, problem: str, action: str) -> "Around":
        person = self.person(by)
        self._at(
            minutes_later,
            lambda: read_back_give(escalation=self.escalation, by=person, problem=problem, next_action=action),
        )
        return self

    def release(self, minutes_later: float, by: str) -> "Around":
        person = self.person(by)
        self._at(minutes_later, lambda: handoff_release(escalation=self.escalation, by=person))
        return self

    def phone(self, minutes_later: float, by: str, note: str) -> "Around":
        """A call made elsewhere, recorded some minutes after it."""
        person = self.person(by)
        self._at(minutes_later, lambda: None)
        called = max(
            self.at - timedelta(minutes=4), Escalation.objects.get(pk=self.escalation.pk).accepted_at or self.at
        )
        self._at(
            0,
            lambda: follow_up_record(
                escalation=self.escalation, by=person, contacted_at=called, channel="phone", note=note
            ),
        )
        return self

    def ask(self, minutes_later: float, by: str, *, team: str, person: str = "", question: str = "") -> "Around":
        asker, target = self.person(by), self.person(person) if person else None
        words = question or QUESTIONS[0]
        self._at(
            minutes_later,
            lambda: consult_ask(
                ticket=self.ticket, by=asker, to_team=self.world.teams[team], to_user=target, question=words
            ),
        )
        return self

    def answer(self, minutes_later: float, by: str, words: str) -> "Around":
        person, consult = self.person(by), Consult.objects.filter(ticket=self.ticket).latest("asked_at")
        self._at(minutes_later, lambda: consult_answer(consult=consult, by=person, answer=words))
        return self

    def lower(self, minutes_later: float, reason: str, note: str) -> "Around":
        holder = self.holder
        self._at(minutes_later, lambda: ticket_de_escalate(ticket=self.ticket, by=holder, reason=reason, note=note))
        return self

    def pass_on(self, minutes_later: float, *, team: str, person: str, note: str) -> "Around":
        holder, target = self.holder, self.person(person)
        self._at(
            minutes_later,
            lambda: ticket_transfer(
                ticket=self.ticket, by=holder, to_team=self.world.teams[team], to_user=target, note=note
            ),
        )
        return self


def tell_around(world: World, now: datetime) -> int:
    """Something in every state for the documented logins. Returns how many tickets it opened."""
    told: list[Around] = []

    def scene(minutes_ago: float, priority: int, name: str, team: str) -> Around:
        told.append(Around(world, now, minutes_ago=minutes_ago, priority=priority, name=name, team=team))
        return told[-1]

    # Ines has taken over from Tomasz: he confirms, has corrected, has confirmed; she releases him.
    up = scene(75, 3, "Sandry & Poole", "delta").assign("tomasz").reply(8)
    up.hand_over(20, to="integrations")
    up.take_over(9, "ines", keeps=True)
    up = scene(130, 3, "Hexmoor Studios", "delta").assign("tomasz").reply(8)
    up.hand_over(25, to="integrations")
    up.take_over(7, "ines").correct(6, "tomasz", "Only new accounts are affected, not all of them. The rest is right.")
    up = scene(190, 3, "Crovane Systems", "delta").assign("tomasz").reply(8)
    up.hand_over(30, to="integrations")
    up.take_over(6, "ines", keeps=True).correct(5, "tomasz", "It began on Monday, before the release.")
    up.restate(4, "ines", "It began on Monday, before the release.", "Compare Monday’s change log with their setup.")
    up.confirm(3, "tomasz", round=2).phone(12, "ines", "Reached them; they know that it is with me.").release(9, "ines")
    # Priya and Jonas further up: a follow-up that is late, one met by a reply.
    up = scene(420, 2, "Luntwick Media", "integrations").assign("ines").reply(30)
    up.hand_over(60, to="platform")
    up.take_over(20, "priya").confirm(10, "ines")
    up = scene(600, 2, "Mirabeck Health", "platform").assign("priya").reply(30)
    up.hand_over(60, to="product")
    up.take_over(25, "jonas").confirm(9, "priya")
    up.reply(14)
    # Questions: to Ines’ team, to Priya herself, and an answer that Tomasz has not read.
    scene(48, 3, "Brayling Foods", "delta").assign("katja").reply(9)
    told[-1].ask(12, "katja", team="integrations", question=QUESTIONS[2])
    scene(66, 3, "Tolvane Retail", "delta").assign("tomasz").reply(9)
    told[-1].ask(14, "tomasz", team="integrations").answer(19, "noor", ANSWERS[0])
    scene(160, 2, "Ardenvale Mutual", "integrations").assign("ines").reply(35)
    told[-1].ask(30, "ines", team="platform", person="priya", question=QUESTIONS[1])
    told[-1].ask(20, "ines", team="product", question=QUESTIONS[3]).answer(25, "jonas", ANSWERS[1])
    # Back down to Tomasz, and up again: he sees what was done the first time.
    down = scene(900, 3, "Oskerby Energy", "delta").assign("tomasz").reply(9)
    down.hand_over(30, to="integrations")
    down.take_over(8, "ines").confirm(6, "tomasz").reply(20)
    down.lower(
        90, "workaround_confirmed", "They use the manual upload until the release. Only the closing call is left."
    )
    again = scene(1100, 3, "Pellworth Freight", "delta").assign("tomasz").reply(9)
    again.hand_over(30, to="integrations")
    again.take_over(8, "ines").confirm(6, "tomasz").reply(20)
    again.lower(90, "solution_known", "Cache purged; deliveries arrive. Watch it for a day.")
    again.hear(400)
    again.hand_over(30, to="integrations")
    # Between teams of one tier: there and back again.
    there = scene(240, 3, "Sandry & Poole", "delta").assign("leila").reply(9)
    there.pass_on(30, team="harbor", person="grace", note="They sit in Boston and answer in the afternoon.")
    there.pass_on(40, team="delta", person="tomasz", note="Their new contact is in Krakow and asks for somebody there.")
    return len(told)
