"""The small components as plain functions: icon, priority, person, mood, clock chip and their like.

Templates use them through `{% load belay %}`; lists call them directly, because a function call costs a
tenth of a template include. Everything that is not a constant goes through `format_html`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from django.templatetags.static import static
from django.utils.html import conditional_escape, escape, format_html
from django.utils.safestring import SafeString, mark_safe

CLOCK_ICONS = {
    "ok": "clock",
    "soon": "clock-exclamation",
    "late": "alert-triangle",
    "pause": "player-pause",
    "met": "check",
    "stopped": "clock-stop",
}
VERDICT_ICONS = {"met": "circle-check", "watch": "alert-triangle", "missed": "alert-triangle"}
MOOD_ICONS = {
    "satisfied": "mood-smile",
    "neutral": "mood-neutral",
    "frustrated": "mood-sad",
    "upset": "mood-angry",
}


@dataclass(frozen=True, slots=True)
class Chip:
    """A clock in two lines: `left` says how long ("9 min left"), `what` says what and when.

    `state` is one of ok, soon (30 minutes or less), late, pause, met, stopped.
    """

    state: str
    left: str
    what: str = ""


@cache
def sprite() -> str:
    """The URL of the icon sprite."""
    return static("icons/icons.svg")


def icon(name: str, css: str = "") -> SafeString:
    """An icon of the sprite. Decoration only: words say what it means."""
    return _icon(name, css)


@cache
def _icon(name: str, css: str) -> SafeString:
    return format_html(
        '<svg class="icon{}" aria-hidden="true"><use href="{}#{}"/></svg>', f" {css}" if css else "", sprite(), name
    )


def attributes(attrs: Mapping[str, object]) -> SafeString:
    """A tag's attributes, each with a space before it: True stands alone, False is left out."""
    parts = [
        f" {name}" if value is True else f' {name}="{conditional_escape(value)}"'
        for name, value in attrs.items()
        if value is not False
    ]
    return mark_safe("".join(parts))


def prio(level: int, label: str = "") -> SafeString:
    """Priority by weight: 1 is filled, 4 is plain text. `label` defaults to "P1" to "P4"."""
    return _prio(level, label or f"P{level}")


@cache
def _prio(level: int, label: str) -> SafeString:
    return format_html(
        '<span class="prio prio--{}"><span class="visually-hidden">Priority </span>{}</span>',
        min(max(level, 1), 4),
        label,
    )


def person(name: str, initials: str, *, you: bool = False, say_you: bool = False, large: bool = False) -> SafeString:
    """Initials and full name; yours in accent. `say_you` adds "(you)"; `large` for page heads."""
    return format_html(
        '<span class="person"><span class="person__mark{}{}" aria-hidden="true">{}</span>{}{}</span>',
        " person__mark--lg" if large else "",
        " person__mark--you" if you else "",
        initials,
        name,
        " (you)" if you and say_you else "",
    )


def nobody(text: str = "No owner", sign: str = "user-plus") -> SafeString:
    """The absence of a person, with its sign."""
    return format_html('<span class="person person--none">{}{}</span>', icon(sign), text)


def mood(code: str, label: str) -> SafeString:
    """Customer sentiment: `code` is satisfied, neutral, frustrated or upset."""
    css = " mood--upset" if code == "upset" else ""
    return format_html('<span class="mood{}">{}{}</span>', css, icon(MOOD_ICONS.get(code, "mood-empty")), label)


def clock(chip: Chip) -> SafeString:
    """The two-line clock chip."""
    # Escaped pieces, joined: lists make hundreds of these, and `format_html` costs ten times as much.
    what = f'<span class="clock__what">{escape(chip.what)}</span>' if chip.what else ""
    sign = icon(CLOCK_ICONS.get(chip.state, "clock"))
    left = f'<span class="clock__left">{sign}{escape(chip.left)}</span>'
    return mark_safe(f'<span class="clock clock--{escape(chip.state)}">{left}{what}</span>')


def fact(text: str, *, vip: bool = False) -> SafeString:
    """A grey tag for a fact (segment), outlined for VIP. Never a state."""
    return format_html('<span class="fact{}">{}</span>', " fact--vip" if vip else "", text)


def verdict(state: str, text: str) -> SafeString:
    """Met, watch or missed: sign and word."""
    sign = icon(VERDICT_ICONS.get(state, "minus"))
    return format_html('<span class="verdict verdict--{}">{}{}</span>', state, sign, text)


def swatch(mark: str) -> SafeString:
    """The square that explains a chart mark: m1 to m4, m-wait."""
    return format_html(
        '<svg class="swatch" viewBox="0 0 10 10" aria-hidden="true"><rect class="{}" width="10" height="10"/></svg>',
        mark,
    )


@dataclass(frozen=True, slots=True)
class Part:
    """One stretch of a share bar: `mark` is m1 to m4 or m-wait, `size` in any unit, zero or more."""

    mark: str
    size: float
    label: str = ""
    value: str = ""


def share(parts: list[Part], label: str, css: str = "") -> SafeString:
    """A bar divided among `parts`, with thin gaps between. `label` says the same in words."""
    total = sum(part.size for part in parts) or 1
    rects, at = [], 0.0
    for number, part in enumerate(parts):
        if number and part.size:
            left, width = at - total * 0.0025, total * 0.005
            rects.append(f'<rect class="m-gap" x="{left:g}" y="0" width="{width:g}" height="10"/>')
        rects.insert(0, f'<rect class="{part.mark}" x="{at:g}" y="0" width="{part.size:g}" height="10"/>')
        at += part.size
    return format_html(
        '<svg class="share{}" viewBox="0 0 {} 10" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>',
        f" {css}" if css else "",
        f"{total:g}",
        label,
        mark_safe("".join(rects)),
    )
