"""The pages of an import as a browser without scripts sees them."""

import io
import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from escalations.choices import ImportState
from escalations.models import ImportRun, Ticket
from escalations.services import imports_work
from escalations.services.imports_work import import_work
from escalations.views import imports_shell
from tests.escalations.import_tables import INCIDENT_MAPPING, INCIDENT_ROWS, INCIDENTS, as_csv, as_xlsx
from tests.escalations.services.test_imports import upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(org) -> Client:
    client = Client()
    client.force_login(org.administrator)
    return client


def at(name: str, run: ImportRun | None = None) -> str:
    return reverse(f"escalations:import_{name}", args=[run.pk] if run else [])


def send(client: Client, data: bytes, name: str = "export.csv") -> Any:
    return client.post(at("create"), {"file": SimpleUploadedFile(name, data)})


def filled(form: Any) -> dict[str, Any]:
    return {field.html_name: "" if field.value() is None else field.value() for field in form}


def words(response: Any) -> str:
    return response.content.decode()


def test_from_the_file_to_the_tickets_and_back(client):
    response = send(client, as_csv(INCIDENT_ROWS))
    run = ImportRun.objects.get()
    assert response.headers["Location"] == at("columns", run)

    page = client.get(at("columns", run))
    form = page.context["form"]
    assert "Day first: 29-02-2016 06:38 is Mon 29 Feb 2016, 06:38 CET" in words(page)
    data = filled(form) | {
        "source": "otherdesk", "c_external_id": "number", "p_subject": "{area}: {symptom}", "d_subject": "No subject",
        "c_customer": "site", "c_contact": "raised_by", "c_state": "status_name", "d_state": "",
        "c_priority": "urgency", "c_team": "queue", "c_owner": "handler", "c_opened_at": "raised",
        "c_last_contact_at": "touched",
    }  # fmt: skip
    assert client.post(at("columns", run), data).headers["Location"] == at("values", run)

    form = client.get(at("values", run)).context["form"]
    shown = {key: [field.label for field in fields] for key, _, _, fields, _, _ in form.sections()}
    assert shown["team"] == ["Group 7", "Group 9"]
    values = filled(form) | {"o_team": "integrations"}
    values |= {field.html_name: "front" for field in form if field.label == "Group 7"}
    assert client.post(at("values", run), values).headers["Location"] == at("preview", run)

    preview = client.get(at("preview", run))
    subjects = [row.facts.subject for row in preview.context["rows"]]
    assert subjects == ["Network: Slow", "Mail", "Mail: Lost", "Disk: Full"]
    assert "L1 Front" in words(preview)

    client.post(at("check", run))
    checked = client.get(at("detail", run))
    assert "Import 4 tickets" in words(checked)
    assert not Ticket.objects.exists()
    client.post(at("start", run))
    assert "BLY-" in words(client.get(at("detail", run)))
    assert Ticket.objects.count() == 4
    assert "Take back 4 tickets" in words(client.get(at("undo", run)))
    client.post(at("undo", run))
    assert "The import is taken back." in words(client.get(at("detail", run)))
    assert not Ticket.objects.exists()
    assert "Taken back" in words(client.get(at("list")))


def test_what_is_missing_is_said_at_its_field(client):
    send(client, as_csv(INCIDENT_ROWS))
    run = ImportRun.objects.get()
    data = filled(client.get(at("columns", run)).context["form"]) | {"c_customer": "", "p_subject": "{nowhere}"}
    response = client.post(at("columns", run), data)
    assert response.status_code == 422
    assert "Every ticket needs this" in str(response.context["form"].errors["c_customer"])
    assert "no column “nowhere”" in str(response.context["form"].errors["p_subject"])


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.csv", b"\n", "The file is empty."),
        ("a.csv", b"", "empty"),
        ("a.csv", as_csv([]), "a header and no rows"),
        ("a.xlsx", b"id,text\n1,a\n", "is no workbook"),
        ("a.csv", b"%PDF-1.7", "a PDF"),
        ("a.csv", as_xlsx(INCIDENT_ROWS), "ends in .xlsx"),
        ("../../etc/pass\x00wd.csv", b"\x00" * 5000, "empty"),
    ],
)
def test_a_file_that_is_no_table(client, name, data, said):
    response = send(client, data, name)
    assert response.status_code == 422
    assert said in words(response)
    assert not ImportRun.objects.exists()


