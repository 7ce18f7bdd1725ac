"""The test bed itself: guards are really tested, and every test begins with the migrated state."""

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, connection

from journal.models import Heartbeat


@pytest.mark.django_db
def test_tests_log_in_as_the_role_that_owns_nothing():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)")
        assert cursor.fetchone() == ("belay_app", False)
        cursor.execute("SELECT count(*) FROM pg_tables WHERE tableowner = 'belay_app'")
        assert cursor.fetchone() == (0,)


@pytest.mark.django_db
@pytest.mark.parametrize("statement", ["TRUNCATE journal_event", "CREATE TABLE mine (id int)"])
def test_the_application_may_not_change_what_guards_it(statement):
    with connection.cursor() as cursor, pytest.raises(DatabaseError, match="permission denied"):
        cursor.execute(statement)


@pytest.mark.parametrize("_turn", [1, 2])
def test_a_committing_test_leaves_nothing_behind(transactional_db, _turn):
    from_migrations = (ContentType.objects.count(), Permission.objects.count())

    assert not Heartbeat.objects.filter(name="bed").exists()
    assert min(from_migrations) > 0
    Heartbeat.objects.create(name="bed", beat_at="2025-03-01T00:00:00Z")
    Permission.objects.all().delete()
