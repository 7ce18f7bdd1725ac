"""`{% load belay %}`: the components of the design language (shown together at /style/)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from web import formats, marks
from web.clock import page_now

register = template.Library()

register.simple_tag(marks.icon, name="icon")
register.simple_tag(marks.attributes, name="attributes")
register.simple_tag(marks.prio, name="prio")
register.simple_tag(marks.mood, name="mood")
register.simple_tag(marks.clock, name="clock")
register.simple_tag(marks.fact, name="fact")
register.simple_tag(marks.verdict, name="verdict")
register.simple_tag(marks.swatch, name="swatch")
register.simple_tag(marks.nobody, name="nobody")
register.simple_tag(marks.share, name="share")
register.filter("duration", formats.format_duration)
register.filter("filesize", formats.format_bytes)
register.filter("number", formats.format_number)
register.filter("money", formats.format_money)


@register.simple_tag(takes_context=True)
def person(
    context: Mapping[str, Any], user: Any = None, none: str = "No owner", say_you: bool = False, large: bool = False
) -> SafeString:
    """A user with initials, marked when it is the reader; the words of `none` when there is nobody."""
    if not user:
        return marks.nobody(none)
    reader = getattr(context.get("request"), "user", None)
    return marks.person(str(user), user.initials, you=user == reader, say_you=say_you, large=large)


@register.simple_tag(takes_context=True)
def when(context: Mapping[str, Any], at: datetime | None, css: str = "", none: str = "not yet") -> SafeString:
    """Relative and absolute, side by side, in the reader's zone: "12 min ago · 14:20 CEST"."""
    if at is None:
        return format_html('<span class="quiet">{}</span>', none)
    shown = formats.format_when(at, timezone.get_current_timezone(), page_now(context.get("request")))
    return format_html(
        '<time class="nowrap{}" datetime="{}" title="{}"><span data-relative>{}</span> · {}</time>',
        f" {css}" if css else "",
        shown.iso,
        shown.full,
        shown.relative,
        shown.absolute,
    )


@register.simple_tag(takes_context=True)
def instant(context: Mapping[str, Any], at: datetime | None, none: str = "not yet") -> SafeString:
    """The full instant alone, where no "ago" is wanted: "Thu 24 Apr, 14:32 CEST"."""
    if at is None:
        return format_html('<span class="quiet">{}</span>', none)
    text = formats.format_instant(at, timezone.get_current_timezone(), page_now(context.get("request")))
    return format_html('<time class="nowrap" datetime="{}">{}</time>', at.isoformat(timespec="seconds"), text)


@register.simple_tag(takes_context=True)
def query(context: Mapping[str, Any], **changes: Any) -> str:
    """This page's query string with `changes`; None takes a key away. For filter, sort and pager links."""
    params = context["request"].GET.copy()
    for key, value in changes.items():
        params.pop(key, None)
        if value is not None:
            params[key] = str(value)
    return f"?{params.urlencode()}" if params else "?"


@register.inclusion_tag("components/_note.html")
def note(text: str, kind: str = "", sign: str = "", bold: str = "") -> dict[str, Any]:
    """One bold fact, then the way out. `kind`: "", good, soon, late, pause."""
    signs = {"good": "circle-check", "soon": "alert-triangle", "late": "alert-triangle", "pause": "player-pause"}
    return {"text": text, "kind": kind, "sign": sign or signs.get(kind, "bulb"), "bold": bold}


@register.inclusion_tag("components/_empty.html")
def empty(
    title: str, text: str = "", sign: str = "inbox", url: str = "", act: str = "", act_sign: str = ""
) -> dict[str, Any]:
    """What belongs here, why there is none, one button."""
    return {"title": title, "text": text, "sign": sign, "url": url, "act": act, "act_sign": act_sign}


@register.inclusion_tag("components/_define.html")
def define(term: str, definition: str, key: str, example: str = "") -> dict[str, Any]:
    """A word that opens its definition. `key` is unique on the page."""
    return {"term": term, "definition": definition, "key": key, "example": example}


@register.inclusion_tag("components/_chip.html", takes_context=True)
def chip(context: Mapping[str, Any], key: str, value: str, url: str, on: bool = False) -> dict[str, Any]:
    """A filter. When `on`, its link removes the filter and says so."""
    return {"key": key, "value": value, "url": url, "on": on}


@register.inclusion_tag("components/_tabs.html")
def tabs(items: Iterable[Mapping[str, Any]], label: str) -> dict[str, Any]:
    """Views of one thing: items of `label`, `url`, `current`, `count` (or nothing)."""
    return {"items": items, "label": label}


@register.inclusion_tag("components/_pager.html", takes_context=True)
def pager(context: Mapping[str, Any], page: Any, summary: str = "", parameter: str = "cursor") -> dict[str, Any]:
    """Earlier and later rows of a `web.pagination.Page`."""
    return {
        "page": page,
        "summary": summary,
        "previous_url": query(context, **{parameter: page.previous}) if page.previous else "",
        "next_url": query(context, **{parameter: page.next}) if page.next else "",
    }


