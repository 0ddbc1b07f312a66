"""The cache of keys and tokens, and peppers."""

from __future__ import annotations

import pytest
from django.core.checks import run_checks
from django.core.checks.registry import Tags

from sessionauth import crypto
from sessionauth.models import APIKey
from tests.checks.asking import code_of, codes, hint, is_ours

REDIS = "django.core.cache.backends.redis.RedisCache"
MEMORY = "django.core.cache.backends.locmem.LocMemCache"
DUMMY = "django.core.cache.backends.dummy.DummyCache"
FILES = "django.core.cache.backends.filebased.FileBasedCache"
TABLE = "django.core.cache.backends.db.DatabaseCache"
MEMCACHED = "django.core.cache.backends.memcached.PyMemcacheCache"
ONE = "redis://one"


def said(backend=REDIS, *, location=ONE, deploy=False, options=None, **overrides):
    caches = {
        "default": {"BACKEND": MEMORY},
        "keys": {"BACKEND": backend, "LOCATION": location, "OPTIONS": options or {}},
    }
    found = codes(deploy=deploy, CACHES=caches, **{"SESSIONAUTH_KEY_CACHE": "keys", **overrides})
    return [code for code in found if code in {*(f"{kind}{number}" for kind in "EW" for number in range(185, 195))}]


@pytest.mark.once
@pytest.mark.parametrize(
    ("backend", "location", "expected"),
    [
        (REDIS, ONE, ["W191"]),
        (REDIS, [ONE], ["W191"]),
        (REDIS, [ONE, "redis://two"], ["W189", "W191"]),
        (REDIS, f"{ONE},redis://two", ["W189", "W191"]),
        (MEMCACHED, ["one", "two"], ["W191"]),
        (MEMORY, "", ["W187", "W191"]),
        (DUMMY, "", ["W186", "W191"]),
        (FILES, "/tmp/x", ["W188", "W191"]),  # noqa: S108
        (TABLE, "table", ["W188", "W191"]),
        ("nowhere.at.all", "", ["W191"]),
    ],
)
def test_cache__is_judged_by_its_kind(backend, location, expected):
    # W191: OrganisationKey of the test project is found by way of its organisation.
    assert said(backend, location=location) == expected


@pytest.mark.once
def test_no_cache__is_fine():
    assert said(DUMMY, SESSIONAUTH_KEY_CACHE=None) == []


@pytest.mark.once
def test_missing_cache__is_an_error_with_a_guess():
    assert said(SESSIONAUTH_KEY_CACHE="key") == ["E185", "W191"]
    assert "keys" in hint(
        "E185", CACHES={"default": {"BACKEND": MEMORY}, "keys": {"BACKEND": MEMORY}}, SESSIONAUTH_KEY_CACHE="key"
    )


@pytest.mark.once
@pytest.mark.parametrize(
    ("ttl", "interval", "is_long"), [(30, 60, False), (61, 60, True), (30, None, False), (90, None, True)]
)
def test_ttl__is_not_longer_than_last_used_is_exact(ttl, interval, is_long):
    found = said(SESSIONAUTH_KEY_CACHE_TTL=ttl, SESSIONAUTH_LAST_USED_INTERVAL=interval)
    assert ("W190" in found) is is_long


@pytest.mark.once
def test_credentials_that_are_always_looked_up__are_told_each(monkeypatch):
    assert said(SESSIONAUTH_USER_QUERYSET="tests.checks.things.function") == ["W191"] * 4


@pytest.mark.once
@pytest.mark.parametrize(
    ("location", "options", "expected"),
    [(ONE, {}, True), (ONE, {"socket_timeout": 1}, False), (f"{ONE}?socket_timeout=1", {}, False)],
)
def test_cache_that_may_hang__is_told_before_deployment(location, options, expected):
    assert ("W192" in said(location=location, options=options, deploy=True)) is expected
    assert "W192" not in said(location=location, options=options)


LONG = "n" * 32


@pytest.mark.once
@pytest.mark.parametrize(
    ("peppers", "count"),
    [
        ({}, 0),
        ({"2026": LONG}, 0),
        ({"2026": LONG, "2025": "o" * 40, "": ""}, 0),
        ({"": ""}, 0),
        ({"2026": "short"}, 1),
        ({"2026": ""}, 1),
        ({"2026": LONG, "2025": ""}, 1),
        ({"": LONG}, 1),
        ({"": "", "2026": LONG}, 1),
        ({"x" * 21: LONG}, 1),
    ],
)
def test_pepper__must_be_one(peppers, count):
    assert said(SESSIONAUTH_KEY_PEPPERS=peppers, SESSIONAUTH_KEY_CACHE=None) == ["E193"] * count


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("made_with", "now", "is_lost"),
    [
        ({}, {}, False),
        ({}, {"2026": LONG, "": ""}, False),
        ({}, {"2026": LONG}, True),
        ({"2026": LONG}, {"2027": "o" * 32, "2026": LONG}, False),
        ({"2026": LONG}, {"2027": "o" * 32}, True),
        ({"2026": LONG}, {}, True),
    ],
)
def test_rows_whose_pepper_is_gone__are_told(made_with, now, is_lost, settings):
    settings.SESSIONAUTH_KEY_PEPPERS = made_with
    row, secret = APIKey.objects.issue(user=None)
    settings.SESSIONAUTH_KEY_PEPPERS = now
    found = [code_of(one) for one in run_checks(tags=[Tags.database], databases=["default"]) if is_ours(one)]
    assert found == ["W194"] * is_lost
    # and so it is
    assert (row.digest in crypto.digests(secret, now)) is not is_lost
    row.revoke("lost")
    assert [one for one in run_checks(tags=[Tags.database], databases=["default"]) if is_ours(one)] == []
