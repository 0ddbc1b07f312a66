"""The order of AUTHENTICATION_BACKENDS."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model, login
from django.http import HttpRequest

from tests.checks.asking import THINGS, codes, hint

pytestmark = pytest.mark.once

OURS = "sessionauth.backends.SessionAuthBackend"
OWN = f"{THINGS}.OwnSessionAuthBackend"
TOKEN = "sessionauth.backends.TokenAuthBackend"
API_KEY = "sessionauth.backends.APIKeyAuthBackend"
MODEL = "django.contrib.auth.backends.ModelBackend"
OWN_MODEL = f"{THINGS}.OwnModelBackend"


@pytest.mark.parametrize(
    ("backends", "expected"),
    [
        ([MODEL], []),
        ([OURS, MODEL], []),
        ([OWN, OWN_MODEL], []),
        ([OURS, TOKEN, API_KEY, MODEL], []),
        ([], []),
        (None, []),
        ([5], []),
        (["nowhere", MODEL], ["E070"]),
        (["sessionauth.backends.SessionAuthBackends", MODEL], ["E070"]),
        (["tests.checks.nowhere.Backend", OURS, MODEL], ["E070", "E071"]),
        ([TOKEN, OURS, MODEL], ["E071"]),
        ([API_KEY, OURS, MODEL], ["E071"]),
        ([OURS, OURS, MODEL], ["E071"]),
        ([MODEL, OURS], ["E071", "E072"]),
        ([OURS], ["E072"]),
        ([OURS, TOKEN], ["E072"]),
    ],
)
def test_backends(backends, expected):
    assert codes(AUTHENTICATION_BACKENDS=backends) == expected


@pytest.mark.parametrize(
    ("backends", "expected"),
    [
        ([OURS, MODEL], ["W073"]),
        ([OWN, TOKEN, OWN_MODEL], ["W073"]),
        ([MODEL], []),
        # It has always asked here.
        ([OURS, MODEL, OWN_MODEL], []),
    ],
)
def test_login__asks_for_the_backend_where_we_made_one_into_several(monkeypatch, backends, expected):
    monkeypatch.delattr(get_user_model(), "backend")
    assert codes(AUTHENTICATION_BACKENDS=backends) == expected


@pytest.mark.django_db
def test_login__the_hint_helps(monkeypatch, make_user, client):
    alice = make_user("alice")
    request = HttpRequest()
    request.session = client.session
    login(request, alice)  # by the attribute that conftest.py has set

    monkeypatch.delattr(get_user_model(), "backend")
    assert f'backend = "{MODEL}"' in hint("W073")
    with pytest.raises(ValueError, match="multiple authentication backends"):
        login(request, alice)
