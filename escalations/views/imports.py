"""The pages of an import, from the file to its end: columns, values, preview, progress, undo."""

import json

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from escalations.access import check_imports, import_for
from escalations.domain.importing import MappingInvalid, mapping_from_json
from escalations.errors import Refused
from escalations.forms.imports import ColumnsForm, FormatForm, ImportFileForm, MappingFileForm, ValuesForm
from escalations.models import ImportRun
from escalations.selectors.imports import error_rows, preview_rows, status_context, undo_outlook
from escalations.services import imports
from escalations.services.import_books import import_choices
from escalations.services.import_files import TableRefused
from escalations.views.answers import refuse, service_answers
from escalations.views.imports_shell import go_on, ready_form, tabs_for
from web.clock import page_now
from web.exports import csv_response
from web.http import form_methods, invalid, page_or_fragment, redirect_to
from web.pagination import paginate

PAGE = 30
MAPPING_LIMIT = 2_000_000  # bytes


def _to(request: HttpRequest, name: str, run: ImportRun) -> HttpResponse:
    return redirect_to(request, reverse(f"escalations:{name}", args=[run.pk]))


@require_safe
def import_list(request: HttpRequest) -> HttpResponse:
    """All imports, the latest first."""
    check_imports(request.user)
    runs = ImportRun.objects.select_related("created_by").defer("profile", "mapping", "report")
    page = paginate(runs, ordering=("-created_at", "-pk"), cursor=request.GET.get("cursor", ""), size=PAGE)
    return render(request, "escalations/import_list.html", {"page": page})


@form_methods
@service_answers
def import_create(request: HttpRequest) -> HttpResponse:
    """Upload a file. What is wrong with it is said at once."""
    check_imports(request.user)
    form = ImportFileForm(request.POST or None, request.FILES or None)
    if request.method != "POST":
        return render(request, "escalations/import_create.html", {"form": form})
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            return _to(request, "import_columns", imports.import_upload(by=request.user, file=file, name=file.name))
        except Refused as error:
            refuse(form, error)
    return invalid(request, "escalations/import_create.html", "escalations/_import_create.html", {"form": form})


@form_methods
@service_answers
def import_columns(request: HttpRequest, pk: int) -> HttpResponse:
    """Map the columns; or, with `do=reread`, read the file another way."""
    run = import_for(request.user, pk)
    shape = FormatForm(request.POST if request.POST.get("do") == "reread" else None, run=run)
    if shape.is_bound and shape.is_valid():
        try:
            imports.import_reread(run=run, by=request.user, how=shape.wanted())
            return _to(request, "import_columns", run)
        except Refused as error:
            refuse(shape, error)
    form = ColumnsForm(
        None if shape.is_bound else request.POST or None,
        run=run, mapping=mapping_from_json(run.mapping), choices=import_choices(), now=page_now(request),
    )  # fmt: skip
    if form.is_bound and form.is_valid():
        try:
            run = imports.import_map(run=run, by=request.user, mapping=form.result())
            return _to(request, "import_values", run)
        except MappingInvalid as error:
            form.refuse(error)
    context = {
        "run": run, "form": form, "shape": shape, "tabs": tabs_for(run, "columns"), "upload": MappingFileForm(),
        "examples": [(name, run.profile.get("examples", {}).get(name, [])) for name in run.columns],
    }  # fmt: skip
    page, part = "escalations/import_columns.html", "escalations/_import_columns.html"
    if form.is_bound or shape.is_bound:
        return invalid(request, page, part, context)
    return page_or_fragment(request, page, part, context)