@register.inclusion_tag("components/_meter.html")
def meter(done: int, of: int, what: str = "fields") -> dict[str, Any]:
    """How much of a form is filled: the slim bar."""
    parts = [marks.Part("m1", done), marks.Part("m4", max(of - done, 0))]
    return {"bar": marks.share(parts, f"{done} of {of} {what} filled", "share--thin")}


@register.inclusion_tag("components/_file.html")
def file_chip(
    name: str, size: int, url: str = "", sign: str = "file-text", remove_name: str = "", remove_value: str = ""
) -> dict[str, Any]:
    """An attachment. With `remove_name` a button that takes it away."""
    return {
        "name": name,
        "size": formats.format_bytes(size),
        "url": url,
        "sign": sign,
        "remove_name": remove_name,
        "remove_value": remove_value,
    }


@register.inclusion_tag("components/_hop_bar.html")
def hop_bar(parts: list[marks.Part], label: str) -> dict[str, Any]:
    """Who used the time: one slim bar and its key. Parts carry `label` and `value` for the list below."""
    return {"bar": marks.share(parts, label), "parts": [part for part in parts if part.label]}


# Components with content. Each ends with its name after "end": {% panel "Customer" %} … {% endpanel %}


@register.simple_block_tag
def capture(content: str) -> str:
    """Keep a piece of template under a name: {% capture as meta %} … {% endcapture %}."""
    return content


@register.simple_block_tag
def page_head(
    content: str,
    title: str,
    sub: str = "",
    crumbs: Iterable[tuple[str, str]] = (),
    level: int = 0,
    meta: str = "",
    crumb_aside: str = "",
) -> str:
    """The head of a page. The content is its actions; `crumbs` are (label, url); `level` is a priority."""
    values = {"title": title, "sub": sub, "crumbs": list(crumbs), "level": level, "meta": meta, "aside": crumb_aside}
    return render_to_string("components/_page_head.html", values | {"actions": content})


@register.simple_block_tag
def panel(content: str, title: str, key: str, sign: str = "", link: str = "", url: str = "", aside: str = "") -> str:
    """A section of the side column: sign, heading, one link right."""
    values = {"title": title, "key": key, "sign": sign, "link": link, "url": url, "aside": aside}
    return render_to_string("components/_panel.html", values | {"content": content})


@register.simple_block_tag
def form_part(
    content: str,
    title: str,
    key: str,
    purpose: str = "",
    done: int | None = None,
    of: int | None = None,
    wide: bool = False,
) -> str:
    """A section of a long form: heading, purpose and state left, fields right. `done` of `of` fields are filled."""
    values = {"title": title, "key": key, "purpose": purpose, "done": done, "of": of, "wide": wide}
    return render_to_string("components/_form_part.html", values | {"content": content})


@register.simple_block_tag(takes_context=True)
def entry(
    context: Mapping[str, Any],
    content: str,
    kind: str,
    sign: str,
    head: str,
    at: datetime | None = None,
    more: str = "",
) -> str:
    """A timeline entry: round sign, who did what, when; the content is its body (may be empty).

    `kind`: customer (sunken ground), note (bar at left), move (filled sign), call, status, ack, auto.
    """
    values = {
        "kind": kind,
        "sign": sign,
        "head": head,
        "more": more,
        "content": content,
        "has_body": bool(content.strip()),
    }
    if at is not None:
        values["when"] = when(context, at, "entry__when")
    return render_to_string("components/_entry.html", values)


@register.simple_block_tag
def foot_bar(content: str, label: str) -> str:
    """The bar that sticks to the bottom of a long form: target, saved, missing, one action."""
    return format_html('<div class="foot-bar" role="group" aria-label="{}">{}</div>', label, content)


@register.simple_block_tag
def diff(content: str, label: str) -> str:
    """A changed passage: accent bar and "Changed since 2025.1"; mark words with <del> and <ins> inside."""
    sign = marks.icon("pencil", "icon--sm")
    head = format_html('<span class="diff__label">{}{}</span>', sign, label)
    return format_html('<div class="diff stack">{}{}</div>', head, content)


@register.simple_block_tag
def chart_pair(content: str, chart: str) -> str:
    """A chart left and, as the content, its table with the links right."""
    return format_html('<div class="chart-pair"><div>{}</div><div>{}</div></div>', chart, content)


@register.inclusion_tag("components/_saved.html")
def saved(text: str = "", state: str = "saved") -> dict[str, Any]:
    """Where autosave says what it did. Empty until it has something to say."""
    return {"text": text, "state": state}


@register.inclusion_tag("components/_conflict.html")
def conflict(panel: Any) -> dict[str, Any]:
    """The 409 panel inside a form: `panel` is a `web.conflicts.Conflict`."""
    return {"panel": panel}
