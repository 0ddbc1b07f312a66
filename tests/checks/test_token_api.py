"""What is said of the API that gives tokens for passwords."""

from __future__ import annotations

import pytest
from django.apps import apps

from tests.checks.asking import BEARER, SESSIONS, codes, using

pytestmark = pytest.mark.once

TAKEN = {"ROOT_URLCONF": "tests.account_urls"}


def test_no_authenticator_of_tokens():
    only = [SESSIONS]
    assert codes(**TAKEN, SESSIONAUTH_AUTHENTICATORS=only) == ["W206"]
    assert codes(**TAKEN) == codes(SESSIONAUTH_AUTHENTICATORS=only) == []


@pytest.mark.parametrize("app", ["allauth.mfa", "django_otp", "mfa", "two_factor"])
def test_second_factor(monkeypatch, app):
    configs = [*apps.get_app_configs(), type("Config", (), {"name": app})()]
    monkeypatch.setattr(apps, "get_app_configs", lambda: configs)
    assert codes(**TAKEN) == ["W205"]
    assert codes() == []


@pytest.mark.parametrize("deploy", [False, True])
@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ({"NAME": BEARER, "OPTIONS": {"claim": "knoxx"}}, "E023"),
        (f"{BEARER}s", "E020"),
        ({"NAME": BEARER, "OPTIONS": {"claims": "knox"}}, "E022"),
    ],
    ids=["word", "class", "option"],
)
def test_authenticator_misspelt__is_all_that_is_said(entry, code, deploy):
    before = codes(**TAKEN, deploy=deploy)
    assert codes(**TAKEN, **using(SESSIONS, entry), deploy=deploy) == sorted([*before, code])