@form_methods
@service_answers
def import_values(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what the words of the mapped columns mean here."""
    run = import_for(request.user, pk)
    form = ValuesForm(request.POST or None, run=run, mapping=mapping_from_json(run.mapping), choices=import_choices())
    if form.is_bound and form.is_valid():
        try:
            return _to(request, "import_preview", imports.import_map(run=run, by=request.user, mapping=form.result()))
        except MappingInvalid as error:
            for _, text in error.problems:
                form.add_error(None, text)
    context = {"run": run, "form": form, "tabs": tabs_for(run, "values")}
    page, part = "escalations/import_values.html", "escalations/_import_values.html"
    if form.is_bound:
        return invalid(request, page, part, context)
    return page_or_fragment(request, page, part, context)


@require_safe
def import_preview(request: HttpRequest, pk: int) -> HttpResponse:
    """The first rows as the tickets that they would become."""
    run = import_for(request.user, pk)
    context = {"run": run, "tabs": tabs_for(run, "preview"), "rows": [], "problem": ""}
    try:
        context["rows"] = preview_rows(run, choices=import_choices(), now=page_now(request))
    except TableRefused as error:
        context["problem"] = str(error)
    except FileNotFoundError:
        context["problem"] = "The uploaded file is gone."
    return render(request, "escalations/import_preview.html", context)


@require_safe
def import_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """How far it is, and what became of it. While something is under way, htmx asks again."""
    run = import_for(request.user, pk)
    context = status_context(run, request.user) | {"tabs": tabs_for(run, "detail")}
    return page_or_fragment(request, "escalations/import_detail.html", "escalations/_import_status.html", context)


@require_POST
@service_answers
def import_check(request: HttpRequest, pk: int) -> HttpResponse:
    """Dry run: every row, nothing written."""
    run = import_for(request.user, pk)
    with ready_form():
        imports.import_check(run=run, by=request.user)
    go_on(run)
    return _to(request, "import_detail", run)


@require_POST
@service_answers
def import_start(request: HttpRequest, pk: int) -> HttpResponse:
    """The real run; a failed one goes on."""
    run = import_for(request.user, pk)
    with ready_form():
        imports.import_start(run=run, by=request.user)
    go_on(run)
    return _to(request, "import_detail", run)


@form_methods
@service_answers
def import_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the import back: first what that means, then the act."""
    run = import_for(request.user, pk)
    if request.method == "POST":
        imports.import_undo(run=run, by=request.user)
        go_on(run)
        return _to(request, "import_detail", run)
    outlook = undo_outlook(run)
    context = {"run": run, "outlook": outlook, "gone": outlook["there"] - outlook["kept"]}
    return render(request, "escalations/import_undo.html", context)


@require_safe
def import_errors(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The refused rows as CSV, in the file's own columns, so that they can be put right and imported again."""
    run = import_for(request.user, pk)
    rows = (
        [
            row.number, "; ".join(f"{column}: {text}" if column else text for column, text in row.errors),
            *row.values[: len(run.columns)],
        ]
        for row in error_rows(run).iterator(chunk_size=500)
    )  # fmt: skip
    header = ["Line", "Problem", *run.columns]
    return csv_response(f"import-{run.pk}-refused", header, rows, zone=timezone.get_current_timezone())


@form_methods
@service_answers
def import_mapping(request: HttpRequest, pk: int) -> HttpResponse:
    """Download the mapping as JSON, or take one from a file."""
    run = import_for(request.user, pk)
    if request.method != "POST":
        text = json.dumps(mapping_from_json(run.mapping).to_json(), indent=2, ensure_ascii=False)
        response = HttpResponse(text, content_type="application/json; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="import-{run.pk}-mapping.json"'
        return response
    form = MappingFileForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            data = json.loads(form.cleaned_data["file"].read(MAPPING_LIMIT).decode("utf-8-sig"))
            imports.import_map(run=run, by=request.user, mapping=mapping_from_json(data))
            return _to(request, "import_values", run)
        except (ValueError, RecursionError):
            form.add_error("file", "This is no JSON file of a mapping.")
        except MappingInvalid as error:
            form.add_error("file", " ".join(f"{key}: {text}" if key else text for key, text in error.problems))
    context = {"run": run, "form": form}
    return invalid(request, "escalations/import_mapping.html", "escalations/_import_mapping.html", context)
