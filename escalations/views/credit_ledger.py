"""The ledger of service credits, and its file."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import Role
from escalations.choices import EntryKind
from escalations.credit_access import check_ledger
from escalations.selectors import credit_ledger as ledger
from web.clock import page_now
from web.columns import Columns
from web.exports import csv_response, xlsx_response
from web.formats import counted

EXPORTED = Columns(*(column for column in ledger.COLUMNS if column.exported))


@require_safe
def credit_ledger(request: HttpRequest) -> HttpResponse:
    """Every credit issued and reversed that fits the filters, newest first, with the sums of all of them."""
    check_ledger(request.user)
    now, zone = page_now(request), timezone.get_current_timezone()
    chosen = ledger.Filters.of(request.GET)
    rows = ledger.entries(request.user, chosen, zone)
    page = ledger.page_of(rows, request.GET.get("cursor", ""))
    columns = ledger.COLUMNS.choose()
    context = {
        "chosen": chosen, "page": page, "columns": columns, "totals": ledger.totals(rows),
        "rows": list(columns.rows(ledger.lines_of(page.rows, zone=zone, now=now))),
        "summary": counted(len(page.rows), "line"), "kinds": EntryKind.choices,
        "roles": Role.objects.order_by("rank", "name"), "filtered": chosen != ledger.Filters(),
        "query": request.GET.urlencode(),
    }  # fmt: skip
    return render(request, "escalations/credit_ledger.html", context)


@require_safe
def credit_export(request: HttpRequest) -> HttpResponseBase:
    """Exactly the filtered ledger as a file, every column. `?format=xlsx` or csv."""
    check_ledger(request.user)
    now, zone = page_now(request), timezone.get_current_timezone()
    rows = ledger.entries(request.user, ledger.Filters.of(request.GET), zone).order_by("-at", "-pk")
    lines = EXPORTED.export_rows(ledger.lines_of(rows.iterator(chunk_size=1000), zone=zone, now=now))
    respond = xlsx_response if request.GET.get("format") == "xlsx" else csv_response
    return respond(f"credits-{now.astimezone(zone):%Y-%m-%d-%H%M}", EXPORTED.header(), lines, zone=zone)
