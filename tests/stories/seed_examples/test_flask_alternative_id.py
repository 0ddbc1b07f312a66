"""Flask-Login's alternative tokens: an id in the session that can be changed, so that every copy of it is worthless.

There a project keeps a second id by hand. Here `logout_everywhere()` does it: users built on SessionAuthUserMixin have
a `session_identity` that is part of their session hash and is then changed; and every login session is flagged as
ended, which is how it works for any other user model and with every session engine.
"""

from __future__ import annotations

import pytest

from sessionauth import logout_everywhere
from sessionauth.models import APIKey
from sessionauth.testing import AuthClient

pytestmark = [pytest.mark.django_db, pytest.mark.every_project]


def name_at(browser):
    return browser.get("/whoami/").json()["user"]


@pytest.fixture
def ines(make_user):
    return make_user("ines")


@pytest.fixture
def browsers(ines):
    """A phone and a laptop."""
    opened = [AuthClient(), AuthClient()]
    for browser in opened:
        browser.force_login(ines)
        assert name_at(browser) == ines.get_username()
    return opened


def test_every_browser_is_signed_out(browsers, ines):
    logout_everywhere(ines, "laptop lost")
    assert [name_at(browser) for browser in browsers] == [None, None]


def test_one_can_sign_in_again(browsers, ines):
    logout_everywhere(ines)
    browsers[0].force_login(ines)
    assert name_at(browsers[0]) == ines.get_username()
    assert name_at(browsers[1]) is None


def test_others_stay(browsers, make_user):
    logout_everywhere(make_user("jan"))
    assert None not in [name_at(browser) for browser in browsers]


def test_programs_stay(browsers, ines):
    _, secret = APIKey.objects.issue(user=ines)
    logout_everywhere(ines)
    assert AuthClient(headers={"X-Api-Key": secret}).get("/whoami/").json()["user"] == ines.get_username()


def test_the_identity_changes_where_the_model_has_one(ines):
    before = ines.get_session_auth_hash()
    assert getattr(ines, "session_identity", "") == ""
    logout_everywhere(ines)
    changed = type(ines).objects.get(pk=ines.pk).get_session_auth_hash() != before
    assert changed is hasattr(ines, "session_identity")
