"""The second half of the designer's questions: customers, promises, money, and where work goes."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django import forms
from django.utils.text import slugify

from policies.domain.answers import Answers, ExpressAnswer, LaneAnswer, OverflowAnswer, PoolAnswer, SegmentAnswer
from policies.domain.presets import MOST_POOLS
from policies.forms.designer import StepForm, pick_field, ticks_field
from policies.forms.fields import MoneyField, SpanField

ALL_OTHERS = "All other customers"
MOST_WORDS, LONGEST_WORD = 30, 60


class SegmentsForm(StepForm):
    title = "Customers"
    lead = "Which customers there are, and for whom more was promised."
    writes = ("contract.*", "trigger.premium*", "trigger.order_waits")

    def ask(self) -> None:
        choices = list(self.ground.setting.segments.items())
        held = [one.code for one in self.answers.segments if one.code]
        premium = [one.code for one in self.answers.segments if one.is_premium]
        self.section("Segments", "Contracts promise times by segment; all others have a line of their own.", [
            self.add("segments", ticks_field("Segments you serve", choices), held),
        ])  # fmt: skip
        wait = SpanField(
            label="A premium customer, or a large order, waits at most",
            help_text="Then the ticket moves up, if that trigger is wanted.",
        )
        self.section("Premium", "Whose waiting moves a ticket up sooner, and who may have a lane of their own.", [
            self.add("premium", ticks_field("Premium segments", choices), premium),
            self.add("premium_wait", wait, self.answers.premium_wait_seconds),
        ])  # fmt: skip

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        unserved = set(values.get("premium", ())) - set(values.get("segments", ()))
        if unserved:
            names = ", ".join(self.ground.setting.segments[one] for one in sorted(unserved))
            self.add_error("premium", f"Premium, but not among the segments you serve: {names}.")
        return values

    def apply(self) -> Answers:
        values = self.cleaned_data
        old = {one.code: one for one in self.answers.segments}
        codes = [one for one in self.ground.setting.segments if one in values["segments"]]
        return replace(
            self.answers,
            premium_wait_seconds=values["premium_wait"],
            segments=tuple(
                replace(old.get(code) or SegmentAnswer(code, False), is_premium=code in values["premium"])
                for code in (*codes, "")
            ),
        )


class TimesForm(StepForm):
    title = "Times"
    lead = "What is promised, and how long a tier has. Lengths of time are working hours: 30 min, 8 h, 1 h 30 min."
    writes = ("contract.*", "tier.*.*")

    def ask(self) -> None:
        for place, one in enumerate(self.answers.tiers):
            fields = []
            if place:
                fields.append(self.add(f"{one.code}_ack", SpanField(label="Acknowledges within", help_text=""),
                                       one.ack_seconds))  # fmt: skip
            if place < len(self.answers.tiers) - 1:
                fields.append(self.add(f"{one.code}_limit", SpanField(
                    label="Escalates after", required=False, help_text="",
                ), one.limit_seconds))  # fmt: skip
            fields.append(self.add(f"{one.code}_resolution", SpanField(label="Resolves within", help_text=""),
                                   one.resolution_seconds))  # fmt: skip
            lead = "A missed target is marked; a passed limit moves the ticket." if not place else ""
            self.section(f"{one.code} {one.name}", lead, fields, narrow=True)
        for segment in self.answers.segments:
            key = segment.code or "other"
            name = self.ground.setting.segments.get(segment.code, segment.code) if segment.code else ALL_OTHERS
            lead = "Contract: resolved within. Empty: nothing promised." if segment == self.answers.segments[0] else ""
            self.section(name, lead, [
                self.add(
                    f"contract_{key}_p{number}", SpanField(label=f"P{number}", required=False, help_text=""), seconds
                )
                for number, seconds in enumerate(segment.seconds, start=1)
            ], narrow=True)  # fmt: skip

    def apply(self) -> Answers:
        values = self.cleaned_data
        tiers = tuple(
            replace(
                one,
                ack_seconds=values.get(f"{one.code}_ack"),
                limit_seconds=values.get(f"{one.code}_limit"),
                resolution_seconds=values[f"{one.code}_resolution"],
            )
            for one in self.answers.tiers
        )
        segments = []
        for one in self.answers.segments:
            p1, p2, p3, p4 = (values[f"contract_{one.code or 'other'}_p{number}"] for number in range(1, 5))
            segments.append(replace(one, seconds=(p1, p2, p3, p4)))
        return replace(self.answers, tiers=tiers, segments=tuple(segments))


class CostsForm(StepForm):
    title = "Costs and credits"
    lead = "What an hour of each tier costs, and who may give a customer how much."
    writes = ("authority.*.service_credit",)

    def ask(self) -> None:
        self.section("Cost of an hour", "Labour, in USD. From it follows what an escalation costs.", [
            self.add(f"{one.code}_cost", MoneyField(label=f"{one.code} {one.name}"), one.hourly_cost)
            for one in self.answers.tiers
        ], narrow=True)  # fmt: skip
        limits = dict(self.answers.credit_limits)
        roles = self.roles()
        unlimited = [role for role in self.roles() if role in limits and limits[role] is None]
        boundless = unlimited[-1] if unlimited else ""
        lead = (
            "Up to and including, together with what was given on the ticket and in the last 30 days. Empty: none,"
            " but for the role without limit below."
        )
        self.section("Service credits", lead, [
            self.add(f"{role}_credit", MoneyField(label=name, required=False), limits.get(role))
            for role, name in roles.items()
        ], narrow=True)  # fmt: skip
        self.section("Without limit", "Somebody has to decide on what is above every limit.", [
            self.add("boundless", pick_field(
                "May grant any credit", [("", "Nobody"), *roles.items()], required=False
            ), boundless),
        ])  # fmt: skip

    def roles(self) -> dict[str, str]:
        """The roles that the base gives any authority, by rank: code → name."""
        ranked = sorted(self.ground.base.authority, key=lambda one: (one.rank, one.role))
        return {one.role: one.role_name for one in ranked if one.action}

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        for role in self.roles():
            if values.get(f"{role}_credit") == 0:
                self.add_error(f"{role}_credit", "Leave it empty for none, or write an amount above 0.")
        return values

    def apply(self) -> Answers:
        values = self.cleaned_data
        limits = [
            (role, None if role == values["boundless"] else values[f"{role}_credit"])
            for role in self.roles()
            if role == values["boundless"] or values[f"{role}_credit"]
        ]
        tiers = tuple(replace(one, hourly_cost=values[f"{one.code}_cost"]) for one in self.answers.tiers)
        return replace(self.answers, tiers=tiers, credit_limits=tuple(limits))


class WordsField(forms.CharField):
    """Words and phrases with commas between them, as a tuple."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, tuple) else value

    def clean(self, value: Any) -> tuple[str, ...]:
        words = list(dict.fromkeys(" ".join(one.split()).lower() for one in super().clean(value).split(",")))
        found = [one for one in words if one]
        if len(found) > MOST_WORDS:
            raise forms.ValidationError(f"At most {MOST_WORDS} words or phrases.")
        for one in found:
            if len(one) > LONGEST_WORD or not any(letter.isalnum() for letter in one):
                raise forms.ValidationError(f"“{one[:30]}” cannot be looked for: letters or digits, at most 60.")
        return tuple(found)


