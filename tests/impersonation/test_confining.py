"""Views that a project closes to whoever acts as somebody else, and the switch that ends it all."""

from __future__ import annotations

import pytest
from django.test import RequestFactory, override_settings
from django.urls import ResolverMatch, include, path
from django.views import View

from sessionauth.decorators import fresh_login_required
from sessionauth.impersonation import confining
from sessionauth.impersonation.middleware import MARKER
from sessionauth.models import Impersonation
from tests.impersonation import site

pytestmark = pytest.mark.django_db

shop = [path("checkout/", site.who, name="checkout"), path("goods/", site.who, name="goods")]
urlpatterns = [
    path("consent/", site.untouched, name="consent"),
    path("aconsent/", site.awho, name="aconsent"),
    path("bank/", fresh_login_required(site.untouched)),
    path("abank/", fresh_login_required(site.awho)),
    path("shop/", include((shop, "shop"), namespace="toys")),
    *site.urlpatterns,
]


@pytest.fixture(autouse=True)
def _views(_site, settings):
    settings.ROOT_URLCONF = "tests.impersonation.test_confining"
    settings.SESSIONAUTH_IMPERSONATION_FORBIDDEN_VIEWS = ["consent", "aconsent", "toys:checkout"]


@pytest.mark.parametrize("path", ["/consent/", "/aconsent/", "/shop/checkout/"])
def test_forbidden_views__not_as_somebody_else(browser, alice, path):
    assert browser.get(path).status_code == 200
    browser.begin(alice, write=True)
    answers = [browser.get(path), browser.post(path)]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(403, "impersonating")] * 2
    assert browser.get("/shop/goods/").json()["user"] == alice.get_username()


@pytest.mark.parametrize("module", ["allauth.mfa.totp.views", "knox.views", "djoser.views", "social_django.views"])
def test_views_of_accounts__are_closed_and_so_are_those_derived_from_them(module):
    theirs = type("Theirs", (View,), {"__module__": module})
    own = type("Own", (theirs,), {"__module__": "shop.views"})
    for view in (theirs.as_view(), own.as_view()):
        assert confining.refusal(asking(view), Impersonation(mode="write")) == "impersonating"
        assert confining.refusal(asking(view, name="account_logout"), Impersonation()) is None
    assert confining.refusal(asking(own.as_view(), name="user-me", method="GET"), Impersonation()) is None


def test_views_of_accounts__others_stay_open():
    for module in ("allauthority.views", "oauth2_provider.views.generic", "shop.views"):
        view = type("Theirs", (View,), {"__module__": module}).as_view()
        assert confining.refusal(asking(view), Impersonation(mode="write")) is None


def test_views_of_accounts__a_view_may_have_no_hash():
    view = type("Unhashable", (), {"__hash__": None, "__call__": lambda self, request: None})()
    assert confining.refusal(asking(view), Impersonation(mode="write")) is None


def asking(view, name="page", method="POST"):
    request = getattr(RequestFactory(), method.lower())("/")
    request.resolver_match = ResolverMatch(view, (), {}, url_name=name)
    return request


def test_forbidden_views__without_the_marker(browser, alice):
    browser.begin(alice)
    del browser.cookies[MARKER]
    assert browser.get("/shop/checkout/").json()["user"] is None


def test_forbidden_views__signing_out_stays_open(browser, root, alice, settings):
    settings.SESSIONAUTH_IMPERSONATION_FORBIDDEN_VIEWS = ["sessionauth:logout"]
    browser.begin(alice)
    assert browser.post("/account/logout/").status_code < 400
    assert browser.who()["user"] == root.get_username()


def test_kill_switch__ends_what_runs_at_its_next_request(browser, root, alice):
    row = browser.begin(alice)
    with override_settings(SESSIONAUTH_IMPERSONATION_ENABLED=False):
        assert browser.get("/untouched/").status_code == 409
        assert browser.who()["user"] == root.get_username()
        assert browser.start(alice).status_code in (403, 404)
    row.refresh_from_db()
    assert row.end_reason == "revoked"
    # It does not come back with the setting.
    assert browser.who()["user"] == root.get_username()
    assert not Impersonation.objects.filter(ended_at=None).exists()


def test_kill_switch__no_form_of_the_target_is_the_actor_s(browser, alice, settings):
    settings.SESSIONAUTH_IMPERSONATION_READ_ONLY = False
    browser.begin(alice)
    made = browser.form()
    with override_settings(SESSIONAUTH_IMPERSONATION_ENABLED=False):
        assert browser.post("/act/", token=made).status_code == 409
    assert site.done == []


#: Views that nobody is to have as somebody else, by our decorators and mixin, and those that want a fresh login.
NOT_FOR_OTHERS = ["/mine/", "/amine/", "/mine-too/", "/bank/", "/abank/"]


@pytest.mark.parametrize("path", [*NOT_FOR_OTHERS, "/consent/"])
def test_refusal__is_the_card_of_our_own_pages(browser, alice, path):
    browser.begin(alice, write=True)
    page = browser.get(path, accept="text/html")
    assert page.status_code == 403
    assert "Stop acting as somebody else to do this." in page.content.decode()
    assert 'href="/account/impersonation/"' in page.content.decode()
    assert "no-store" in page.headers["Cache-Control"]
    answer = browser.get(path)
    assert (answer.status_code, answer.json()["code"]) == (403, "impersonating")


@pytest.mark.parametrize("path", NOT_FOR_OTHERS)
@pytest.mark.parametrize("how", ["handler", "template"])
def test_refusal__is_the_project_s_where_it_has_one(browser, alice, settings, path, how):
    browser.begin(alice)
    if how == "handler":
        settings.ROOT_URLCONF = "tests.impersonation.handling_site"
    else:
        loader = ("django.template.loaders.locmem.Loader", {"403.html": "ours: {{ exception }}"})
        settings.TEMPLATES = [{**settings.TEMPLATES[0], "APP_DIRS": False, "OPTIONS": {"loaders": [loader]}}]
    answer = browser.get(path, accept="text/html")
    assert answer.status_code == 403
    assert answer.content.decode() == "ours: Stop acting as somebody else to do this."
