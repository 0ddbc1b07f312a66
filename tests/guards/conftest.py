"""What tests of guards have in common: somebody to sign in, and both ways of asking."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import aauthenticate, authenticate

from sessionauth.backends import averify, verify

CHECKS = {"sync": verify, "async": async_to_sync(averify)}
CALLS = {"sync": authenticate, "async": async_to_sync(aauthenticate)}


@pytest.fixture(params=CHECKS.values(), ids=list(CHECKS))
def check(request):
    """`verify()` and its twin, which raise what a guard raises."""
    return request.param


@pytest.fixture(params=CALLS.values(), ids=list(CALLS))
def call(request):
    """Django's `authenticate()` and its twin, which only say whether."""
    return request.param


@pytest.fixture
def alice(make_user):
    return make_user("alice")
