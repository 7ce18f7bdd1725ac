from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db.models import F, QuerySet
from hypothesis import given
from hypothesis import strategies as st

from web.pagination import BAD_CURSOR, Page, paginate

pytestmark = pytest.mark.django_db
ZONES = ["UTC", "Europe/Berlin", "Asia/Kathmandu"]


@pytest.fixture
def people() -> QuerySet[Any]:
    user = get_user_model()
    start = datetime(2025, 4, 24, tzinfo=UTC)
    user.objects.bulk_create(
        user(
            username=f"p{n:02}",
            email=f"p{n:02}@belay.example",
            full_name=f"Person {n:02}",
            time_zone=ZONES[n % 3],
            date_joined=start + timedelta(minutes=n // 4),
        )
        for n in range(23)
    )
    return user.objects.filter(username__startswith="p")


ORDERINGS = [
    ("date_joined", "pk"),
    ("-date_joined", "-pk"),
    ("time_zone", "-date_joined", "pk"),
    ("-time_zone", "username"),
    ("username",),
]


def walk(rows: QuerySet[Any], ordering: tuple[str, ...], size: int) -> list[Page[Any]]:
    pages, cursor = [], ""
    while True:
        page = paginate(rows, ordering=ordering, cursor=cursor, size=size)
        pages.append(page)
        cursor = page.next
        if not cursor:
            return pages


@pytest.mark.parametrize("ordering", ORDERINGS)
@pytest.mark.parametrize("size", [1, 7, 23, 50])
def test_every_row_once_and_in_order(people: QuerySet[Any], ordering: tuple[str, ...], size: int) -> None:
    seen = [row.pk for page in walk(people, ordering, size) for row in page.rows]
    assert seen == list(people.order_by(*ordering).values_list("pk", flat=True))


@pytest.mark.parametrize("ordering", ORDERINGS)
def test_back_is_the_way_one_came(people: QuerySet[Any], ordering: tuple[str, ...]) -> None:
    pages = walk(people, ordering, 5)
    back = paginate(people, ordering=ordering, cursor=pages[-1].previous, size=5)
    assert [row.pk for row in back.rows] == [row.pk for row in pages[-2].rows]
    assert back.next
    assert paginate(people, ordering=ordering, cursor=pages[1].previous, size=5).previous == ""


def test_one_statement_a_page(people: QuerySet[Any], django_assert_num_queries: Any) -> None:
    first = paginate(people, ordering=("username",), size=5)
    with django_assert_num_queries(1):
        paginate(people, ordering=("username",), cursor=first.next, size=5)


def test_one_direction_is_one_row_comparison(people: QuerySet[Any], django_assert_num_queries: Any) -> None:
    first = paginate(people, ordering=("date_joined", "pk"), size=5)
    with django_assert_num_queries(1) as queries:
        paginate(people, ordering=("date_joined", "pk"), cursor=first.next, size=5)
    assert '"date_joined", "accounts_user"."id") > (' in queries[0]["sql"]


def test_an_annotation_can_order(people: QuerySet[Any]) -> None:
    rows = people.annotate(since=F("date_joined"))
    seen = [row.pk for page in walk(rows, ("since", "pk"), 4) for row in page.rows]
    assert seen == list(people.order_by("date_joined", "pk").values_list("pk", flat=True))


def test_new_rows_do_not_shift_the_next_page(people: QuerySet[Any]) -> None:
    first = paginate(people, ordering=("username",), size=5)
    get_user_model().objects.create(username="p00a", full_name="New", email="new@belay.example")
    second = paginate(people, ordering=("username",), cursor=first.next, size=5)
    assert second.rows[0].username == "p05"


def test_a_cursor_of_another_ordering_is_refused(people: QuerySet[Any]) -> None:
    other = paginate(people, ordering=("-username",), size=5).next
    page = paginate(people, ordering=("username",), cursor=other, size=5)
    assert page.notice == BAD_CURSOR
    assert page.rows[0].username == "p00"


@given(st.text(max_size=200))
def test_no_cursor_breaks_the_page(cursor: str) -> None:
    page = paginate(get_user_model().objects.all(), ordering=("username",), cursor=cursor, size=5)
    assert page.notice == (BAD_CURSOR if cursor else "")


def test_a_changed_cursor_is_refused(people: QuerySet[Any]) -> None:
    cursor = paginate(people, ordering=("username",), size=5).next
    assert paginate(people, ordering=("username",), cursor=cursor[:-1] + "x", size=5).notice == BAD_CURSOR
