"""Small tables of tickets in the shapes of several products, made here, and the mappings that read them."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from openpyxl import Workbook

from escalations.domain.import_dates import DateOrder
from escalations.domain.importing import Mapping, Rule

INCIDENTS = (
    "number", "status_name", "site", "raised_by", "area", "symptom", "urgency", "queue", "handler", "raised", "touched",
)  # fmt: skip
INCIDENT_ROWS: list[list[str]] = [
    line.split("|")
    for line in (
        "INC1|New|Site A|Caller 1|Network|Slow|3 - Moderate|Group 7|?|29-02-2016 06:38|29-02-2016 07:00",
        "INC2|Active|Site A|Caller 2|Mail|?|2 - High|Group 9|Resolver 5|01-03-2016 10:00|02-03-2016 11:00",
        "INC3|Awaiting User Info|Site B|Caller 1|Mail|Lost|1 - Critical|Group 9|l2_first|01-03-2016 12:00|?",
        "INC4|Closed|Site B|?|Disk|Full|4 - Low|Group 7|?|01-02-2016 12:00|03-02-2016 12:00",
    )
]
INCIDENT_MAPPING = Mapping(
    source="otherdesk",
    dates=DateOrder.DMY,
    zone="Europe/Berlin",
    rules={
        "external_id": Rule(column="number"),
        "subject": Rule(pattern="{area}: {symptom}", default="No subject"),
        "customer": Rule(column="site"),
        "contact": Rule(column="raised_by"),
        "state": Rule(
            column="status_name",
            values={"New": "new", "Active": "open", "Awaiting User Info": "waiting_customer", "Closed": "closed"},
        ),
        "priority": Rule(
            column="urgency", values={"1 - Critical": "1", "2 - High": "2", "3 - Moderate": "3", "4 - Low": "4"}
        ),
        "team": Rule(column="queue", values={"Group 7": "front", "Group 9": "integrations"}),
        "owner": Rule(column="handler", others=""),
        "opened_at": Rule(column="raised"),
        "last_contact_at": Rule(column="touched"),
    },
)


def as_csv(
    rows: Iterable[Sequence[str]], header: Sequence[str] = INCIDENTS, *, encoding: str = "utf-8", delimiter: str = ","
) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


def as_xlsx(rows: Iterable[Sequence[Any]], header: Sequence[str] = INCIDENTS) -> bytes:
    book = Workbook()
    sheet = book.active
    sheet.append(list(header))
    for row in rows:
        sheet.append(list(row))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def many(count: int) -> list[list[str]]:
    """So many open tickets, each its own."""
    return [[f"INC{n}", "Active", f"Site {n % 7}", f"Caller {n % 11}", *INCIDENT_ROWS[1][4:]] for n in range(count)]


def with_rule(key: str, rule: Rule, mapping: Mapping = INCIDENT_MAPPING) -> Mapping:
    return replace(mapping, rules={**mapping.rules, key: rule})


# The shape of a help desk that exports for Americans: month first, texts as columns, tags as words.
TICKETS = (
    "Id", "Subject", "Body", "Requester", "Requester email", "Organization", "Status", "Priority", "Group", "Assignee",
    "Created at", "Solved at", "VIP", "Amount",
)  # fmt: skip
TICKET_ROWS: list[list[Any]] = [
    [101, "Cannot log in", "Since Monday.\nAlways.", "Ada Kern", "ada@kern.example", "Kern Ltd", "open", "Urgent",
     "Tier 1", "L1_First Example", datetime(2024, 2, 3, 9, 30), None, True, 1250.5],
    [102, "Invoice wrong", "Twice.", "Bo Lind", "", "Lind AB", "solved", "normal", "Tier 1", None,
     datetime(2024, 2, 4, 10, 0), datetime(2024, 2, 5, 11, 0), False, None],
]  # fmt: skip
