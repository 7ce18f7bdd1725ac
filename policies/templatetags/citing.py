"""Beside a clause: what cites it, as links. Pages whose context has no `clause_citations` show none."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag(takes_context=True)
def cited_by(context: Mapping[str, Any], clause: str) -> SafeString | str:
    found = (context.get("clause_citations") or {}).get(clause)
    if not found:
        return ""
    links = format_html_join(", ", '<a href="{}">{}</a>', ((one.url, one.words) for one in found))
    return format_html('<span class="cited no-print">{}</span>', links)
