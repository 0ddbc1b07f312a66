"""People, what they may, and how they send their keys."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission

from tests.contrib.rest_framework.app import SCOPES
from tests.contrib.rest_framework.sending import CARRIERS


@pytest.fixture(autouse=True)
def _scopes(settings):
    settings.SESSIONAUTH_SCOPES = SCOPES


@pytest.fixture
def alice(make_user):
    """Who may read groups, and no more."""
    alice = make_user("alice")
    alice.user_permissions.add(Permission.objects.get(codename="view_group"))
    return alice


@pytest.fixture
def root(make_user):
    return make_user("root", is_staff=True, is_superuser=True)


@pytest.fixture(params=CARRIERS)
def carrier(request):
    return CARRIERS[request.param]