def free_keys(names: Iterable[str]) -> list[str]:
    """A key for each name, all different."""
    found: list[str] = []
    for name in names:
        stem = (slugify(name).replace("-", "_")[:34] or "pool").strip("_") or "pool"
        key, number = stem, 1
        while key in found:
            number += 1
            key = f"{stem}_{number}"
        found.append(key)
    return found


class LanesForm(StepForm):
    title = "Where work goes"
    lead = "Specialists for what keeps coming up, lanes that overtake, and who helps when a team is full."
    writes = (
        "trigger.to_*", "trigger.express", "trigger.order_waits", "trigger.premium_lane", "trigger.social_media",
        "overflow.*",
    )  # fmt: skip

    def ask(self) -> None:
        tiers = {one.code for one in self.answers.tiers}
        self.teams = {one.code: one for one in self.ground.setting.teams if one.tier in tiers}
        self.offered = [("", "None"), *((one.code, f"{one.name} ({one.tier})") for one in self.teams.values())]
        self.types = list((dict(self.ground.setting.issue_types) | dict(self.answers.new_types)).items())
        self._pools()
        self._lane(
            "premium", "Premium customers", "A team of their own, or a place further ahead in the queue.",
            self.answers.premium_lane,
        )  # fmt: skip
        express = self.answers.express
        value = MoneyField(label="Orders from this value on", required=False)
        lead = "For what is worth most, and for what cannot wait. An order of that value moves up sooner, too."
        self._lane("express", "Express lane", lead, express.lane, [
            self.add("express_types", ticks_field("These issue types", self.types), list(express.issue_types)),
            self.add("express_value", value, express.order_value),
        ])  # fmt: skip
        self.section("Social media", "A complaint that others read.", [
            self.add("social", forms.BooleanField(
                label="Calls management when the customer is frustrated or upset", required=False
            ), self.answers.social),
        ])  # fmt: skip
        self._overflow()

    def _pools(self) -> None:
        skills = [("", "The whole team"), *((one.code, one.name) for one in self.ground.setting.skills)]
        held = list(self.answers.pools)[:MOST_POOLS]
        self.rows = min(max(len(held), self._typed_pools()) + 1, MOST_POOLS)
        for number in range(self.rows):
            pool = held[number] if number < len(held) else PoolAnswer("", "", "", "")
            words = WordsField(label="Words", required=False, max_length=600,
                               help_text="In the subject or a message; commas between them.")  # fmt: skip
            name = forms.CharField(label="Name", max_length=80, required=False)
            lead = "" if number else "Any of its words or types leads to it. Save the step for room for another."
            self.section(f"Specialist pool {number + 1}", lead, [
                self.add(f"pool{number}_name", name, pool.name),
                self.add(f"pool{number}_team", pick_field("Team", self.offered, required=False), pool.team, half=True),
                self.add(f"pool{number}_skill", pick_field("Skill", skills, required=False), pool.skill or "",
                         half=True),
                self.add(f"pool{number}_words", words, pool.words),
                self.add(f"pool{number}_types", forms.MultipleChoiceField(
                    label="Issue types", choices=self.types, required=False,
                    widget=forms.SelectMultiple(attrs={"size": "4"}),
                ), list(pool.issue_types)),
            ])  # fmt: skip

    def _typed_pools(self) -> int:
        """How many pools were typed in, named or not yet."""
        typed = self.data if self.is_bound else self.initial
        return max(
            (n + 1 for n in range(MOST_POOLS) if typed.get(f"pool{n}_name") or typed.get(f"pool{n}_team")), default=0
        )

    def _lane(self, key: str, title: str, lead: str, lane: LaneAnswer, more: Iterable[str] = ()) -> None:
        start = SpanField(label="Sorted earlier by", required=False, least=0, help_text="Empty: not earlier.")
        self.section(title, lead, [
            *more,
            self.add(f"{key}_team", pick_field("Goes to team", self.offered, required=False), lane.team, half=True),
            self.add(f"{key}_start", start, lane.head_start_seconds or None, half=True),
        ])  # fmt: skip

    def _overflow(self) -> None:
        held = {one.team: one for one in self.answers.overflow}
        names = []
        for team in self.teams.values():
            one = held.get(team.code, OverflowAnswer("", "", 0))
            others = [choice for choice in self.offered if choice[0] != team.code]
            tickets = forms.IntegerField(
                label=f"{team.name}: more open tickets than", required=False, min_value=1, max_value=100_000
            )
            names += [
                self.add(f"full_{team.code}_tickets", tickets, one.open_tickets or None, half=True),
                self.add(f"full_{team.code}_to", pick_field(
                    f"{team.name}: new work goes to", others, required=False
                ), one.to_team, half=True),
            ]  # fmt: skip
        lead = "Past its limit, new work goes to another team. Empty: it never does."
        self.section("When a team is full", lead, names)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        for number in range(self.rows):
            self._check_pool(values, f"pool{number}_")
        for code in self.teams:
            if bool(values.get(f"full_{code}_tickets")) != bool(values.get(f"full_{code}_to")):
                missing = f"full_{code}_{'to' if values.get(f'full_{code}_tickets') else 'tickets'}"
                if missing not in self.errors:
                    self.add_error(missing, "A limit and a team belong together: give both, or neither.")
        lanes = values.get("express_types") or values.get("express_value")
        if lanes and not values.get("express_team") and "express_team" not in self.errors:
            self.add_error("express_team", "Choose the team that takes the express lane.")
        return values

    def _check_pool(self, values: dict[str, Any], key: str) -> None:
        given = {name: values.get(f"{key}{name}") for name in ("name", "team", "words", "types")}
        if not any(given.values()):
            return
        if not given["name"] and f"{key}name" not in self.errors:
            self.add_error(f"{key}name", "A pool needs a name.")
        if not given["team"] and f"{key}team" not in self.errors:
            self.add_error(f"{key}team", "Choose the team whose people these are.")

    def _lane_of(self, team: str, seconds: int | None) -> LaneAnswer:
        return LaneAnswer(team, self.teams[team].tier, seconds or 0) if team else LaneAnswer()

    def apply(self) -> Answers:
        values = self.cleaned_data
        rows = [f"pool{number}_" for number in range(self.rows) if values[f"pool{number}_name"]]
        keys = free_keys(values[f"{row}name"] for row in rows)
        pools = tuple(
            PoolAnswer(
                key, values[f"{row}name"], values[f"{row}team"], self.teams[values[f"{row}team"]].tier,
                values[f"{row}skill"] or None, values[f"{row}words"], tuple(values[f"{row}types"]),
            )
            for key, row in zip(keys, rows, strict=True)
        )  # fmt: skip
        overflow = tuple(
            OverflowAnswer(code, values[f"full_{code}_to"], values[f"full_{code}_tickets"])
            for code in self.teams
            if values[f"full_{code}_to"]
        )
        express = ExpressAnswer(
            self._lane_of(values["express_team"], values["express_start"]), tuple(values["express_types"]),
            values["express_value"],
        )  # fmt: skip
        return replace(
            self.answers,
            pools=pools,
            premium_lane=self._lane_of(values["premium_team"], values["premium_start"]),
            express=express,
            social=values["social"],
            overflow=overflow,
        )
