"""What is said of the API that gives tokens for passwords."""

from __future__ import annotations

import pytest
from django.apps import apps

from tests.checks.asking import SESSIONS, codes

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
