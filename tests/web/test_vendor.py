"""Every file that we did not write is named, summed and licensed."""

import gzip
import hashlib
import tomllib
from pathlib import Path

import brotli
import django_htmx

from web.vendoring import reduced

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "static"
VENDOR = STATIC / "vendor"
MANIFEST = tomllib.loads((VENDOR / "vendor.toml").read_text())
BUDGET = 200_000  # bytes of CSS and JS of a work page, compressed (docs/benchmarks.md P17)


def test_sums() -> None:
    for name, package in MANIFEST.items():
        assert package["package"]
        assert package["version"]
        assert package["licence"] in {"MIT", "OFL-1.1", "0BSD", "BSD-2-Clause", "Apache-2.0"}, name
        for file, expected in package["sha256"].items():
            assert hashlib.sha256((VENDOR / file).read_bytes()).hexdigest() == expected, file


def test_nothing_lies_there_unnamed() -> None:
    named = {(VENDOR / file).resolve() for package in MANIFEST.values() for file in package["sha256"]}
    there = {path.resolve() for path in VENDOR.rglob("*") if path.is_file()} - {VENDOR / "vendor.toml"}
    assert there <= named


def test_each_package_brings_its_licence() -> None:
    for name, package in MANIFEST.items():
        assert any(file.endswith("LICENSE") for file in package["sha256"]), name


def test_no_source_maps() -> None:
    assert not list(STATIC.rglob("*.map"))
    for path in [*STATIC.rglob("*.js"), *STATIC.rglob("*.css")]:
        assert "sourceMappingURL" not in path.read_text(), path


def test_budget_of_a_work_page() -> None:
    own = [*(STATIC / "css").rglob("*.css"), *(STATIC / "js").rglob("*.js")]
    vendored = [VENDOR / "tabler/tabler-parts.css", VENDOR / "idiomorph/idiomorph-ext.min.js"]
    htmx = Path(django_htmx.__file__).parent / "static/django_htmx/htmx-2.min.js"
    files = [*own, *vendored, htmx]
    compressed = sum(len(brotli.compress(path.read_bytes())) for path in files)
    gzipped = sum(len(gzip.compress(path.read_bytes())) for path in files)
    print(f"CSS and JS of a work page: {compressed:,} bytes with brotli, {gzipped:,} with gzip")
    assert gzipped <= BUDGET


def test_reducing_keeps_only_what_is_used() -> None:
    sheet = """@charset "UTF-8";
/*! licence */
/* a note */
:root { --tblr-used: red; --tblr-unused: blue; --tblr-chain: var(--tblr-used); }
.btn, .carousel { color: var(--tblr-chain); background: url("data:image/svg+xml,x"); }
.carousel-item { color: green; }
[data-bs-theme=dark] .btn { color: black; }
@media print { .btn { color: black; } .modal { color: red; } }
@media (prefers-color-scheme: dark) { .btn { color: white; } }
@font-face { font-family: x; }
"""
    css = reduced(sheet)
    assert css.startswith("/*! licence */")
    assert "--tblr-used: red" in css
    assert "--tblr-unused" not in css
    assert ".btn{color: var(--tblr-chain)}" in css
    assert "carousel" not in css
    assert "url(" not in css
    assert "data-bs-theme" not in css
    assert "@media print{.btn{color: black}" in css
    assert "font-face" not in css
