"""Imports, uses and revocations at the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.apps import apps
from django.db import connection, connections
from django.test import Client

from sessionauth.credentials import importing, sources
from sessionauth.models import AccessToken
from tests.credentials.test_importing import entry

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.urls("tests.project.ways_urls"),
    pytest.mark.usefixtures("peers"),
]

THREADS, TOKENS = 4, 40


def at_once(*acts):
    barrier = Barrier(len(acts))

    def go(act):
        try:
            connection.ensure_connection()
            barrier.wait(30)
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result(60) for future in [pool.submit(go, act) for act in acts]]


@pytest.fixture
def secrets(make_user, settings):
    settings.SESSIONAUTH_AUTHENTICATORS = [entry(["knox"])]
    model = apps.get_model("knox.AuthToken")
    return [model.objects.create(make_user(f"user{number}"))[1] for number in range(TOKENS)]


@pytest.mark.skipif(connection.vendor == "sqlite", reason="has one writer at a time")
def test_imports__at_once_make_each_row_once(secrets):
    def take_over():
        return importing.take_over(sources.source("knox"), importing.Wishes(), batch=7)

    for _ in range(3):
        at_once(*[take_over] * THREADS)
        assert AccessToken.objects.count() == TOKENS
        assert take_over()["known"] == TOKENS
        AccessToken.objects.all().delete()


def ask(secret):
    return Client().get("/tell/", headers={"Authorization": f"Token {secret}"}).status_code


@pytest.mark.skipif(connection.vendor == "sqlite", reason="has one writer at a time")
def test_first_uses__at_once_are_all_good_and_lose_no_revocation(secrets):
    importing.take_over(sources.source("knox"), importing.Wishes())
    rows = list(AccessToken.objects.order_by("user_id"))
    for number, secret in enumerate(secrets[:20]):
        if number % 2:
            *answers, ended = at_once(*[lambda secret=secret: ask(secret)] * THREADS, rows[number].revoke)
            assert ended is True
            assert set(answers) <= {200, 401}
            assert ask(secret) == 401
        else:
            assert at_once(*[lambda secret=secret: ask(secret)] * THREADS) == [200] * THREADS
            assert ask(secret) == 200
    used = AccessToken.objects.filter(pk__in=[row.pk for row in rows[:20:2]])
    assert not set(used.values_list("digest", flat=True)) & {row.digest for row in rows}