def test_bad_cells_never_break_a_page(client, org):
    rows = [
        ["INC\x00", *INCIDENT_ROWS[0][1:]],
        ["INC5", "New", "x" * 1_000_000, *INCIDENT_ROWS[0][3:]],
        ["INC6", "<script>", "Site \u202eA", *INCIDENT_ROWS[0][3:]],
        ["INC7"],
        ["=1+1", "New", "@Site", *INCIDENT_ROWS[0][3:-2], "99-99-9999", "?"],
    ]
    run = upload(org, as_csv(rows) + b'INC8,"N\xed\xa0\x80"\n')
    for name in ("columns", "values", "preview", "detail"):
        assert client.get(at(name, run)).status_code == 200
    assert client.post(at("check", run)).status_code == 303
    page = client.get(at("detail", run))
    assert "&lt;script&gt;" in words(page)
    run.refresh_from_db()
    assert (run.state, run.rows_refused) == (ImportState.CHECKED, 6)
    download = b"".join(client.get(at("errors", run)).streaming_content).decode("utf-8-sig")
    assert download.splitlines()[0].startswith("Line,Problem,number,status_name")
    assert "'=1+1" in download
    assert "'@Site" in download


def test_progress_is_shown_while_it_runs_and_found_again(client, org, monkeypatch):
    monkeypatch.setattr(imports_work, "CHUNK", 1)
    monkeypatch.setattr(imports_shell, "AT_ONCE", 0.0)
    hints = []
    monkeypatch.setattr(imports_shell.work_imports, "delay", lambda: hints.append(1))
    run = upload(org)
    client.post(at("start", run))
    assert hints == [1]
    fragment = client.get(at("detail", run), headers={"HX-Request": "true"})
    assert words(fragment).lstrip().startswith('<div class="body" id="import_status"')
    assert "1 of 4 rows read" in words(fragment)
    assert 'hx-trigger="every 2s"' in words(fragment)
    while import_work(seconds=60):
        pass
    done = words(client.get(at("detail", run), headers={"HX-Request": "true"}))
    assert "hx-trigger" not in done


def test_without_a_broker_the_request_still_succeeds(client, org, monkeypatch):
    monkeypatch.setattr(imports_work, "CHUNK", 1)
    monkeypatch.setattr(imports_shell, "AT_ONCE", 0.0)

    def down() -> None:
        raise imports_shell.BrokerError("no broker")

    monkeypatch.setattr(imports_shell.work_imports, "delay", down)
    run = upload(org)
    assert client.post(at("start", run)).status_code == 303
    run.refresh_from_db()
    assert (run.state, run.task, run.rows_read) == (ImportState.RUNNING, "load", 1)


def test_a_mapping_goes_out_and_comes_back(client, org):
    run = upload(org)
    saved = client.get(at("mapping", run))
    assert json.loads(saved.content) == INCIDENT_MAPPING.to_json()
    other = ImportRun.objects.get(pk=upload(org).pk)
    answer = client.post(at("mapping", other), {"file": io.BytesIO(saved.content)})
    assert answer.status_code == 303
    for wrong in (b"{", b"[" * 100_000, b"\xff\xfe", json.dumps({"source": "x"}).encode()):
        assert client.post(at("mapping", other), {"file": io.BytesIO(wrong)}).status_code == 422


def test_the_file_can_be_read_another_way(client, org):
    send(client, as_csv(INCIDENT_ROWS, delimiter=";"))
    run = ImportRun.objects.get()
    assert run.columns == list(INCIDENTS)
    answer = client.post(at("columns", run), {"do": "reread", "encoding": "utf-8", "delimiter": ","})
    assert answer.status_code == 303
    run.refresh_from_db()
    assert len(run.columns) == 1
    assert client.get(at("columns", run)).status_code == 200
    wrong = client.post(at("columns", run), {"do": "reread", "encoding": "klingon", "delimiter": ","})
    assert wrong.status_code == 422


def test_an_owner_whom_nobody_knows_is_said(client, org):
    run = upload(org)
    form = client.get(at("values", run)).context["form"]
    names = [field.html_name for field in form if field.label == "Resolver 5"]
    answer = client.post(at("values", run), filled(form) | {names[0]: "nobody at all"})
    assert answer.status_code == 422
    assert "Nobody here has this name" in words(answer)
    answer = client.post(at("values", run), filled(form) | {names[0]: "L2_Second Example"})
    assert answer.status_code == 303
    run.refresh_from_db()
    assert run.mapping["fields"]["owner"]["values"]["Resolver 5"] == "l2_second"


def test_pages_are_for_those_who_import(org):
    run = upload(org)
    client = Client()
    client.force_login(org.agent)
    for name in ("detail", "columns", "values", "preview", "undo", "errors", "mapping"):
        assert client.get(at(name, run)).status_code == 404
    for name in ("check", "start", "undo"):
        assert client.post(at(name, run)).status_code == 404
    assert client.get(at("list")).status_code == 404
    assert client.post(at("create"), {}).status_code == 404


def test_the_list_asks_a_constant_number_of_statements(client, org, django_assert_max_num_queries):
    for _ in range(3):
        upload(org)
    with django_assert_max_num_queries(12):
        client.get(at("list"))
