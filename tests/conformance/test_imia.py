"""imia's tests, asked of this app. "Ours:" marks where we answer differently on purpose, and why."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import aauthenticate, authenticate
from django.core.checks import run_checks

from sessionauth import LoginState, UserToken, crypto
from sessionauth.backends import SessionAuthBackend
from sessionauth.models import AccessToken, AnonymousUser, APIKey
from tests.conformance.web import basic

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.conformance.urls")]


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.fixture
def key(alice):
    """An API key of alice."""
    return APIKey.objects.issue(user=alice)[1]


@pytest.fixture
def token(alice):
    """An access token of alice."""
    return AccessToken.objects.issue(user=alice)[1]


#: Secrets of our own form, brand and checksum that were never issued.
UNKNOWN_KEY = crypto.new_secret("sa", "key")
UNKNOWN_TOKEN = crypto.new_secret("sa", "pat")


# The UserToken


def test_I1_user_token(web, make_user, permit, settings):
    settings.SESSIONAUTH_SCOPES = {"a": ("Do a", ["auth.view_user"]), "b": ("Do b", ["auth.add_user"])}
    alice = make_user("alice", first_name="Alice", last_name="Liddell")
    permit(alice, "auth.view_user")
    web.force_login(alice)

    auth = web.auth()
    assert (auth.is_authenticated, auth.is_anonymous, bool(auth)) == (True, False, True)
    assert (auth.original_user, auth.original_user_id) == (None, None)
    assert auth.scopes == ["a"]
    assert ("a" in auth, "b" in auth) == (True, False)
    assert (auth.user, auth.user_id) == (alice, alice.pk)
    assert auth.display_name == str(auth) == "Alice Liddell"
    assert auth.state is LoginState.FRESH


def test_I2_anon_user_token(web):
    auth = web.auth()
    assert (auth.is_authenticated, auth.is_anonymous, bool(auth)) == (False, True, False)
    assert (auth.user_id, auth.scopes, auth.display_name, str(auth)) == (None, [], "Anonymous", "Anonymous")
    assert auth.state is LoginState.ANONYMOUS


def test_I3_impersonated_user_token(make_user):
    support, customer = make_user("support"), make_user("customer")
    auth = UserToken(
        customer, LoginState.IMPERSONATOR, original_user_token=UserToken(support, LoginState.FRESH, "session")
    )
    assert (auth.user, auth.user_id) == (customer, customer.pk)
    assert (auth.original_user, auth.original_user_id, auth.actor) == (support, support.pk, support)
    assert auth.is_authenticated
    assert auth.is_impersonating


def test_I4_anon_user():
    nobody = AnonymousUser()
    assert (nobody.get_id(), nobody.get_scopes(), nobody.get_hashed_password()) == (None, [], "")
    assert nobody.get_display_name() == "Anonymous"


# The middleware's policies


def test_I5_ignores_url_patterns(web, key, settings):
    settings.SESSIONAUTH_ON_FAILURE = "raise"
    settings.SESSIONAUTH_EXEMPT = ["/app2/"]
    assert web.who("/app/", x_api_key=key) == "alice"
    assert web.who("/app2/") is None
    assert web.program("/app/").status_code == 401


def test_I6_protects_only_specific_url_patterns(web, key, settings):
    """Ours: a path that is not protected is still told who is there."""
    settings.SESSIONAUTH_ON_FAILURE = "raise"
    settings.SESSIONAUTH_PROTECT = ["/app2/"]
    assert web.who("/app2/", x_api_key=key) == "alice"
    assert web.program("/app2/").status_code == 401
    assert web.who("/who/") is None
    assert web.who("/app/", x_api_key=key) == "alice"


def test_I7_mode_raises(web, key, settings):
    """Ours: what is raised becomes a 401 with a challenge, unless the project answers it in its own 403 handler."""
    settings.SESSIONAUTH_ON_FAILURE = "raise"
    assert web.who("/app/", x_api_key=key) == "alice"
    for refused in (web.program("/app/", x_api_key=UNKNOWN_KEY), web.program("/app/")):
        assert refused.status_code == 401
        assert refused.headers["WWW-Authenticate"]


def test_I8_redirect(web, settings):
    """Ours: 302 with the way back, where imia sends a 307 without; a program with a wrong key gets its 401."""
    settings.SESSIONAUTH_ON_FAILURE = "redirect"
    sent = web.get("/app/")
    assert (sent.status_code, sent.headers["Location"]) == (302, "/login/?next=/app/")
    assert web.get("/app/", headers={"X-Api-Key": UNKNOWN_KEY}).status_code == 401


def findings():
    return [str(one) for one in run_checks() if not one.is_silenced()]


@pytest.mark.parametrize("login_url", [None, ""])
def test_I9_redirect_requires_url(settings, login_url):
    """Ours: told by `manage.py check`, not by the first request."""
    settings.SESSIONAUTH_ON_FAILURE = "redirect"
    assert findings() == []
    settings.LOGIN_URL = login_url
    assert "LOGIN_URL" in "".join(findings())


def test_I10_does_nothing(web, settings):
    """Ours: a key that is ours and wrong is a 401; SESSIONAUTH_INVALID_CREDENTIAL = "ignore" is imia's fall-through."""
    assert web.program("/app/", x_api_key=UNKNOWN_KEY).status_code == 401
    assert web.who("/app/", x_api_key="something else") is None
    settings.SESSIONAUTH_INVALID_CREDENTIAL = "ignore"
    assert web.who("/app/", x_api_key=UNKNOWN_KEY) is None


