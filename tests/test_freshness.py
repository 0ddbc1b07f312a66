"""How fresh a login must be: the rule in every form, and what those get who are not."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import PermissionDenied

from sessionauth import LoginState, UserToken, access, decorators
from sessionauth.models import APIKey
from sessionauth.sessions import kept
from sessionauth.signals import auth_required, reauthentication_required
from tests.asking import Sent, ask
from tests.contracts import signed_in_browser
from tests.test_decorators import HTML, JSON, code, reached

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.guarded_urls")]


@pytest.fixture(autouse=True)
def project(settings):
    settings.SESSIONAUTH_CONFIRM_URL = "confirm"


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.fixture
def browser(alice):
    """`browser(ago=300, code=30)`: her session, as if she had proved so many seconds ago who she is, and how."""

    def make(headers=HTML, ago=None, **proofs):
        cookies = signed_in_browser(alice)
        session = SessionStore(cookies["sessionid"])
        own, now = kept.own(session), int(time.time())
        if ago is None:
            own.pop("auth_at")
        else:
            own["auth_at"] = now - ago
        session[kept.KEY] = own | {"proofs": {method: now - ago for method, ago in proofs.items()}}
        session.save()
        return Sent(headers, cookies)

    return make


@pytest.mark.parametrize(
    ("name", "ago"), [("fresh", 0), ("fresh", 14 * 60), ("fresher", 100), ("right_now", 0), ("right_now", 50)]
)
def test_fresh_login_required__lets_in_who_proved_it_of_late(name, ago, browser):
    reached(name, browser(ago=ago))


@pytest.mark.parametrize(("name", "ago"), [("fresh", 16 * 60), ("fresh", None), ("fresher", 130), ("right_now", 70)])
def test_fresh_login_required__has_others_confirm_it(name, ago, browser):
    for form in ("page", "AsyncPage"):
        answer = ask("wsgi", f"/{name}/{form}/", browser(ago=ago))
        assert answer.header("Location") == f"/confirm/?next=/{name}/{form}/"


@pytest.mark.parametrize("way", ["wsgi", "asgi"])
@pytest.mark.parametrize(("ahead", "is_brought_back"), [(3600, True), (61 + 5, True), (30, False)])
def test_clock_that_was_ahead__makes_nobody_fresh_for_longer(way, ahead, is_brought_back, browser):
    """A little is how clocks are; more is brought back to now, at the first request that any other clock sees."""
    sent = browser(ago=-ahead, password=-ahead)
    reached("fresh", sent)
    ask(way, "/fresh/page/", sent)
    own = SessionStore(sent.cookies["sessionid"])[kept.KEY]
    for at in (own["auth_at"], own["proofs"]["password"]):
        assert (at <= time.time()) is is_brought_back


def test_fresh_login_required__may_allow_more_than_the_setting(browser, settings):
    settings.SESSIONAUTH_FRESH_AGE = 60
    reached("fresher", browser(ago=100))


@pytest.mark.parametrize("proofs", [{"code": 10}, {"link": 10, "password": 1000}])
def test_methods__count_if_they_are_named(proofs, browser):
    reached("by_code", browser(ago=10, **proofs))


@pytest.mark.parametrize("proofs", [{}, {"password": 10}, {"code": 1000, "password": 10}])
def test_methods__others_and_older_ones_do_not(proofs, browser):
    answer = reached("by_code", browser(JSON, ago=10, **proofs), 401)
    assert json.loads(answer.body)["methods"] == ["code", "link"]


@pytest.mark.parametrize("proofs", ["nonsense", {"code": "yesterday"}, {"code": None}, {"code": 1e300}, [1]])
def test_methods__nonsense_in_a_session_proves_nothing(proofs, browser):
    sent = browser(ago=10)
    session = SessionStore(sent.cookies["sessionid"])
    session[kept.KEY] = kept.own(session) | {"proofs": proofs}
    session.save()
    assert ask("wsgi", "/by_code/page/", sent).status == 302
    assert ask("wsgi", "/fresh/page/", sent).status == 200


def test_strangers__are_sent_to_log_in():
    assert ask("wsgi", "/fresh/page/", Sent(HTML)).header("Location") == "/login/?next=/fresh/page/"
    assert ask("wsgi", "/fresher/Page/", Sent(HTML)).header("Location") == "/own/?back=/fresher/Page/"
    assert code(reached("fresh", Sent(JSON), 401)) == "not_authenticated"


def test_programs__are_never_fresh(alice):
    for user in (alice, None):
        key = APIKey.objects.issue(user=user)[1]
        answer = reached("fresh", Sent({**JSON, "X-Api-Key": key}), 403)
        assert (code(answer), answer.header("WWW-Authenticate")) == ("fresh_login_required", None)


def test_users_of_other_code__are_never_fresh(alice, rf):
    """Nothing that they could confirm is theirs."""
    request = rf.get("/", headers=JSON)
    request.user = alice
    assert access.needs_confirmation(request).status_code == 403
    request = rf.get("/", headers=HTML)
    request.user = alice
    with pytest.raises(PermissionDenied):
        access.needs_confirmation(request)


def test_clients_of_json__get_the_challenge_of_rfc_9470(browser):
    answer = reached("fresher", browser(JSON, ago=200), 401)
    assert answer.header("WWW-Authenticate") == (
        'Session realm="api", error="insufficient_user_authentication", '
        'error_description="A more recent login is needed.", max_age="120"'
    )
    told = json.loads(answer.body)
    assert (told["code"], told["max_age"]) == ("fresh_login_required", 120)
    assert answer.header("Cache-Control") == "no-store"


@pytest.mark.parametrize("name", ["fresh", "by_code"])
def test_options__is_answered_without_the_view(name, browser):
    for way in ("wsgi", "asgi"):
        answer = ask(way, f"/{name}/page/", browser(ago=None), "OPTIONS")
        assert (answer.status, answer.body) == (200, b"")


@pytest.mark.parametrize("url", ["/confirm-elsewhere/", "no-such-view"])
def test_confirm_url__is_a_url_or_the_name_of_a_view_that_exists(url, browser, settings):
    settings.SESSIONAUTH_CONFIRM_URL = url
    answer = ask("wsgi", "/fresh/page/", browser())
    expected = (302, "/confirm-elsewhere/?next=/fresh/page/") if url.startswith("/") else (401, None)
    assert (answer.status, answer.header("Location")) == expected


def test_confirm_url__that_leads_nowhere_is_told_to_the_developer(browser, settings, caplog):
    settings.SESSIONAUTH_CONFIRM_URL = "no-such-view"
    ask("wsgi", "/fresh/page/", browser(JSON))
    assert "SESSIONAUTH_CONFIRM_URL" not in caplog.text
    ask("wsgi", "/fresh/page/", browser())
    assert "correct SESSIONAUTH_CONFIRM_URL" in caplog.text


def test_signal__says_that_somebody_was_asked_to_confirm(browser):
    told = []

    def receive(signal, reason, **kwargs):
        told.append((signal, reason))

    for signal in (reauthentication_required, auth_required):
        signal.connect(receive)
    ask("wsgi", "/fresh/page/", browser())
    for signal in (reauthentication_required, auth_required):
        signal.disconnect(receive)
    assert told == [(reauthentication_required, "stale")]


@pytest.mark.parametrize("decorate", [decorators.fresh_login_required])
@pytest.mark.parametrize("wrong", [{"max_age": "1h"}, {"max_age": -1}, {"max_age": 1.5}, {"methods": "password"}])
def test_fresh_login_required__says_what_it_takes(decorate, wrong):
    with pytest.raises(TypeError, match="fresh_login_required"):
        decorate(**wrong)


def test_fresh_login_required__keeps_what_a_view_is_called_and_carries():
    def view(request):
        """Tell."""

    for decorated in (decorators.fresh_login_required(view), decorators.fresh_login_required()(view)):
        assert (decorated.__name__, decorated.__doc__, decorated.__wrapped__) == ("view", "Tell.", view)


@pytest.mark.parametrize("state", [LoginState.REMEMBERED, LoginState.IMPERSONATOR, LoginState.PROGRAM])
def test_has_proved__never_holds_for_who_is_no_person_with_a_proof(state, alice):
    now = datetime.now(UTC)
    token = UserToken(alice, state, authenticated_at=now, proofs={"password": now})
    assert not token.has_proved(max_age=timedelta(days=1))
    assert not token.has_proved(methods=["password"])
    assert not token.is_fresh


def test_has_proved__by_a_method_means_nothing_once_the_login_is_stale(alice):
    token = UserToken(alice, LoginState.STALE, proofs={"password": datetime.now(UTC)})
    assert not token.has_proved(methods=["password"])


NEXT = {
    "form": ({"next": "/there/"}, "", "/there/"),
    "URL": ({}, "?next=/there/", "/there/"),
    "form before URL": ({"next": "/there/"}, "?next=/elsewhere/", "/there/"),
    "unsafe form, safe URL": ({"next": "//evil.example"}, "?next=/there/", "/there/"),
    "nowhere": ({}, "", "/default/"),
    "another site": ({"next": "https://evil.example/"}, "", "/default/"),
    "a script": ({"next": "javascript:alert(1)"}, "", "/default/"),
    "backslashes": ({"next": "/\\evil.example"}, "", "/default/"),
    "too long": ({"next": "/" + "x" * 3000}, "", "/default/"),
    "a host of ours": ({"next": "https://shop.example/cart/"}, "", "https://shop.example/cart/"),
}


@pytest.mark.parametrize(("form", "query", "expected"), NEXT.values(), ids=list(NEXT))
def test_success_url(form, query, expected, rf):
    request = rf.post(f"/login/{query}", form)
    request.session = SessionStore()
    assert access.success_url(request, default="/default/", allowed_hosts=["shop.example"]) == expected


def test_success_url__takes_the_way_back_out_of_the_session(rf):
    request = rf.post("/login/")
    request.session = SessionStore()
    request.session[kept.KEY] = {"next": "/there/"}
    assert access.success_url(request) == "/there/"
    assert access.success_url(request) == "/whoami/"
    assert access.success_url(request, default="home") == "/home/"
