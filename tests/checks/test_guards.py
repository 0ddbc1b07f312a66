"""Guards, counters and proxies."""

from __future__ import annotations

import pytest

from sessionauth.guards import LoginGuard
from tests.checks.asking import codes
from tests.guards.entries import ACTIVE, LOCKOUT, NETWORK, rate

pytestmark = pytest.mark.once

HERE = __name__
MODEL = "django.contrib.auth.backends.ModelBackend"
REDIS = "django.core.cache.backends.redis.RedisCache"


def sound(request, user): ...


async def asound(request, user): ...


def factory(times):
    return sound


def of_nothing(): ...


def nonsense_factory(times):
    return 5


class Sound(LoginGuard): ...


NUMBER = 5


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (f"{HERE}.sound", []),
        (f"{HERE}.asound", []),
        (f"{HERE}.Sound", []),
        ({"NAME": f"{HERE}.factory", "OPTIONS": {"times": 3}}, []),
        (rate("address", "5/m", except_networks=["10.0.0.0/8"]), []),
        ({"NAME": NETWORK, "OPTIONS": {"allow": ["10.0.0.0/8"]}}, []),
        (f"{HERE}.nowhere", ["E160"]),
        (f"{HERE}.NUMBER", ["E161"]),
        ({"NAME": f"{HERE}.nonsense_factory", "OPTIONS": {"times": 3}}, ["E161"]),
        ({"NAME": f"{HERE}.Sound", "OPTIONS": {"mood": 3}}, ["E161"]),
        (rate("address", "5/w"), ["E161"]),
        (rate("ip"), ["E161"]),
        (rate("address", unless="nowhere.at_all"), ["E161"]),
        (rate("address", except_networks="10.0.0.0/8"), ["E161"]),
        ({"NAME": NETWORK, "OPTIONS": {"deny": ["10.0.0.0/99"]}}, ["E161"]),
        (f"{HERE}.of_nothing", ["E162"]),
    ],
)
def test_guards(entry, expected):
    assert codes(SESSIONAUTH_LOGIN_GUARDS=[LOCKOUT, ACTIVE, entry]) == expected


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ({"SESSIONAUTH_LOCKOUT_LIMIT": 100}, []),
        ({"SESSIONAUTH_LOCKOUT_LIMIT": 101}, ["E163"]),
        ({"SESSIONAUTH_CACHE": "locmem"}, []),
        ({"SESSIONAUTH_CACHE": "nowhere"}, ["E164"]),
        ({"SESSIONAUTH_KEY_FAILURE_RATE": "60"}, ["E165"]),
        ({"SESSIONAUTH_KEY_FAILURE_RATE": None}, []),
        ({"SESSIONAUTH_MAIL_RATE": "twenty"}, ["E165"]),
        ({"SESSIONAUTH_MAIL_RATE": None}, []),
        ({"SESSIONAUTH_LOGIN_GUARDS": [ACTIVE], "AUTHENTICATION_BACKENDS": [MODEL]}, ["W166"]),
        ({"AUTHENTICATION_BACKENDS": [MODEL]}, []),
        ({"SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https")}, ["W167"]),
        ({"USE_X_FORWARDED_HOST": True}, ["W167"]),
        ({"USE_X_FORWARDED_HOST": True, "SESSIONAUTH_TRUSTED_PROXIES": 1}, []),
        ({"USE_X_FORWARDED_HOST": True, "SESSIONAUTH_TRUSTED_PROXIES": ["10.0.0.0/8"]}, []),
    ],
)
def test_settings(overrides, expected):
    assert codes(**overrides) == expected


def deploy(**overrides):
    """What `check --deploy` says of guards that are on and counted in Redis."""
    cache = {"BACKEND": REDIS, "LOCATION": "redis://nowhere", "OPTIONS": {"socket_timeout": 1}}
    settings = {"CACHES": {"default": cache}, "SESSIONAUTH_CACHE": "default", "RATELIMIT_USE_CACHE": "default"}
    settings |= overrides
    return [code for code in codes(deploy=True, **settings) if code[1:3] in ("16", "17")]


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ({}, []),
        ({"SESSIONAUTH_LOGIN_GUARDS": [ACTIVE]}, ["W168"]),
        ({"SESSIONAUTH_GUARDS_ENABLED": False}, ["E169"]),
        ({"RATELIMIT_ENABLE": False}, ["W170"]),
        ({"RATELIMIT_USE_CACHE": "other"}, ["W170"]),
        ({"CACHES": {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}}, ["W170"]),
        ({"CACHES": {"default": {"BACKEND": "nowhere.Cache"}}}, ["W170"]),
        ({"SESSIONAUTH_GUARD_ON_CACHE_ERROR": "allow"}, ["W171"]),
        ({"CACHES": {"default": {"BACKEND": REDIS, "LOCATION": "redis://nowhere"}}}, ["W172"]),
        ({"AUTHENTICATION_BACKENDS": [MODEL], "RATELIMIT_ENABLE": False}, []),
    ],
)
def test_deploy(overrides, expected):
    assert deploy(**overrides) == expected
