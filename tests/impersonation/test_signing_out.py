"""Signing out while acting as somebody else: one is oneself again, and is told so, for one is still signed in."""

from __future__ import annotations

import pytest

from sessionauth.models import Impersonation
from tests.impersonation.conftest import IMPERSONATION

pytestmark = pytest.mark.django_db

ENDED = "/account/impersonation/ended/"
#: Our page, Django's with a page to go to, the admin's, and a view of a project's own.
PAGES = ["/account/logout/", "/logout/", "/admin/logout/", "/sign-out/"]


@pytest.fixture(autouse=True)
def _writing(settings):
    settings.SESSIONAUTH_IMPERSONATION_READ_ONLY = False


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(("more", "is_staff"), [({}, False), ({"next": "/untouched/"}, True)])
def test_page__leads_to_the_one_that_says_who_is_there(browser, root, alice, path, more, is_staff):
    alice.is_staff = is_staff  # the admin signs nobody else out
    alice.save()
    row = browser.begin(alice)
    answer = browser.post(path, more, accept="text/html")
    assert (answer.status_code, answer.headers["Location"]) == (302, ENDED)
    row.refresh_from_db()
    assert row.end_reason == "logout"
    page = browser.get(ENDED, accept="text/html").content.decode()
    assert "You are still signed in" in page
    assert root.get_username() in page
    assert 'action="/account/logout/"' in page
    # Its button does what it says.
    assert browser.post("/account/logout/", accept="text/html").status_code == 200
    assert browser.who()["user"] is None


@pytest.mark.parametrize("path", ["/login/", "/sign-in/"])
def test_page__not_after_somebody_has_signed_in_besides(browser, alice, make_user, password, path):
    bob = make_user("bob")
    browser.begin(alice)
    data = {"username": bob.get_username(), "password": password, "user": bob.pk}
    assert browser.post(path, data, accept="text/html").headers.get("Location") != ENDED
    assert browser.who()["user"] == bob.get_username()


@pytest.mark.parametrize("path", PAGES)
def test_page__without_impersonation_as_ever(browser, path):
    assert browser.post(path, accept="text/html").headers.get("Location") != ENDED
    assert browser.who()["user"] is None


def test_page__says_so_itself_where_ours_are_not_among_the_urls(browser, root, alice, settings):
    browser.begin(alice)
    token = browser.form()
    settings.ROOT_URLCONF = "tests.impersonation.bare_site"
    answer = browser.post("/sign-out/", token=token, accept="text/html")
    assert answer.status_code == 200
    assert "You are still signed in" in answer.content.decode()
    assert browser.who()["user"] == root.get_username()


def test_json__of_the_session_says_who_is_there(browser, root, alice):
    for method, path in (("delete", "/account/session/"), ("post", "/account/logout/")):
        browser.begin(alice)
        answer = browser.ask(method, path, **{"x-csrftoken": browser.form()})
        told = answer.json()
        assert (answer.status_code, told["user"]["id"], told["state"]) == (200, str(root.pk), "fresh")
        assert not Impersonation.objects.filter(ended_at=None).exists()
        # The document's token is that of the next request.
        assert browser.post("/act/", token=told["csrf_token"]).status_code == 200
    answer = browser.ask("delete", "/account/session/", **{"x-csrftoken": browser.form()})
    assert answer.status_code == 204
    assert browser.who()["user"] is None


def test_json__of_others_stays_as_it_is(browser, alice):
    browser.begin(alice)
    assert browser.post("/sign-out/").content == b"nobody"


def test_question__of_the_logout_page_is_whether_to_stop(browser, root, alice):
    browser.begin(alice)
    page = browser.get("/account/logout/", accept="text/html").content.decode()
    assert f"Stop acting as {alice.get_username()}?" in page
    assert "stay signed in" in page
    assert root.get_username() in page


def test_page__in_a_project_without_impersonation(browser, settings):
    settings.MIDDLEWARE = [path for path in settings.MIDDLEWARE if path != IMPERSONATION]
    assert browser.get("/account/logout/", accept="text/html").status_code == 405
    assert browser.post("/account/logout/", accept="text/html").status_code == 200
