"""The rules of the house, held by tests: who may import whom, where things lie, what templates may say."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("config", "web", "journal", "accounts", "policies", "escalations", "analytics", "training")
LONGEST_FILE = 400  # lines; about 300 is the guide
LONGEST_TEMPLATE = 160  # lines; about 100 is the guide
ENTITIES = ("ticket_", "handoff_", "escalation_", "policy_", "customer_", "issue_", "draft_", "import_", "effort_")
VAGUE = {"core.py", "common.py", "utils.py", "util.py", "helpers.py", "misc.py"}
# Only the clock reads the clock: rules take `now` as an argument, services ask journal.clock.
CLOCKS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "timezone.now", "time.time"}


def sources(*rooms: str) -> Iterator[Path]:
    for room in rooms:
        yield from (path for path in sorted((ROOT / room).rglob("*.py")) if "migrations" not in path.parts)


def templates() -> list[Path]:
    return sorted((ROOT / "templates").rglob("*.html"))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_imports_go_one_way():
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_files_are_short():
    long = {name(path): len(path.read_text().splitlines()) for path in sources(*ROOMS)}

    assert {path: lines for path, lines in long.items() if lines > LONGEST_FILE} == {}


def test_nothing_is_called_by_a_vague_name():
    assert [name(path) for path in sources(*ROOMS) if path.name in VAGUE] == []


def test_services_and_domain_never_read_the_machine_s_clock():
    found = []
    for path in sources(*ROOMS):
        if not {"domain", "services"} & set(path.parts) and path.name not in {"services.py", "querysets.py"}:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in CLOCKS:
                found.append(f"{name(path)}:{node.lineno} {ast.unparse(node.func)}")

    assert found == []


def test_nobody_catches_everything():
    found = []
    for path in sources(*ROOMS):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ExceptHandler) and (
                node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"}
            ):
                found.append(f"{name(path)}:{node.lineno}")

    assert found == []


def test_services_take_keywords_only():
    """What somebody does (`by`) to an entity takes nothing by position: no two arguments can change places."""
    found = []
    for path in sources(*ROOMS):
        if "services" not in path.parts and path.name != "services.py":
            continue
        for node in ast.parse(path.read_text()).body:
            if not isinstance(node, ast.FunctionDef) or not node.name.startswith(ENTITIES):
                continue
            positional = [each.arg for each in node.args.posonlyargs + node.args.args]
            named = [each.arg for each in node.args.kwonlyargs]
            if positional and "by" in positional + named:
                found.append(f"{name(path)}:{node.lineno} {node.name}")

    assert found == []


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("inline style", r"<style\b|\sstyle="),
        ("inline script", r"<script(?![^>]*\ssrc=)(?![^>]*type=\"(application/json|importmap)\")[^>]*>"),
        ("event attribute", r"\s(on[a-z]+|hx-on[:\w-]*)\s*="),
        ("evaluated value", r"=\"\s*(js|javascript):"),
        ("address of another site", r"(src|href)=\"(https?:)?//"),
        ("unescaped value", r"\|\s*safe\b|autoescape off"),
    ],
)
def test_templates_hold_nothing_that_the_browser_is_told_to_refuse(what: str, pattern: str):
    found = [
        f"{name(path)}:{number} {line.strip()}"
        for path in templates()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(pattern, line, re.IGNORECASE)
    ]

    assert found == [], what


def test_templates_are_short():
    assert [name(path) for path in templates() if len(path.read_text().splitlines()) > LONGEST_TEMPLATE] == []


def test_every_row_is_named_in_its_migration():
    """Migrations have names that say what they do."""
    found = [
        name(path)
        for room in ROOMS
        for path in (ROOT / room).glob("migrations/0*.py")
        if re.search(r"_auto_|_alter_[a-z_]+_and_more", path.name)
    ]

    assert found == []
