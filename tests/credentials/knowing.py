"""Asks with keys and tokens where there is a cache of credentials."""

from __future__ import annotations

import json

from django.core.cache import caches

from sessionauth import crypto
from sessionauth.credentials import cache
from sessionauth.models import tombstones
from sessionauth.models.credentials import models_by_kind
from tests.asking import Sent, ask, counted


def get(secret, view="/known/", way="wsgi", **headers):
    """Return status, facts and the number of queries."""
    with counted() as statements:
        answer = ask(way, view, Sent({"X-Api-Key": secret, **headers}))
    return answer.status, json.loads(answer.body), len(statements)


def warm(secret):
    """Let the cache know `secret`, and return what its view tells."""
    assert get(secret)[0] == 200
    status, told, queries = get(secret)
    assert (status, queries) == (200, 0)
    return told


def hit(secret):
    """Return the row that the cache gives for `secret`."""
    return cache.find(models_by_kind()[secret.split("_")[1]], crypto.parse(secret, "sa")).row


def entries():
    """Return what the cache holds, by its key."""
    rows = [row for model in models_by_kind().values() for row in model.objects.all()]
    return caches["default"].get_many([tombstones.key_of(row.digest, "default") for row in rows])


def saved(row, **fields):
    """Save `row` with `fields`."""
    for name, value in fields.items():
        setattr(row, name, value)
    row.save()
