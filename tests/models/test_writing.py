"""Writing what a request must not fail over."""

from __future__ import annotations

import pytest
from django.db import OperationalError, connection, transaction

from sessionauth.models.writing import TIMES, retrying

pytestmark = pytest.mark.django_db(transaction=True)


class Psycopg(Exception):
    sqlstate = "40P01"


def mariadbs():
    return OperationalError(1213, "Deadlock found when trying to get lock")


def postgresqls():
    error = OperationalError("deadlock detected")
    error.__cause__ = Psycopg()
    return error


def failing(times, error):
    asked = []

    def act():
        asked.append(1)
        if len(asked) <= times:
            raise error
        return len(asked)

    return act, asked


@pytest.mark.parametrize("make", [mariadbs, postgresqls])
def test_deadlock__is_tried_again(make):
    act, _ = failing(2, make())
    assert retrying(act, connection.alias) == 3


def test_deadlock__is_not_tried_for_ever():
    act, asked = failing(100, mariadbs())
    with pytest.raises(OperationalError):
        retrying(act, connection.alias)
    assert len(asked) == TIMES + 1


@pytest.mark.parametrize("error", [OperationalError("gone away"), OperationalError(2006), OperationalError()])
def test_other_trouble__is_not_tried_again(error):
    act, asked = failing(1, error)
    with pytest.raises(OperationalError):
        retrying(act, connection.alias)
    assert len(asked) == 1


def test_deadlock__in_a_transaction_is_the_transactions():
    """It has been rolled back as a whole."""
    act, asked = failing(1, mariadbs())
    with pytest.raises(OperationalError), transaction.atomic():
        retrying(act, connection.alias)
    assert len(asked) == 1