def test_I11_unsupported_action(settings):
    """Ours: told by `manage.py check`, not by the first request."""
    settings.SESSIONAUTH_ON_FAILURE = "explode"
    assert "SESSIONAUTH_ON_FAILURE" in "".join(findings())


def test_I12_raises_if_both_include_and_exclude(web, settings):
    """Ours: both may be given; what is exempt wins."""
    settings.SESSIONAUTH_ON_FAILURE = "raise"
    settings.SESSIONAUTH_PROTECT = ["/app/", "/app2/"]
    settings.SESSIONAUTH_EXEMPT = ["/app2/"]
    assert web.program("/app/").status_code == 401
    assert web.who("/app2/") is None


# Sessions


def test_I13_session_authentication(web, alice, password):
    assert web.log_in("alice", password).status_code == 302
    auth = web.auth()
    assert (auth.user, auth.method, auth.state) == (alice, "session", LoginState.FRESH)


def test_I14_session_of_a_missing_user(web, alice):
    web.force_login(alice)
    alice.delete()
    assert web.who() is None


# HTTP Basic


@pytest.fixture
def with_basic(authenticators):
    authenticators("basic", "session")


def test_I15_basic(web, alice, password, with_basic):
    auth = web.auth(authorization=basic("alice", password))
    assert (auth.user, auth.method, auth.state) == (alice, "basic", LoginState.PROGRAM)


def assert_refused_or_ignored(web, settings, **headers):
    """Ours: 401 with a challenge; anonymous, as in imia, where SESSIONAUTH_INVALID_CREDENTIAL says "ignore"."""
    refused = web.get("/who/", headers={name.replace("_", "-"): value for name, value in headers.items()})
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"]
    settings.SESSIONAUTH_INVALID_CREDENTIAL = "ignore"
    assert web.who(**headers) is None


def test_I16_basic_wrong_password(web, alice, with_basic, settings):
    """Ours: 401 with a challenge."""
    assert_refused_or_ignored(web, settings, authorization=basic("alice", "wrong"))


def test_I17_basic_empty_password(web, alice, with_basic, settings):
    """Ours: 401 with a challenge."""
    assert_refused_or_ignored(web, settings, authorization=basic("alice", ""))


def test_I18_basic_no_header(web, with_basic):
    """Ours: the challenge comes with the 401 of a view that needs somebody; other views are open to nobody."""
    refused = web.program("/secret/")
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == 'Basic realm="api", charset="UTF-8"'
    assert web.who() is None


def test_I19_basic_unknown_user(web, password, with_basic, settings):
    """Ours: 401 with a challenge, like a wrong password."""
    assert_refused_or_ignored(web, settings, authorization=basic("nobody", password))


# Tokens


def test_I20_token(web, alice, token, authenticators):
    authenticators("token")
    auth = web.auth(authorization=f"Token {token}")
    assert (auth.user, auth.method) == (alice, "token")


def test_I21_token_unknown(web, authenticators, settings):
    """Ours: 401 for a secret of our form; one of another form is somebody else's and makes nobody, as in imia."""
    authenticators("token")
    assert web.who(authorization="Token unknown") is None
    assert_refused_or_ignored(web, settings, authorization=f"Token {UNKNOWN_TOKEN}")


@pytest.mark.parametrize("form", ["Token", "Bearer {0}", "{0}", ""])
def test_I22_token_malformed(web, token, authenticators, form):
    authenticators("token")
    assert web.who(authorization=form.format(token)) is None


def test_I23_bearer(web, alice, token, authenticators):
    authenticators("bearer")
    auth = web.auth(authorization=f"Bearer {token}")
    assert (auth.user, auth.method) == (alice, "bearer")


