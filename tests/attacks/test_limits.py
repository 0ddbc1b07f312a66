"""A credential with limits is good for nothing beyond them, through whichever door it comes."""

from __future__ import annotations

import json
import logging

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import aauthenticate, authenticate
from django.core.cache import caches
from django.http import HttpResponse
from django.urls import path

from sessionauth import InvalidCredential
from sessionauth.audit import Event
from sessionauth.authenticators import authenticate as by_hand
from sessionauth.credentials import limits
from sessionauth.decorators import credential_allowed
from sessionauth.exceptions import MethodRefused, RateExceeded, RateUnknown
from sessionauth.guards import counters, secrets
from sessionauth.models import AccessToken, APIKey, AuthEvent
from sessionauth.signals import credential_rejected
from tests.asking import WAYS, Sent, ask, counted
from tests.project import ways

urlpatterns = [
    path("tell/", ways.tell),
    path("open/", credential_allowed(ways.tell)),
    path("free/", lambda request: HttpResponse("ok")),
]

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

INSIDE, OUTSIDE = "192.0.2.7", "198.51.100.1"


@pytest.fixture(autouse=True)
def _one_proxy(settings):
    settings.SESSIONAUTH_TRUSTED_PROXIES = 1
    settings.SESSIONAUTH_LAST_USED_INTERVAL = None


@pytest.fixture
def issue(make_user):
    """`issue(**limits)`: a key with these limits; returns its secret."""
    alice = make_user("alice")
    return lambda model=APIKey, **fields: model.objects.issue(**{"user": alice, **fields})[1]


def sent(secret, address=INSIDE, **headers):
    return Sent({"Authorization": f"Bearer {secret}", "X-Forwarded-For": address, **headers})


@pytest.mark.parametrize("way", sorted(WAYS))
@pytest.mark.parametrize(
    ("networks", "address", "status"),
    [
        (["192.0.2.0/24"], INSIDE, 200),
        (["192.0.2.7"], INSIDE, 200),
        (["203.0.113.0/24", "192.0.2.0/24"], INSIDE, 200),
        (["192.0.2.0/24"], "::ffff:192.0.2.7", 200),
        (["::ffff:192.0.2.0/120"], INSIDE, 200),
        (["2001:db8::/32"], "2001:db8::1", 200),
        (["192.0.2.0/24"], OUTSIDE, 401),
        (["192.0.2.0/24"], "2001:db8::1", 401),
        (["192.0.2.0/24"], f"{INSIDE}, {OUTSIDE}", 401),  # the client wrote the first itself
        (["192.0.2.0/24"], "unknown", 401),
        (["0.0.0.0/0", "::/0"], "unknown", 401),
        (["nonsense"], INSIDE, 401),
    ],
)
def test_networks__are_kept_to(way, networks, address, status, issue):
    secret = issue()
    APIKey.objects.update(networks=networks)
    answer = ask(way, "/tell/", sent(secret, address))
    assert answer.status == status
    if status == 401:
        assert json.loads(answer.body)["code"] == "invalid_token"
        assert b"network" not in answer.body


@pytest.mark.parametrize("networks", [None, "192.0.2.0/24", {"192.0.2.0/24": 1}, 5, [5], [None]])
def test_networks_that_no_validation_has_seen__let_nobody_in(networks, issue, rf):
    issue()
    row = APIKey.objects.get()
    row.networks = networks
    with pytest.raises(InvalidCredential, match="network"):
        limits.check(row, rf.get("/", REMOTE_ADDR=INSIDE))


@pytest.mark.parametrize("field", ["methods", "origins"])
@pytest.mark.parametrize("value", ["GET", {"GET": 1}, 5, [5], [None], {}])
def test_other_limits_that_no_validation_has_seen__let_nobody_in(field, value, issue, rf):
    issue()
    row = APIKey.objects.get()
    setattr(row, field, value)
    with pytest.raises(InvalidCredential):
        limits.check(row, rf.get("/", headers={"origin": "https://example.org"}))


def test_wrong_network__looks_like_any_wrong_credential_and_is_told_inside(issue, caplog):
    told = []

    def hear(sender, failure, **kwargs):
        told.append((failure.code, failure.credential))

    caplog.set_level(logging.INFO, "sessionauth")
    credential_rejected.connect(hear)
    try:
        answer = ask("wsgi", "/tell/", sent(issue(networks=["10.0.0.0/8"])))
    finally:
        credential_rejected.disconnect(hear)
    row = APIKey.objects.get()
    assert told == [("network", row)]
    assert "not accepted: network" in caplog.text
    event = AuthEvent.objects.get(event=Event.CREDENTIAL_REJECTED)
    assert (event.reason, event.subject) == ("network", f"apikey:{row.pk}")
    row.revoke("lost")
    assert ask("wsgi", "/tell/", sent(issue(networks=[]) + "x")) == answer


