"""What a browser must load for a page of work, and how long the tests take."""

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import brotli
from django.contrib.staticfiles import finders

from tests.bench import stories
from tests.bench.bench import Bench
from tests.bench.measure import Line, goals
from tests.bench.scratch import ROOT
from tests.bench.site import Visitor

PAGE_LIMIT, TEST_LIMIT = 200, 600  # KB, seconds
# `make test` leaves its seconds here: {"seconds": 241.3}
TEST_RECORD = ROOT / "var" / "bench" / "make-test.json"
LINKED = re.compile(r'<link rel="stylesheet" href="([^"]+)"|<script [^>]*src="([^"]+)"')
IMPORTED = re.compile(
    r"""(?:^|[;\s])(?:import|export)\b[^"';]*?["'](\.{1,2}/[^"']+)["']|\bimport\(["']([^"']+)["']\)"""
)
CSS_IMPORTED = re.compile(r"""@import\s+(?:url\()?["']?([^"')]+)""")


@goals.measure("P17")
def delivery(bench: Bench) -> Iterator[Line]:
    yield from page(bench)
    yield tests()


def page(bench: Bench) -> Iterator[Line]:
    """Style sheets and scripts of the heaviest page of work, scripts that scripts import included, compressed."""
    with bench.visit(bench.small) as visitor:
        ticket = stories.story("short")
        pages = {
            "queue": "/queue/",
            "ticket": ticket.get_absolute_url(),
            "handoff form": f"{stories.story('open').get_absolute_url()}handoff/create/",
        }
        found = {name: weigh(visitor, url) for name, url in pages.items()}
    totals = {name: sum(sizes.values()) / 1024 for name, sizes in found.items()}
    heaviest = max(totals, key=lambda name: totals[name])
    css = sum(size for name, size in found[heaviest].items() if name.endswith(".css")) / 1024
    yield Line(
        "P17 page", f"CSS and JS of a work page (the {heaviest}), Brotli, against 200 KB",
        totals[heaviest] / PAGE_LIMIT,
        1.0, 1, "0.6 (120 KB)",
        [*((name, f"{size:.1f} KB") for name, size in totals.items()), ("of the heaviest, CSS", f"{css:.1f} KB")],
    )  # fmt: skip


def weigh(visitor: Visitor, url: str) -> dict[str, int]:
    """Static file → bytes as a browser that knows Brotli gets it."""
    html = visitor.get(url).body.decode()
    wanted = [one for pair in LINKED.findall(html) for one in pair if one]
    sizes: dict[str, int] = {}
    while wanted:
        name = urlsplit(wanted.pop()).path
        path = finders.find(name.removeprefix("/static/"))
        if name in sizes or not path:
            continue
        text = Path(path).read_text()
        # As whitenoise does: what Brotli makes, unless gzip's is smaller.
        sizes[name] = min(len(brotli.compress(text.encode(), mode=brotli.MODE_TEXT)), len(gzip.compress(text.encode())))
        inner = CSS_IMPORTED.findall(text) if name.endswith(".css") else _modules(text)
        wanted += [urljoin(name, one) for one in inner]
    return sizes


def _modules(text: str) -> list[str]:
    return [one for pair in IMPORTED.findall(text) for one in pair if one.startswith(".")]


def tests() -> Line:
    title = "`make test` against ten minutes"
    if not TEST_RECORD.exists():
        return Line("P17 tests", title, None, 1.0, 0, "0.4 (4 min)", note="No run of `make test` was recorded here.")
    seconds = float(json.loads(TEST_RECORD.read_text())["seconds"])
    return Line(
        "P17 tests", title, seconds / TEST_LIMIT, 1.0, 1, "0.4 (4 min)", [("the last complete run", f"{seconds:.0f} s")]
    )
