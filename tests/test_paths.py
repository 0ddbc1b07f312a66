"""Which paths a policy speaks of; the attacks try to slip by."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path

from sessionauth import paths
from tests.project.views import untouched

pytestmark = pytest.mark.urls(__name__)

urlpatterns = [
    path("login/", LoginView.as_view(), name="login"),
    path("other-login/", LoginView.as_view()),
    path("logout/", LogoutView.as_view()),
    path(
        "desk/", include(([path("", untouched), path("login/", untouched, name="login")], "desk"), namespace="office")
    ),
    path("x/", untouched),
    path("", untouched),
]


@pytest.mark.parametrize(
    ("entry", "place", "expected"),
    [
        ("/x/", "/x/", True),
        ("/x/", "/x/y", True),
        ("/x/", "/x", False),
        ("/x", "/x", True),
        ("/x", "/x/y", True),
        ("/x", "/xy", False),
        ("^/x", "/xy", True),
        (r"^/\d+$", "/12", True),
        (r"^/\d+$", "/12/", False),
        ("office", "/desk/", True),
        ("desk", "/desk/", True),
        ("office", "/x/", False),
        ("office", "/nowhere/", False),
    ],
)
def test_matches__prefix_pattern_or_namespace(entry, place, expected, rf):
    assert paths.matches(rf.get(place), [entry]) is expected
    assert paths.matches(rf.get(place), ["/never/", "^never", entry]) is expected


def test_matches__nothing_where_nothing_is_named(rf):
    assert not paths.matches(rf.get("/x/"), [])


def test_compiled__is_kept_and_tells_of_nonsense():
    assert paths.compiled("^/x") is paths.compiled("^/x")
    with pytest.raises(re.error):
        paths.compiled("^(")


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("/login/", True),
        ("/other-login/", True),
        ("/logout/", True),
        ("/desk/login/", True),
        ("/static/x.css", True),
        ("/x/", False),
        ("/desk/", False),
        ("/nowhere/", False),
    ],
)
def test_is_exempt__ways_in_and_out_and_static_files(place, expected, rf, settings):
    settings.SESSIONAUTH_LOGIN_URLS = {"office": "office:login"}
    assert paths.is_exempt(rf.get(place)) is expected
    assert paths.is_protected(rf.get(place)) is not expected


def test_is_exempt__slash_is_the_home_page_alone(rf, settings):
    settings.SESSIONAUTH_EXEMPT = ["/"]
    assert paths.is_exempt(rf.get("/"))
    assert not paths.is_exempt(rf.get("/x/"))


@pytest.mark.parametrize("static_url", ["", None, "/", "https://cdn.example/"])
def test_is_exempt__static_files_elsewhere_open_nothing(static_url, rf, settings):
    settings.STATIC_URL = static_url
    assert not paths.is_exempt(rf.get("/x/"))


@pytest.mark.parametrize("login_url", ["", None, "nowhere-to-be-found"])
def test_is_exempt__without_a_login_page_opens_nothing(login_url, rf, settings):
    settings.LOGIN_URL = login_url
    assert not paths.is_exempt(rf.get("/x/"))


@pytest.mark.parametrize(
    ("protect", "exempt", "place", "expected"),
    [
        ([], [], "/x/", True),
        (["/x/"], [], "/x/", True),
        (["/x/"], [], "/desk/", False),
        (["/x/"], ["/x/"], "/x/", False),
        (["office"], ["/desk/open/"], "/desk/", True),
    ],
)
def test_is_protected__all_or_what_is_named_less_what_is_exempt(protect, exempt, place, expected, rf, settings):
    settings.SESSIONAUTH_PROTECT, settings.SESSIONAUTH_EXEMPT = protect, exempt
    assert paths.is_protected(rf.get(place)) is expected