@pytest.mark.parametrize("way", sorted(WAYS))
@pytest.mark.parametrize(
    ("methods", "method", "status"),
    [
        (["GET"], "GET", 200),
        (["GET"], "HEAD", 200),
        (["HEAD"], "GET", 403),
        (["GET", "HEAD", "OPTIONS"], "POST", 403),
        (["GET"], "OPTIONS", 403),
        (["GET"], "BREW", 403),
        (["POST"], "POST", 200),
        (["POST"], "GET", 403),
        (None, "DELETE", 200),
    ],
)
def test_methods__are_kept_to(way, methods, method, status, issue):
    answer = ask(way, "/open/", sent(issue(methods=methods)), method)
    assert answer.status == status
    if status == 403 and method != "HEAD":
        told = json.loads(answer.body)
        assert (told["code"], told["detail"]) == (
            "insufficient_scope",
            "The credential may not be used with this method.",
        )
        assert 'error="insufficient_scope"' in answer.header("WWW-Authenticate")


def test_methods__hold_on_every_view_and_confine_to_those_that_look_at_scopes(issue):
    secret = issue(methods=["GET"])
    assert ask("wsgi", "/free/", sent(secret), "POST").status == 403
    assert ask("wsgi", "/free/", sent(secret)).status == 403
    assert ask("wsgi", "/open/", sent(secret)).status == 200
    assert ask("wsgi", "/open/", sent(secret).also(X_Http_Method_Override="POST"), "GET").status == 200


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 200),
        ("https://example.org", 200),
        ("https://example.org:8443", 401),
        ("http://example.org", 401),
        ("https://example.org.evil.test", 401),
        ("null", 401),
    ],
)
def test_origins__are_kept_to_where_a_browser_says_its_own(origin, status, issue):
    headers = {} if origin is None else {"Origin": origin}
    secret = issue(origins=["https://example.org"])
    assert ask("wsgi", "/tell/", sent(secret, **headers)).status == status


@pytest.mark.parametrize("way", sorted(WAYS))
def test_rate__is_exact_and_says_when_to_come_again(way, issue):
    secret, other = issue(rate="3/d"), issue(rate="3/d")
    answers = [ask(way, "/tell/", sent(secret)) for _ in range(5)]
    assert [answer.status for answer in answers] == [200, 200, 200, 429, 429]
    assert 0 < int(answers[-1].header("Retry-After")) <= 86_400
    assert json.loads(answers[-1].body)["code"] == "too_many_requests"
    assert answers[-1].header("WWW-Authenticate") is None
    assert ask(way, "/tell/", sent(other)).status == 200


def test_rate__is_counted_only_where_the_credential_is_good(issue):
    secret = issue(rate="1/d", networks=["192.0.2.0/24"])
    assert [ask("wsgi", "/tell/", sent(secret, OUTSIDE)).status for _ in range(3)] == [401, 401, 401]
    assert ask("wsgi", "/tell/", sent(secret)).status == 200


def test_refused_rate_and_method__are_no_wrong_credentials(issue, settings):
    settings.SESSIONAUTH_GUARDS_ENABLED = True
    settings.SESSIONAUTH_KEY_FAILURE_RATE = "1/d"
    secret = issue(methods=["POST"])
    assert [ask("wsgi", "/tell/", sent(secret)).status for _ in range(4)] == [403] * 4
    secret = issue(rate="1/d")
    before = AuthEvent.objects.count()
    assert [ask("wsgi", "/tell/", sent(secret)).status for _ in range(4)] == [200, 429, 429, 429]
    assert AuthEvent.objects.count() == before  # or a program gone astray would fill the record


@pytest.mark.parametrize("fields", [{"rate": "1/d"}, {"methods": ["POST"]}])
def test_limit__is_told_also_where_wrong_credentials_are_ignored(fields, issue, settings):
    settings.SESSIONAUTH_INVALID_CREDENTIAL = "ignore"
    secret = issue(**fields)
    ask("wsgi", "/open/", sent(secret))
    assert ask("wsgi", "/open/", sent(secret)).status in (403, 429)


@pytest.mark.parametrize("rate", ["many", "0/m", "/m"])
def test_rate_that_no_validation_has_seen__lets_nobody_in(rate, issue):
    secret = issue()
    APIKey.objects.update(rate=rate)
    assert ask("wsgi", "/tell/", sent(secret)).status == 429


def test_rate_that_cannot_be_counted__is_refused_unless_so_set(issue, rf, monkeypatch, settings):
    def fail(*args):
        raise counters.Unavailable

    issue(rate="1/d")
    row = APIKey.objects.get()
    monkeypatch.setattr(counters.database, "take", fail)
    monkeypatch.setattr(counters.cache, "take", fail)
    with pytest.raises(RateUnknown) as caught:
        secrets.keep_to_rate(row, rf.get("/"))
    assert (caught.value.status, caught.value.retry_after) == (503, 60)
    settings.SESSIONAUTH_GUARD_ON_CACHE_ERROR = "allow"
    secrets.keep_to_rate(row, rf.get("/"))


