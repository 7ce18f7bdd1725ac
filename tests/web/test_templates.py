"""What no template may hold, because the content security policy would block it or a reader would trip over it."""

import re
from pathlib import Path

import pytest

from web.marks import CLOCK_ICONS, MOOD_ICONS, VERDICT_ICONS

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SCRIPTS = sorted((ROOT / "static" / "js").rglob("*.js"))
FORBIDDEN = {
    "an inline style": re.compile(r"\sstyle\s*="),
    "a <style> block": re.compile(r"<style\b"),
    "an inline script": re.compile(r"<script(?![^>]*\bsrc=)[^>]*>"),
    "hx-on": re.compile(r"\b(data-)?hx-on"),
    "an event attribute": re.compile(r"\son[a-z]+\s*="),
    "js: in htmx": re.compile(r"[\"'](js|javascript):"),
    "a filter in hx-trigger": re.compile(r"hx-trigger=[\"'][^\"']*\[[^\"']*\]"),
    "hx-vals by script": re.compile(r"hx-vars="),
    "another site": re.compile(r"(src|href|action)=[\"']https?://"),
    "the safe filter": re.compile(r"\|\s*safe\b"),
    "autoescape off": re.compile(r"autoescape\s+off"),
}


def symbols() -> set[str]:
    return set(re.findall(r'<symbol id="([^"]+)"', (ROOT / "static/icons/icons.svg").read_text()))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_template_keeps_to_the_policy(path: Path) -> None:
    text = path.read_text()
    found = [what for what, pattern in FORBIDDEN.items() if pattern.search(text)]
    assert not found, f"{path} holds {', '.join(found)}"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_every_icon_named_is_in_the_sprite(path: Path) -> None:
    named = set(re.findall(r"""{%\s*icon ["']([\w-]+)["']""", path.read_text()))
    named |= set(re.findall(r"""\bsign=["']([\w-]+)["']""", path.read_text()))
    assert named <= symbols(), named - symbols()


def test_icons_that_code_names_are_in_the_sprite() -> None:
    named = set(CLOCK_ICONS.values()) | set(MOOD_ICONS.values()) | set(VERDICT_ICONS.values()) | {"mood-empty"}
    for path in SCRIPTS:
        named |= set(re.findall(r'icon\("([\w-]+)"', path.read_text()))
    assert named <= symbols(), named - symbols()


def test_scripts_make_no_code_from_text() -> None:
    for path in SCRIPTS:
        assert not re.search(r"\beval\(|new Function|document\.write|outerHTML\s*=", path.read_text()), path


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_template_stays_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 150


def styled() -> set[str]:
    sheets = [ROOT / "static/css/belay.css", ROOT / "static/vendor/tabler/tabler-parts.css"]
    text = "".join(re.sub(r"/\*.*?\*/|url\([^)]*\)", "", sheet.read_text(), flags=re.S) for sheet in sheets)
    return set(re.findall(r"\.([A-Za-z_][\w-]*)", text))


def test_every_class_named_has_a_style() -> None:
    """A class without a rule is a spelling mistake or a part nobody drew. Scripts find their places by data-…"""
    known, unknown = styled() | {"form-errors", "body", "lane__head"}, {}
    for path in TEMPLATES:
        text = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", "\0", path.read_text(), flags=re.S)
        named = {one for value in re.findall(r'\bclass="([^"]*)"', text) for one in value.split()}
        strange = {one for one in named if "\0" not in one and one not in known}
        if strange:
            unknown[str(path.relative_to(ROOT / "templates"))] = sorted(strange)
    assert not unknown
