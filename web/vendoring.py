"""Cuts Tabler's stylesheet down to the parts Belay uses.

Tabler ships 635 KB of CSS and Belay's pages use about a tenth of it. This keeps every rule whose
selectors speak only of elements, of the classes listed here, and of the custom properties those rules read.

    python -m web.vendoring PATH/TO/tabler.css > static/vendor/tabler/tabler-parts.css
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

SPACES = "012345"
CLASSES = frozenset(
    ["btn", "btn-primary", "form-label", "form-control", "form-select"]
    + ["visually-hidden", "visually-hidden-focusable", "text-truncate", "text-nowrap", "text-break"]
    + ["w-100", "rounded-0", "float-end", "align-top"]
    + [f"d-{kind}" for kind in ("none", "block", "inline", "inline-block", "flex", "inline-flex", "grid")]
    + [f"{kind}{side}-{step}" for kind in "mp" for side in ("", "t", "b", "s", "e", "x", "y") for step in SPACES]
    + [f"m{side}-auto" for side in ("s", "e", "x")]
)
ELEMENTS = """
    a abbr address article aside b blockquote body button canvas caption code dd del details dfn div dl dt
    em fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr html img input ins kbd label legend li main mark
    menu nav ol optgroup option output p pre progress s samp section select small span strong sub summary sup
    svg table tbody td template textarea tfoot th thead time tr u ul video iframe audio object dialog q
"""
REFUSED = re.compile(r"data-bs-theme|data-theme|\[dir|theme-dark|::part|tblr-theme")


def main() -> None:
    """Print the kept rules of the sheet named on the command line."""
    sys.stdout.write(reduced(Path(sys.argv[1]).read_text(encoding="utf-8")))


def reduced(sheet: str) -> str:
    """The sheet with only the rules Belay uses, the licence banner first."""
    banner = sheet[sheet.index("/*!") : sheet.index("*/") + 2]
    text = re.sub(r"/\*.*?\*/", "", sheet.split("*/", 1)[1], flags=re.S)
    kept = "".join(_kept(prelude, body) for prelude, body in _rules(text))
    return f"{banner}\n/* Reduced by web/vendoring.py */\n" + _without_unread_properties(kept)


def _rules(text: str) -> Iterator[tuple[str, str]]:
    """Top-level (prelude, body) pairs; nested blocks stay inside the body."""
    depth, start, opened = 0, 0, 0
    for at, char in enumerate(text):
        if char == "{":
            depth += 1
            if depth == 1:
                opened = at
        elif char == "}":
            depth -= 1
            if depth == 0:
                yield text[start:opened].strip(), text[opened + 1 : at].strip()
                start = at + 1
        elif char == ";" and depth == 0:
            start = at + 1


def _kept(prelude: str, body: str) -> str:
    if prelude.startswith(("@media", "@supports")):
        inner = "".join(_kept(*rule) for rule in _rules(body))
        return f"{prelude}{{{inner}}}" if inner and "prefers-color-scheme" not in prelude else ""
    if prelude.startswith("@"):
        return ""
    selectors = [selector.strip() for selector in _split(prelude) if _wanted(selector.strip())]
    declarations = ";".join(line.strip() for line in _declarations(body))
    return f"{','.join(selectors)}{{{declarations}}}\n" if selectors and declarations else ""


def _split(prelude: str) -> list[str]:
    return re.split(r",(?![^(]*\))", prelude)


def _declarations(body: str) -> list[str]:
    lines = re.split(r";(?![^(]*\))", body)
    return [re.sub(r"\s+", " ", line) for line in lines if line.strip() and "url(" not in line]


def _wanted(selector: str) -> bool:
    if REFUSED.search(selector):
        return False
    classes = re.findall(r"\.([\w-]+)", selector)
    if any(name not in CLASSES for name in classes):
        return False
    bare = re.sub(r"\[[^\]]*\]|::?[\w-]+(\([^)]*\))?|\.[\w-]+|#[\w-]+", " ", selector)
    names = re.findall(r"[A-Za-z][\w-]*", bare)
    return set(names) <= set(ELEMENTS.split())


def _without_unread_properties(css: str) -> str:
    """Drop custom properties that no kept rule reads, until nothing more can go."""
    while True:
        read = set(re.findall(r"var\(\s*(--[\w-]+)", css))
        defined = set(re.findall(r"[{;]\s*(--[\w-]+)\s*:", css))
        leaner = css
        for name in defined - read:
            leaner = re.sub(rf"(?<=[{{;])\s*{name}\s*:[^;{{}}]*;?", "", leaner)
        leaner = re.sub(r"[^{}\n]+\{\s*\}\n?", "", leaner)
        if leaner == css:
            return css
        css = leaner


if __name__ == "__main__":
    main()
