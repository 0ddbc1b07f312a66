"""What none of the three tested and at least one got wrong: items of seeds.md, section 4.4."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import pytest
from django.contrib.auth.signals import user_login_failed
from django.contrib.sessions.models import Session
from django.utils import timezone

from sessionauth import crypto
from sessionauth.models import AccessToken, APIKey, LoginSession
from tests.conformance.web import Web, basic
from tests.project.hashers import FastPBKDF2PasswordHasher

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.conformance.urls")]

ALL = ("bearer", "token", "api_key", "basic", "session")


@pytest.fixture
def alice(make_user):
    return make_user("alice")


# 8. A spoofed address


def test_4_4_8_spoofed_forwarded_for(web, alice, password):
    """What a login session is bound to is the address of the connection, not what a client says of itself."""
    headers = {"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9", "Forwarded": "for=203.0.113.9"}
    web.post("/login/", {"username": "alice", "password": password}, headers=headers)
    assert LoginSession.objects.get(user=alice).ip_address == "127.0.0.1"
    assert web.get("/who/", headers=headers).json()["fresh"] is True


# 9. Garbage never is a 500

GARBAGE = {
    "empty": "",
    "spaces": "  \t ",
    "bare scheme": "Bearer",
    "no scheme": "x" * 40,
    "commas": ",,,Bearer ,Basic",
    "non-ascii": "Bearer sa_pat_\xe9\xff",
    "our words and nothing else": "Bearer sa_pat_",
    "truncated": "Bearer " + crypto.new_secret("sa", "pat")[:-1],
    "trailing": "Bearer " + crypto.new_secret("sa", "pat") + " more",
    "unknown kind": "Bearer " + crypto.new_secret("sa", "ghost"),
    "oversized": "Bearer sa_pat_" + "A" * 100_000,
    "basic without colon": "Basic " + base64.b64encode(b"alice").decode(),
    "basic nul": "Basic " + base64.b64encode(b"al\0ice:pass\0word").decode(),
    "basic not utf-8": "Basic " + base64.b64encode(b"\xff\xfe:\xff").decode(),
    "basic not base64": "Basic !!!",
    "basic cut short": "Basic YWxpY2U6c",
}


@pytest.mark.parametrize("value", GARBAGE.values(), ids=GARBAGE)
def test_4_4_9_garbage_in_headers(web, alice, authenticators, value):
    authenticators(*ALL)
    for name in ("Authorization", "X-Api-Key"):
        for carried in (value, value.partition(" ")[2]):
            response = web.get("/who/", headers={name: carried, "Accept": "application/json"})
            assert response.status_code in (200, 400, 401)
            assert response.json().get("user") is None


@pytest.mark.parametrize("value", ["", "x", "%00", "..", "\xe9", "A" * 100_000, "null", "a:b:c"])
def test_4_4_9_garbage_in_the_session_cookie(web, settings, engine, value):
    response = web.get("/who/", headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}={value}"})
    assert (response.status_code, response.json()["user"]) == (200, None)


@pytest.mark.parametrize("own", [None, "text", [], {"sid": 7}, {"sid": None, "auth_at": "noon"}, {"auth_at": 1e300}])
def test_4_4_9_garbage_in_the_session(web, alice, own):
    """Nonsense under our name in a session makes a session without our data, or none."""
    web.force_login(alice)
    session = web.session
    session["_sessionauth"] = own
    session.save()
    response = web.get("/who/")
    assert response.status_code == 200
    assert response.json()["fresh"] is False


# 11. Unknown, inactive, wrong


@pytest.fixture
def hashes(monkeypatch):
    """The passwords that have been hashed by the hasher that the project prefers."""
    done: list[str] = []
    encode = FastPBKDF2PasswordHasher.encode

    def counted(self, password, salt, iterations=None):
        done.append(password)
        return encode(self, password, salt, iterations)

    monkeypatch.setattr(FastPBKDF2PasswordHasher, "encode", counted)
    return done


@pytest.fixture
def accounts(make_user):
    """Everybody who must not get in with these passwords, and nobody can tell why."""
    make_user("alice")
    make_user("gone", is_active=False)
    locked = make_user("locked")
    locked.set_unusable_password()
    locked.save()
    return {
        "wrong": ("alice", "wrong"),
        "unknown": ("nobody", "wrong"),
        "inactive": ("gone", "correct horse battery staple"),
        "inactive and wrong": ("gone", "wrong"),
        "unusable": ("locked", "wrong"),
    }


def without(response, *words):
    """The whole answer, less what was typed and what time it is."""
    content = response.content.decode()
    for word in words:
        content = content.replace(word, "")
    headers = {name: value for name, value in response.headers.items() if name not in ("Content-Length", "Expires")}
    return response.status_code, content, headers


def test_4_4_11_equal_answers__form(web, accounts, hashes):
    answers = {}
    for case, (username, password) in accounts.items():
        del hashes[:]
        response = web.log_in(username, password)
        status, content, headers = without(response, username, password)
        answers[case] = (status, _without_csrf(content), headers, len(hashes))
    assert answers["wrong"][0] == 200
    assert answers["wrong"][3] == 1
    assert {case: answer for case, answer in answers.items() if answer != answers["wrong"]} == {}


def _without_csrf(content):
    return "\n".join(line for line in content.splitlines() if "csrfmiddlewaretoken" not in line)


def test_4_4_11_equal_answers__basic(web, accounts, hashes, authenticators):
    authenticators("basic")
    answers = {}
    for case, (username, password) in accounts.items():
        del hashes[:]
        response = web.get("/who/", headers={"Authorization": basic(username, password)})
        answers[case] = (*without(response), len(hashes))
    assert answers["wrong"][0] == 401
    assert answers["wrong"][3] == 1
    assert {case: answer for case, answer in answers.items() if answer != answers["wrong"]} == {}


@pytest.mark.parametrize(("model", "kind"), [(AccessToken, "pat"), (APIKey, "key")])
def test_4_4_11_equal_answers__token(web, settings, make_user, django_assert_num_queries, model, kind):
    """No hash at all: 190 random bits need none. One query each, except for what cannot be a secret of ours.

    Without the record, which notes each kind of failure once a minute.
    """
    settings.SESSIONAUTH_AUDIT = False
    alice, gone = make_user("alice"), make_user("gone", is_active=False)
    row, revoked = model.objects.issue(user=alice)
    row.revoke()
    secrets = {
        "unknown": crypto.new_secret("sa", kind),
        "revoked": revoked,
        "expired": model.objects.issue(user=alice, expires_at=timezone.now() - timedelta(days=1))[1],
        "inactive": model.objects.issue(user=gone)[1],
    }
    answers = {}
    for case, secret in secrets.items():
        headers = {"Authorization": f"Bearer {secret}"} if kind == "pat" else {"X-Api-Key": secret}
        with django_assert_num_queries(1):
            answers[case] = without(web.get("/who/", headers=headers))
    header = f"Bearer {revoked[:-1]}" if kind == "pat" else revoked[:-1]
    with django_assert_num_queries(0):
        malformed = web.get("/who/", headers={"Authorization" if kind == "pat" else "X-Api-Key": header})
    answers["malformed"] = without(malformed)
    assert answers["unknown"][0] == 401
    assert {case: answer for case, answer in answers.items() if answer != answers["unknown"]} == {}


# 13. What is exempt


def test_4_4_13_exemption_looks_at_the_path_only(web, settings):
    settings.SESSIONAUTH_ON_FAILURE = "raise"
    settings.SESSIONAUTH_EXEMPT = ["/plain/", "^/app\\d/$"]
    assert web.program("/plain/").status_code == 200
    assert web.program("/app2/").status_code == 200
    for path in ("/app/?next=/plain/", "/app/?/plain/", "/app/?x=/app2/", "/who/#/plain/"):
        assert web.program(path).status_code == 401


def test_4_4_13_exempt_prefix_ends_at_a_slash(web, settings):
    settings.SESSIONAUTH_ON_FAILURE = "raise"
    settings.SESSIONAUTH_EXEMPT = ["/admin"]
    assert web.program("/admin-of-ours/").status_code == 401
    settings.SESSIONAUTH_EXEMPT = ["/app"]
    assert web.program("/app/").status_code == 200
    assert web.program("/app2/").status_code == 401


def test_4_4_13_exempt_path_knows_the_user(web, alice, settings):
    settings.SESSIONAUTH_ON_FAILURE = "raise"
    settings.SESSIONAUTH_EXEMPT = ["/app/"]
    web.force_login(alice)
    assert web.who("/app/") == "alice"


# 20. Programs leave nothing behind


@pytest.mark.parametrize("kind", ["api_key", "bearer"])
@pytest.mark.parametrize("path", ["/who/", "/awho/", "/plain/", "/secret/"])
def test_4_4_20_programs_leave_no_session(web, alice, kind, path):
    web.force_login(alice, method=kind)
    response = web.get(path)
    assert response.status_code == 200
    assert not response.cookies
    assert Session.objects.count() == LoginSession.objects.count() == 0
    request = web.request_of(response)
    assert not request.session.accessed
    vary = {name.strip() for name in response.headers["Vary"].split(",")}
    assert {"api_key": "X-Api-Key", "bearer": "Authorization"}[kind] in vary


# 21. A user who is gone


def test_4_4_21_session_of_a_deleted_user(web, alice, engine):
    web.force_login(alice)
    old = web.session
    alice.delete()

    response = web.get("/who/")
    assert response.json()["user"] is None
    assert web.request_of(response).session.is_empty()
    assert not [name for name in web.session.keys() if name.startswith("_auth_user")]  # noqa: SIM118
    if not engine.endswith("_cookies"):
        assert not old.exists(old.session_key)


# 22. Who wants what


def test_4_4_22_programs_get_a_401(web, heard):
    for accept in ("application/json", "*/*", "application/problem+json"):
        response = web.get("/secret/", headers={"Accept": accept, "X-Requested-With": "XMLHttpRequest"})
        assert response.status_code == 401
        assert response.headers["Content-Type"] == "application/problem+json"
        assert json.loads(response.content)["code"] == "not_authenticated"
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["WWW-Authenticate"]


def test_4_4_22_a_browsers_get_goes_to_login_and_back(web):
    response = web.get("/secret/?page=2", headers={"Accept": "text/html"})
    assert (response.status_code, response.headers["Location"]) == (302, "/login/?next=/secret/%3Fpage%3D2")


@pytest.mark.parametrize(
    ("referer", "back"),
    [
        ("http://testserver/form/?step=2", "/form/%3Fstep%3D2"),
        ("https://evil.example/form/", "/whoami/"),
        ("http://testserver//evil.example/", "/%252Fevil.example/"),
        ("javascript:alert(1)", "/whoami/"),
        (None, "/whoami/"),
    ],
)
def test_4_4_22_a_browsers_post_goes_to_login_and_back_to_the_form(web, referer, back):
    """The page the form was on rather than its target, which often answers only POST; never another site."""
    headers = {"Accept": "text/html"} | ({"Referer": referer} if referer else {})
    response = web.post("/secret/", {}, headers=headers)
    assert (response.status_code, response.headers["Location"]) == (302, f"/login/?next={back}")


# 23. Ways back that lead elsewhere

EVIL = [
    "//evil.example",
    "/\\evil.example",
    "https://evil.example",
    "javascript:alert(1)",
    "\thttps://evil.example",
    "///evil",
]


@pytest.mark.parametrize("evil", EVIL)
def test_4_4_23_evil_next__login(web, alice, password, evil):
    response = web.log_in("alice", password, next=evil)
    assert (response.status_code, response.headers["Location"]) == (302, "/whoami/")


@pytest.mark.parametrize("evil", EVIL)
def test_4_4_23_evil_next__in_the_session(web, settings, evil):
    settings.SESSIONAUTH_USE_SESSION_FOR_NEXT = True
    web.get("/secret/")
    session = web.session
    session["_sessionauth"] = {"next": evil}
    session.save()
    assert web.get("/login-here/").json()["next"] == ""


def test_4_4_23_evil_next__path_of_the_request(web):
    """A path may begin with two slashes; sent back as it is, it would be another host."""
    response = web.get("//evil.example/../secret/", headers={"Accept": "text/html"})
    assert "next=//" not in response.headers.get("Location", "")


# 24. Keys of every kind


@pytest.mark.every_project
def test_4_4_24_login_and_login_again(web, other_web, make_user, password):
    alice, bob = make_user("alice"), make_user("bob")
    for user in (alice, alice, bob):
        web.log_in(user.get_username(), password)
        auth = web.auth()
        assert (auth.user, auth.user_id, auth.is_fresh) == (user, user.pk, True)
    assert other_web.auth().is_anonymous
    # Each of the three replaced the one before, and is listed.
    rows = LoginSession.objects.order_by("pk")
    assert [(row.user_id, row.is_revoked) for row in rows][-1] == (bob.pk, False)
    assert [row.user_id for row in rows] == [alice.pk, alice.pk, bob.pk]


@pytest.mark.every_project
@pytest.mark.parametrize("kind", ["bearer", "api_key"])
def test_4_4_24_programs(web, make_user, kind):
    alice = make_user("alice")
    web.force_login(alice, method=kind)
    auth = web.auth()
    assert (auth.user, auth.user_id, auth.method) == (alice, alice.pk, kind)


@pytest.mark.every_project
def test_4_4_24_mixin_id_is_text(web, make_user):
    alice = make_user("alice")
    if hasattr(alice, "get_id"):
        assert alice.get_id() == str(alice.pk)
    assert type(alice.pk) in (int, str) or str(alice.pk).count("-") == 4


# 25. A failed login changes nothing


@pytest.mark.every_project
@pytest.mark.parametrize("name", ["alice", "bob", "nobody"])
def test_4_4_25_failed_login_leaves_the_old_session(web, heard, make_user, name):
    alice, bob = make_user("alice"), make_user("bob")
    web.force_login(alice)
    session_key = web.session.session_key
    username = {"alice": alice.get_username(), "bob": bob.get_username(), "nobody": "nobody"}[name]
    with heard(user_login_failed) as failed:
        assert web.log_in(username, "wrong").status_code == 200
    assert [call["credentials"]["username"] for call in failed] == [username]
    assert web.session.session_key == session_key
    auth = web.auth()
    assert (auth.user, auth.is_fresh) == (alice, True)


def test_4_4_25_failed_login_and_the_row(web, alice):
    web.force_login(alice)
    web.log_in("alice", "wrong")
    assert [row.is_revoked for row in LoginSession.objects.all()] == [False]
    assert Web(asgi=web.asgi).auth().is_anonymous
