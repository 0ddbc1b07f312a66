"""Views that a project closes to whoever acts as somebody else, and the switch that ends it all."""

from __future__ import annotations

import pytest
from django.test import RequestFactory, override_settings
from django.urls import ResolverMatch, include, path
from django.views import View

from sessionauth.impersonation import confining
from sessionauth.impersonation.middleware import MARKER
from sessionauth.models import Impersonation
from tests.impersonation import site

pytestmark = pytest.mark.django_db

shop = [path("checkout/", site.who, name="checkout"), path("goods/", site.who, name="goods")]
urlpatterns = [
    path("consent/", site.untouched, name="consent"),
    path("aconsent/", site.awho, name="aconsent"),
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
