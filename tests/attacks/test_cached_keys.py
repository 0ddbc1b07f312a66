"""Real processes with one cache: what one has revoked, no other lets in, however they race."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from django.core.cache import caches
from django.db import connection, transaction
from django.utils import timezone

from sessionauth.models import APIKey
from tests.project.run import ROOT

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.usefixtures("key_cache")]

RACES = 1000
REFUSED, KNOWN = "401", "200 0"


@pytest.fixture
def key_cache(settings):
    settings.SESSIONAUTH_KEY_CACHE = "default"
    settings.SESSIONAUTH_LAST_USED_INTERVAL = None


class Asker:
    """Another process of the site."""

    def __init__(self, process):
        self.process = process
        assert process.stdout.readline() == "ready\n"

    def send(self, secret):
        self.process.stdin.write(f"{secret}\n")
        self.process.stdin.flush()

    def answer(self):
        return self.process.stdout.readline().strip()

    def ask(self, secret):
        self.send(secret)
        return self.answer()


@contextmanager
def asker() -> Iterator[Asker]:
    command = [sys.executable, "-m", "tests.credentials.asker", str(connection.settings_dict["NAME"])]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.project.settings"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, env=environment, **pipes) as process:
        try:
            yield Asker(process)
        finally:
            process.stdin.close()
            process.wait(20)


@pytest.fixture
def askers():
    if connection.vendor != "postgresql" or "redis" not in type(caches["default"]).__module__:
        pytest.skip("needs a database and a cache that processes share")
    with ExitStack() as stack:
        yield [stack.enter_context(asker()) for _ in range(2)]


def by_row(row):
    row.revoke("lost")


def by_update(row):
    APIKey.objects.filter(pk=row.pk).update(revoked_at=timezone.now())


def in_a_transaction(row):
    with transaction.atomic():
        row.revoke("lost")
        time.sleep(random.random() / 500)  # noqa: S311


def by_deletion(row):
    row.delete()


def by_deactivation(row):
    row.user.is_active = False
    row.user.save()


def test_revoked_key__is_refused_by_every_other_process_from_the_next_request_on(askers, make_user):
    first, second = askers
    for number, revoke in enumerate((by_row, by_update, in_a_transaction, by_deletion, by_deactivation)):
        row, secret = APIKey.objects.issue(user=make_user(f"user{number}"))
        assert first.ask(secret)[:3] == "200"
        assert [one.ask(secret) for one in askers] == [KNOWN, KNOWN]
        revoke(row)
        assert [second.ask(secret)[:3], first.ask(secret)[:3]] == [REFUSED, REFUSED], revoke.__name__


def test_thousand_races_of_revoking_and_knowing__are_won_by_revoking(askers, make_user):
    """Both processes are told of the key while it is revoked; whatever they found, the next request is refused."""
    alice, answers, ways = make_user("alice"), [], (by_row, by_update, in_a_transaction)
    for number in range(RACES):
        row, secret = APIKey.objects.issue(user=alice)
        if number % 4 == 0:
            askers[0].ask(secret)  # known already; otherwise it is looked up right now
        for one in askers:
            one.send(secret)
        time.sleep(random.random() / 1000)  # noqa: S311
        ways[number % 3](row)
        answers += [one.answer()[:3] for one in askers]
        assert [one.ask(secret)[:3] for one in askers] == [REFUSED, REFUSED], number
    # They did race: some came before, some after.
    assert {"200", REFUSED} == set(answers)
