"""Which paths a policy speaks of; the attacks try to slip by."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import URLPattern, URLResolver, include, path

from sessionauth import paths
from tests.project.views import untouched

pytestmark = pytest.mark.urls(__name__)


class Wandering(URLPattern):
    """Leads to another view than it says."""

    def resolve(self, place):
        match = super().resolve(place)
        if match is not None:
            match.func = LoginView.as_view()
        return match


def give(request):
    raise AssertionError


give.sessionauth_way_in = ("POST",)

urlpatterns = [
    path("login/", LoginView.as_view(), name="login"),
    path("other-login/", LoginView.as_view()),
    path("logout/", LogoutView.as_view()),
    path(
        "desk/", include(([path("", untouched), path("login/", untouched, name="login")], "desk"), namespace="office")
    ),
    path("x/", untouched),
    path("shadowed/", untouched),
    path("<slug:area>/", include([path("in/", LoginView.as_view()), path("plain/", untouched)])),
    path("shadowed/", LoginView.as_view()),
    path("give/", give),
    Wandering(path("wandering/", untouched).pattern, untouched),
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
        ("/any/in/", True),
        ("/wandering/", True),
        ("/static/x.css", True),
        ("/x/", False),
        ("/desk/", False),
        ("/any/plain/", False),
        ("/shadowed/", False),
        ("/give/", False),
        ("/nowhere/", False),
    ],
)
def test_is_exempt__ways_in_and_out_and_static_files(place, expected, rf, settings):
    settings.SESSIONAUTH_LOGIN_URLS = {"office": "office:login"}
    assert paths.is_exempt(rf.get(place)) is expected
    assert paths.is_protected(rf.get(place)) is not expected


def test_is_exempt__what_gives_out_tokens_by_its_methods_alone(rf):
    assert paths.is_exempt(rf.post("/give/"))
    assert not paths.is_exempt(rf.put("/give/"))


def test_is_exempt__resolves_nothing_but_what_may_be_a_way_in(rf, monkeypatch):
    monkeypatch.setattr(paths, "_askers", [])  # a view that holds others has to be asked itself
    resolved, original = [], URLResolver.resolve
    monkeypatch.setattr(URLResolver, "resolve", lambda self, place: resolved.append(place) or original(self, place))
    for place in ("/x/", "/desk/", "/any/plain/", "/nowhere/"):
        assert not paths.is_exempt(rf.get(place))
    assert resolved == []
    assert paths.is_exempt(rf.get("/any/in/"))
    assert resolved[0] == "/any/in/"


class Late:
    """URLs whose import brings an asker along, as those of an API do."""

    @property
    def urlpatterns(self):
        paths.ask(lambda view, request: view is untouched)
        return [path("api/token/", untouched)]


def test_is_exempt__asks_whom_the_urls_bring_along_at_the_first_request_of_a_process(rf, monkeypatch):
    monkeypatch.setattr(paths, "_askers", [])
    request = rf.post("/api/token/")
    request.urlconf = Late()
    assert paths.is_exempt(request)


def test_is_exempt__follows_the_urls_of_the_request(rf):
    request = rf.get("/login/")
    request.urlconf = (path("login/", untouched),)
    request.path_info = "/other-login/"
    assert not paths.is_exempt(request)
    request.urlconf = (path("other-login/", LoginView.as_view()),)
    assert paths.is_exempt(request)


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
