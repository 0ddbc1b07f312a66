"""A project about which the checks have nothing to say."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model


@pytest.fixture(autouse=True)
def _login_knows_its_backend(monkeypatch):
    monkeypatch.setattr(get_user_model(), "backend", "django.contrib.auth.backends.ModelBackend", raising=False)
