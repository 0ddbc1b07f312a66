"""Sessions in encrypted cookies: what is in them, what is taken for one, how long, and how much fits."""

from __future__ import annotations

import base64
import secrets
import subprocess
import sys
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import path
from django.utils import timezone

from sessionauth.exceptions import SessionTooLarge
from sessionauth.sessions import encrypted_cookies
from sessionauth.sessions.encrypted_cookies import SessionStore, seal, unseal

pytestmark = [pytest.mark.once, pytest.mark.urls("tests.sessions.test_encrypted_cookies")]

ENGINE = "sessionauth.sessions.encrypted_cookies"
NAME = "sessionid"


def keep(request):
    """Put the query into the session and tell what is in it."""
    request.session.update(request.GET.dict())
    return HttpResponse(repr(sorted(request.session.items())))


def look(request):
    return HttpResponse(repr(sorted(request.session.items())))


urlpatterns = [path("keep/", keep), path("look/", look)]


@pytest.fixture(autouse=True)
def _engine(settings):
    settings.SESSION_ENGINE = ENGINE
    settings.MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware"]


def cookie_of(**data):
    session = SessionStore()
    session.update(data)
    session.save()
    return session.session_key


def data_of(cookie):
    return dict(SessionStore(cookie).items())


class Clock:
    def __init__(self, monkeypatch):
        self.now = timezone.now()
        monkeypatch.setattr(timezone, "now", lambda: self.now)


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def test_cookie__brings_back_what_was_put_in():
    data = {"cart": [1, 2], "name": "Zoë", "long": "x" * 2000}
    cookie = cookie_of(**data)
    assert data_of(cookie) == data
    assert len(cookie) < 300  # compressed


def test_cookie__shows_nothing_and_never_twice_the_same():
    one, other = cookie_of(secret="attack at dawn"), cookie_of(secret="attack at dawn")
    assert one != other
    raw = base64.urlsafe_b64decode(one[1:] + "==")
    assert b"attack" not in raw
    assert b"secret" not in raw


def test_cookie__length_tells_only_the_block():
    assert {len(cookie_of(x=text)) for text in ("a", "ab", "abcdefg")} == {len(cookie_of(x="a"))}


@pytest.mark.parametrize("place", [0, 1, 5, 8, 20, 40, -20, -1])
def test_cookie__with_any_byte_changed_is_nothing(place):
    cookie = cookie_of(user=1)
    changed = list(cookie)
    changed[place] = "A" if cookie[place] != "A" else "Q"
    assert data_of("".join(changed)) == {}


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        "1",
        "x" * 8,
        "1" + "A" * 60,
        "1" + "=" * 20,
        "1é" * 10,
        "\0" * 20,
        "1" + "A" * 100_000,
        "1\ud800" * 9,
        "2AAAAAAA",
    ],
)
def test_cookie__that_is_none_of_ours_is_nothing(garbage):
    session = SessionStore(garbage)
    assert (dict(session.items()), session.is_empty()) == ({}, True)


def test_cookie__of_another_name_is_nothing(settings):
    cookie = cookie_of(user=1)
    settings.SESSION_COOKIE_NAME = "other"
    assert data_of(cookie) == {}


def test_cookie__shortened_or_lengthened_is_nothing():
    cookie = cookie_of(user=1)
    assert [data_of(cookie[:-4]), data_of(cookie + "AAAA"), data_of(cookie[:30])] == [{}, {}, {}]


@pytest.mark.parametrize("plain", [b"", b"short"])
def test_unseal__takes_only_what_begins_like_a_session(plain):
    assert unseal(seal(plain)) is None


def test_keys__are_rotated_by_the_fallbacks(settings):
    cookie = cookie_of(user=1)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another" * 10, [settings.SECRET_KEY]
    assert data_of(cookie) == {"user": 1}
    newer = cookie_of(user=2)
    settings.SECRET_KEY_FALLBACKS = []
    assert (data_of(cookie), data_of(newer)) == ({}, {"user": 2})


def test_key__may_be_bytes(settings):
    settings.SECRET_KEY = b"bytes" * 10
    assert data_of(cookie_of(user=1)) == {"user": 1}


