"""The API where credentials are looked up in the cache first: whatever holds without it holds."""

from __future__ import annotations

import pytest

from tests.views.api.test_credentials import *  # noqa: F403
from tests.views.api.test_tokens import *  # noqa: F403

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.account_urls")]


@pytest.fixture(autouse=True)
def _cached(settings):
    settings.SESSIONAUTH_KEY_CACHE = "default"
