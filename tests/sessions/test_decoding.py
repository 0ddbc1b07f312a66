"""A session's data are read as Django reads them, whatever was signed and by whom."""

from __future__ import annotations

import time

import pytest
from django.contrib.sessions.backends import signed_cookies
from django.contrib.sessions.backends.db import SessionStore
from django.core import signing

from sessionauth.sessions import db, decoding

pytestmark = pytest.mark.once

HELD = [{}, {"a": 1}, {"a": "ab"}, {"ä": ["€", None, 1.5]}, {"long": "x" * 5000}, {"n": "z" * 3, "m": {"k": [True]}}]


def signed(data, salt="django.contrib.sessions.SessionStore", **options):
    return signing.dumps(data, salt=salt, compress=True, **options)


@pytest.mark.parametrize("data", HELD)
@pytest.mark.parametrize("engine", [SessionStore, db.SessionStore])
def test_decoded__is_what_django_decodes(data, engine, monkeypatch):
    session = engine()
    for text in (session.encode(data), signed(data), signing.dumps(data, salt=session.key_salt)):
        assert session.decode(text) == data
        with monkeypatch.context() as patch:
            patch.setattr(session, "decode", None)  # it is not asked
            assert decoding.decoded(session, text) == data


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "::",
        "nothing",
        "é:é:é",
        "\ud800:a:b",
        signed({"a": 1}, salt="django.contrib.sessions.Other"),
        signed({"a": 1}, key="another"),
        signed({"a": 1})[:-1],
        signed({"a": 1}) + "=",
        "e30" + signed({"a": 1}),
        signing.TimestampSigner(salt="django.contrib.sessions.SessionStore").sign("no base64!"),
        signing.TimestampSigner(salt="django.contrib.sessions.SessionStore").sign(".e30"),
    ],
)
def test_decoded__of_what_is_no_session_is_empty_as_with_django(text):
    session = SessionStore()
    assert decoding.decoded(session, text) == session.decode(text) == {}


class Raw:
    """Writes text as it is, and marks what it reads."""

    def dumps(self, text):
        return text.encode()

    def loads(self, data):
        return {"read": data.decode()}


@pytest.mark.parametrize(
    "text", ['{"a":1}', ' {"a": 1}', '{"a":1}\n', '{"a":1}x', '{"a":1}{}', "{", "", '{"a":NaN,"a":2}']
)
def test_decoded__of_text_that_django_would_not_write_is_what_django_reads(text):
    session = SessionStore()
    said = signed(text, serializer=Raw)
    assert decoding.decoded(session, said) == session.decode(said)
    session.serializer = Raw
    assert decoding.decoded(session, said) == {"read": text}


def test_decoded__by_an_older_key_of_the_site(settings):
    text = signed({"a": 1})
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another" * 8
    assert decoding.decoded(SessionStore(), text) == {"a": 1}
    settings.SECRET_KEY_FALLBACKS = []
    assert decoding.decoded(SessionStore(), text) == {}


def test_decoded__by_an_engine_with_a_way_of_its_own():
    class Own(SessionStore):
        def decode(self, session_data):
            return {"own": session_data}

    assert decoding.decoded(Own(), "x") == {"own": "x"}


@pytest.mark.parametrize("data", HELD[1:])
def test_of_cookie__is_what_the_session_loads(data):
    stored = signed_cookies.SessionStore()
    stored.update(data)
    stored.save()
    session = signed_cookies.SessionStore(stored.session_key)
    assert decoding.of_cookie(session) == data == session.load()


def test_of_cookie__only_as_long_as_django_takes_it(settings, monkeypatch):
    stored = signed_cookies.SessionStore()
    stored["a"] = 1
    stored.save()
    session, now = signed_cookies.SessionStore(stored.session_key), time.time()
    for later, expected in ((settings.SESSION_COOKIE_AGE - 2, {"a": 1}), (settings.SESSION_COOKIE_AGE + 2, None)):
        with monkeypatch.context() as patch:
            patch.setattr(time, "time", lambda later=later: now + later)
            assert decoding.of_cookie(session) == expected
            assert session.load() == (expected or {})


@pytest.mark.parametrize("key", ["a", "a:b:c", signed({"a": 1}), None])
def test_of_cookie__leaves_what_it_does_not_know_to_the_session(key):
    session = signed_cookies.SessionStore(key)
    assert decoding.of_cookie(session) is None
    db.fill(session)
    assert (session.get("a"), session.accessed) == (None, True)