def test_good_key_without_rate__costs_no_command(issue, monkeypatch):
    def fail(*args, **kwargs):
        raise AssertionError("asked the cache")

    secret = issue(networks=["192.0.2.0/24"], origins=["https://example.org"])
    for name in ("get", "set", "add", "incr", "get_many", "set_many", "touch"):
        monkeypatch.setattr(type(caches["default"]), name, fail)
    with counted() as statements:
        assert ask("wsgi", "/tell/", sent(secret)).status == 200
    assert len(statements) == 1


REFUSED = [{"networks": ["10.0.0.0/8"]}, {"methods": ["GET"]}, {"scopes": []}, {"networks": "x"}]


@pytest.mark.parametrize("model", [APIKey, AccessToken])
@pytest.mark.parametrize("fields", REFUSED)
def test_backend__hands_out_nobody_of_a_limited_credential(model, fields, issue, settings, rf):
    settings.AUTHENTICATION_BACKENDS = [
        "sessionauth.backends.APIKeyAuthBackend",
        "sessionauth.backends.TokenAuthBackend",
    ]
    word = "api_key" if model is APIKey else "token"
    secret = issue(model)
    inside = rf.get("/", headers={"x-forwarded-for": "10.0.0.1"})
    assert authenticate(inside, **{word: secret}) is not None
    model.objects.update(**fields)
    assert authenticate(None, **{word: secret}) is None
    assert async_to_sync(aauthenticate)(None, **{word: secret}) is None
    allowed = fields == {"networks": ["10.0.0.0/8"]}
    assert (authenticate(inside, **{word: secret}) is not None) is allowed
    assert (async_to_sync(aauthenticate)(inside, **{word: secret}) is not None) is allowed


def test_backend__counts_too(issue, settings):
    settings.AUTHENTICATION_BACKENDS = ["sessionauth.backends.APIKeyAuthBackend"]
    secret = issue(rate="1/d")
    assert [authenticate(None, api_key=secret) is not None for _ in range(2)] == [True, False]
    assert ask("wsgi", "/tell/", sent(secret)).status == 429


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"networks": ["10.0.0.0/8"]}, InvalidCredential),
        ({"methods": ["POST"]}, MethodRefused),
        ({"rate": "many"}, RateExceeded),
    ],
)
def test_without_the_middleware__limits_hold_as_well(fields, error, issue, rf):
    secret = issue()
    APIKey.objects.update(**fields)
    with pytest.raises(error):
        by_hand(rf.get("/", headers=sent(secret).headers))


@pytest.mark.parametrize("path_", ["/tell/", "/open/"])
def test_exempt_path__sees_nobody_and_why(path_, issue, settings):
    settings.SESSIONAUTH_EXEMPT = [path_]
    answer = ask("wsgi", path_, sent(issue(methods=["POST"])))
    told = json.loads(answer.body)
    assert (answer.status, told["user"], told["failure"]) == (200, None, "method")


@pytest.mark.parametrize("environment", ["test", ""])
def test_key_from_before_the_environment_was_named__goes_on_working(environment, issue, settings):
    settings.SESSIONAUTH_KEY_ENVIRONMENT = "live"
    live = issue()
    settings.SESSIONAUTH_KEY_ENVIRONMENT = environment
    assert live.startswith("sa_key_live_")
    assert ask("wsgi", "/tell/", sent(live)).status == 200


def test_key_of_another_deployment__is_unknown_and_the_log_says_why(issue, settings, caplog):
    caplog.set_level(logging.INFO, "sessionauth")
    settings.SESSIONAUTH_KEY_ENVIRONMENT = "live"
    secret = issue()
    APIKey.objects.all().delete()
    settings.SESSIONAUTH_KEY_ENVIRONMENT = "test"
    assert ask("wsgi", "/tell/", sent(secret)).status == 401
    assert "not accepted: environment" in caplog.text


def overriding(get_response):
    """Stand behind ours, as projects have it for clients that know GET and POST alone."""

    def middleware(request):
        request.method = request.headers.get("X-HTTP-Method-Override", request.method)
        return get_response(request)

    return middleware


@pytest.mark.parametrize(("method", "status"), [("POST", 200), ("DELETE", 403)])
def test_methods__are_kept_to_where_a_middleware_changes_the_method(method, status, issue, settings):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.overriding"]
    asked = sent(issue(methods=["POST"])).also(X_HTTP_Method_Override=method)
    assert ask("wsgi", "/open/", asked, "POST").status == status
