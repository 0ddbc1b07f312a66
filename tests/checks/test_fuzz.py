"""No check raises, whatever a settings file holds."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.checks import CheckMessage, run_checks
from django.test import override_settings
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sessionauth import conf
from tests.checks.asking import API_KEY, CALLBACK, SESSIONS, THINGS, TOKEN, asked
from tests.effort import EXAMPLES

pytestmark = pytest.mark.once

#: Django's settings that our checks read.
DJANGOS = ["MIDDLEWARE", "AUTHENTICATION_BACKENDS", "LOGIN_URL", "CSRF_USE_SESSIONS", "SECURE_SSL_REDIRECT"]

#: Strings that lead far into the checks.
TELLING = [
    *(
        "",
        "/",
        "^",
        "^/",
        "^(",
        "^/a",
        "/a/",
        "/*",
        "a",
        "a.",
        ".a",
        "..",
        "a.b",
        "auth.view_group",
        "redirect",
        "raise",
    ),
    *("anonymous", "ignore", "GET", "get", "username", "email", "groups", "http://[", "//", "login", "admin", "NAME"),
    *(SESSIONS, TOKEN, API_KEY, CALLBACK, "django.contrib.auth.middleware.LoginRequiredMiddleware"),
    *(f"{THINGS}.{name}" for name in ("NUMBER", "of_request", "Sound", "Explosive", "NoAuthenticator", "RulesBackend")),
    "sessionauth.middleware.AuthenticationMiddleware",
    "sessionauth.backends.SessionAuthBackend",
    "django.middleware.cache.CacheMiddleware",
]


class Hostile:
    """Does nothing that is asked of it."""

    def __getattr__(self, name: str) -> Any:
        # Hypothesis asks for private names, to show it.
        raise AttributeError(name) if name.startswith("_") else RuntimeError(name)

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("eq")

    def __bool__(self) -> bool:
        raise RuntimeError("bool")

    __hash__ = None  # type: ignore[assignment]


words = st.sampled_from(TELLING) | st.text(max_size=20)
plain = st.one_of(
    words,
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.binary(max_size=5),
    st.dates(),
    st.timedeltas(),
    st.sampled_from([timedelta.max, timedelta.min, date, len, object(), Hostile(), Hostile, 10**400]),
)
hashable = words | st.integers() | st.none() | st.booleans()
entries = st.fixed_dictionaries(
    {"NAME": words},
    optional={"OPTIONS": st.dictionaries(words | st.just("callback") | st.just("query_param"), plain, max_size=3)},
)
junk = st.recursive(
    plain | entries,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.frozensets(hashable, max_size=4),
        st.dictionaries(hashable, inner, max_size=4),
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("name", [*conf.declared(), *DJANGOS, "SESSIONAUTH_XYZZY"])
@settings(max_examples=max(10, min(EXAMPLES // 300, 100)), deadline=None)
@example(value=Hostile())
@example(value=[Hostile()])
@example(value={"a": Hostile()})
@given(value=junk)
def test_one_setting__of_any_value(name, value):
    assert all(isinstance(message, CheckMessage) for message in asked(deploy=True, **{name: value}))


@settings(max_examples=max(100, min(EXAMPLES // 20, 1000)), deadline=None)
@given(overrides=st.dictionaries(st.sampled_from([*conf.declared(), *DJANGOS]), junk, max_size=5))
def test_several_settings__of_any_value(overrides):
    for message in asked(deploy=True, **overrides):
        assert str(message)
        assert message.hint


@pytest.mark.django_db  # Django asks whether the database knows JSON
@settings(max_examples=20, deadline=None)
@given(overrides=st.dictionaries(st.sampled_from(list(conf.declared())), junk, max_size=5))
def test_all_checks_of_the_project__of_any_value(overrides):
    with override_settings(**overrides):
        run_checks(include_deployment_checks=True)
