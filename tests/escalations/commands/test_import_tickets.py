"""`import_tickets` as scripts call it: a file, a mapping, counts, and an exit code."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from escalations.models import ImportRun, Ticket
from escalations.services.imports import import_start
from tests.escalations.import_tables import INCIDENT_MAPPING, INCIDENT_ROWS, as_csv
from tests.escalations.services.test_imports import upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def files(tmp_path):
    table, mapping = tmp_path / "export.csv", tmp_path / "mapping.json"
    table.write_bytes(as_csv(INCIDENT_ROWS))
    mapping.write_text(json.dumps(INCIDENT_MAPPING.to_json()))
    return table, mapping


def run(*args: object) -> tuple[str, int]:
    out, code = StringIO(), 0
    try:
        call_command("import_tickets", *map(str, args), stdout=out, stderr=StringIO())
    except SystemExit as end:
        code = int(end.code or 0)
    return out.getvalue(), code


def test_dry_run_import_and_import_again(org, files):
    table, mapping = files
    said, code = run(table, "--mapping", mapping, "--dry-run")
    assert ("4 would be created" in said, code, Ticket.objects.count()) == (True, 0, 0)
    said, code = run(table, "--mapping", mapping, "--as", "manager")
    assert ("4 created, 0 known already, 0 refused" in said, code) == (True, 0)
    assert ImportRun.objects.first().created_by == org.manager
    said, code = run(table, "--mapping", mapping)
    assert ("0 created, 4 known already" in said, code) == (True, 0)


def test_refused_rows_are_named_and_set_the_exit_code(org, files):
    table, mapping = files
    table.write_bytes(as_csv([*INCIDENT_ROWS, INCIDENT_ROWS[0], ["INC9", "Odd", *INCIDENT_ROWS[0][2:]]]))
    said, code = run(table, "--mapping", mapping)
    assert code == 1
    assert "line 6: number: Line 2 has the same number, INC1." in said
    assert "line 7: status_name: “Odd” is not mapped yet" in said


def test_it_goes_on_with_what_waits(org):
    waiting = upload(org)
    import_start(run=waiting, by=org.administrator)
    run("--pending")
    assert Ticket.objects.count() == 4


def test_what_stands_in_the_way_is_said(org, files, tmp_path):
    table, mapping = files
    with pytest.raises(CommandError, match="cannot be read"):
        run(tmp_path / "none.csv", "--mapping", mapping)
    with pytest.raises(CommandError, match="Name a file"):
        run(table)
    with pytest.raises(CommandError, match="may not import"):
        run(table, "--mapping", mapping, "--as", org.agent.username)
    mapping.write_text("{")
    with pytest.raises(CommandError, match="no JSON"):
        run(table, "--mapping", mapping)
    mapping.write_text(json.dumps({"source": "x", "fields": {"team": {"column": "nowhere"}}}))
    with pytest.raises(CommandError, match="no column “nowhere”"):
        run(table, "--mapping", mapping)
