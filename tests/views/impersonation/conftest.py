"""A site on which Sue of support may act as customers, and look."""

from __future__ import annotations

import pytest

from sessionauth.testing import AuthClient
from tests.views.impersonation.acting import AUTHENTICATION, HTML, IMPERSONATION, permit


@pytest.fixture(autouse=True)
def _site(settings):
    place = settings.MIDDLEWARE.index(AUTHENTICATION) + 1
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:place], IMPERSONATION, *settings.MIDDLEWARE[place:]]
    settings.LOGIN_REDIRECT_URL = "/whoami/"


@pytest.fixture
def sue(make_user):
    """Somebody of support, who may act as customers and look."""
    sue = make_user("sue")
    permit(sue, "impersonate")
    return sue


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.fixture
def page(sue):
    """The browser of Sue, in which pages are asked for."""
    client = AuthClient(headers=HTML)
    client.force_login(sue)
    return client


@pytest.fixture
def strict(sue):
    """A browser whose forms are checked as those of real ones."""
    client = AuthClient(enforce_csrf_checks=True, headers=HTML)
    client.force_login(sue)
    return client