def test_expiry__is_kept_by_the_server(clock, settings):
    settings.SESSION_COOKIE_AGE = 100
    cookie = cookie_of(user=1)
    clock.now += timedelta(seconds=99)
    assert data_of(cookie) == {"user": 1}
    clock.now += timedelta(seconds=1)
    assert data_of(cookie) == {}


@pytest.mark.parametrize(("expiry", "lasts"), [(10, 10), (1000, 1000), (timedelta(seconds=10), 10), (0, 100), (-5, 0)])
def test_expiry__of_one_session(expiry, lasts, clock, settings):
    settings.SESSION_COOKIE_AGE = 100
    session = SessionStore()
    session["user"] = 1
    session.set_expiry(expiry)
    session.save()
    if lasts:
        clock.now += timedelta(seconds=lasts - 1)
        assert "user" in data_of(session.session_key)
    clock.now += timedelta(seconds=1)
    assert data_of(session.session_key) == {}


def test_too_large__is_refused_with_the_names_and_not_the_values():
    session = SessionStore()
    session.update({"small": 1, "large": "".join(str(n * 7919) for n in range(1500))})
    with pytest.raises(SessionTooLarge, match=r"As a cookie .* 'large'") as raised:
        session.save()
    assert "7919" not in str(raised.value)


def test_too_large__begins_where_browsers_end():
    """The largest that is accepted fits with its name into 4096 bytes, and there is little room left."""
    session, sizes = SessionStore(), []
    for length in range(2800, 4800, 16):
        session["x"] = base64.b85encode(secrets.token_bytes(length * 4 // 5)).decode()
        try:
            session.save()
        except SessionTooLarge:
            break
        sizes.append(len(NAME) + 1 + len(session.session_key))
    assert 3900 < sizes[-1] <= 4096


def test_browser__keeps_the_session_and_is_never_shown_it():
    browser = Client()
    browser.get("/keep/", {"cart": "7"})
    assert browser.get("/look/").content == b"[('cart', '7')]"
    assert browser.cookies[NAME]["httponly"]


def test_browser__with_garbage_has_its_cookie_taken_back():
    browser = Client()
    browser.cookies[NAME] = "1garbage"
    answer = browser.get("/look/")
    assert (answer.content, answer.cookies[NAME].value, answer.cookies[NAME]["max-age"]) == (b"[]", "", 0)


def test_browser__with_too_much_gets_the_error_and_keeps_the_last_good_session():
    browser = Client()
    browser.get("/keep/", {"cart": "7"})
    with pytest.raises(SessionTooLarge):
        browser.get("/keep/", {"large": "".join(str(n * 7919) for n in range(1500))})
    assert browser.get("/look/").content == b"[('cart', '7')]"


def test_flush_and_cycle_key__as_with_any_other_engine():
    session = SessionStore(cookie_of(cart=1))
    old = session.session_key
    session.cycle_key()
    assert (session.session_key != old, dict(session.items()), session.modified) == (True, {"cart": 1}, True)
    session.flush()
    assert (session.session_key, session.is_empty()) == (None, True)


def test_async__does_the_same():
    async def go():
        session = SessionStore()
        await session.aset("cart", 1)
        await session.asave()
        other = SessionStore(session.session_key)
        await other.acycle_key()
        found = await SessionStore(other.session_key).aget("cart")
        await other.aflush()
        return found, other.session_key

    assert async_to_sync(go)() == (1, None)


def test_clearsessions__has_nothing_to_do():
    call_command("clearsessions")


def test_serializer__that_cannot_read_it_is_no_error(settings):
    cookie = cookie_of(user=1)
    with override_settings(SESSION_SERIALIZER="tests.sessions.test_encrypted_cookies.Deaf"):
        assert data_of(cookie) == {}


class Deaf:
    def loads(self, data):
        raise ValueError("cannot read")


def test_without_cryptography__it_says_what_to_install():
    code = f"import sys; sys.modules['cryptography'] = None; import {encrypted_cookies.__name__}"
    outcome = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert 'pip install "django-sessionauth[crypto]"' in outcome.stderr