def test_I24_bearer_unknown(web, authenticators, settings):
    """Ours: 401 for a secret of our form (RFC 6750); one of another form is somebody else's."""
    authenticators("bearer")
    assert web.who(authorization="Bearer unknown") is None
    assert_refused_or_ignored(web, settings, authorization=f"Bearer {UNKNOWN_TOKEN}")


# API keys


@pytest.fixture
def with_query(authenticators):
    authenticators(api_key={"query_param": "apikey"})


def test_I25_apikey_in_query(web, alice, key, with_query, authenticators):
    """Ours: only where it is switched on; a URL ends up in logs and histories."""
    auth = web.auth(f"/who/?apikey={key}")
    assert (auth.user, auth.method) == (alice, "api_key")
    authenticators("api_key")
    assert web.who(f"/who/?apikey={key}") is None


def test_I26_apikey_unknown(web, with_query, settings):
    """Ours: 401 for a secret of our form."""
    assert web.who("/who/?apikey=unknown") is None
    assert web.who(x_api_key="unknown") is None
    assert web.get(f"/who/?apikey={UNKNOWN_KEY}").status_code == 401
    assert_refused_or_ignored(web, settings, x_api_key=UNKNOWN_KEY)


def test_I27_apikey_in_header(web, alice, key):
    auth = web.auth(x_api_key=key)
    assert (auth.user, auth.method) == (alice, "api_key")


def test_I28_apikey_in_query_and_header(web, make_user, key, with_query):
    """Ours: neither beats the other; two different keys are a 400, because which is meant cannot be known."""
    _, other = APIKey.objects.issue(user=make_user("bob"))
    assert web.who(f"/who/?apikey={key}", x_api_key=key) == "alice"
    assert web.program(f"/who/?apikey={key}", x_api_key=other).status_code == 400


def test_I29_apikey_empty(web, with_query):
    assert web.who("/who/?apikey=") is None
    assert web.who(x_api_key="") is None
    assert web.who() is None


# Several at once


@pytest.fixture
def with_both(authenticators):
    authenticators("api_key", "token")


def test_I30_several_authenticators(web, key, token, with_both):
    assert web.auth(x_api_key=key).method == "api_key"
    assert web.auth(authorization=f"Token {token}").method == "token"


def test_I31_several_authenticators_none_accepts(web, with_both):
    """Ours: two different secrets of our form contradict each other: 400."""
    assert web.who(x_api_key="unknown", authorization="Token unknown") is None
    assert web.program("/who/", x_api_key=UNKNOWN_KEY, authorization=f"Token {UNKNOWN_TOKEN}").status_code == 400
    assert web.program("/who/", x_api_key=UNKNOWN_KEY).status_code == 401


# Providers: ours are Django's authentication backends over the ORM; imia's core and ORM ones become sync and async.


@pytest.fixture
def backends(settings):
    settings.AUTHENTICATION_BACKENDS = [
        "sessionauth.backends.SessionAuthBackend",
        "sessionauth.backends.TokenAuthBackend",
        "sessionauth.backends.APIKeyAuthBackend",
        "django.contrib.auth.backends.ModelBackend",
    ]
    settings.SESSIONAUTH_LOGIN_FIELDS = ["username", "email"]


def test_I48_find_by_id(alice):
    backend = SessionAuthBackend()
    assert backend.get_user(alice.pk) == alice
    assert backend.get_user(alice.pk + 1) is None


def test_I49_find_by_username_or_email(alice, password, backends):
    for name in ("alice", "alice@example.org"):
        assert authenticate(None, username=name, password=password) == alice
    assert authenticate(None, username="nobody", password=password) is None


def test_I50_find_by_token(alice, token, key, backends):
    assert authenticate(None, token=token) == authenticate(None, api_key=key) == alice
    assert authenticate(None, token=UNKNOWN_TOKEN) is None
    assert authenticate(None, api_key=UNKNOWN_KEY) is None


def test_I51_find_by_id__async(alice):
    find = async_to_sync(SessionAuthBackend().aget_user)
    assert find(alice.pk) == alice
    assert find(alice.pk + 1) is None


def test_I52_find_by_username_or_email__async(alice, password, backends):
    find = async_to_sync(aauthenticate)
    for name in ("alice", "alice@example.org"):
        assert find(None, username=name, password=password) == alice
    assert find(None, username="nobody", password=password) is None


def test_I53_find_by_token__async(alice, token, key, backends):
    find = async_to_sync(aauthenticate)
    assert find(None, token=token) == find(None, api_key=key) == alice
    assert find(None, token=UNKNOWN_TOKEN) is None
    assert find(None, api_key=UNKNOWN_KEY) is None
