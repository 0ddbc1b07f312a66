"""Anything that is like an imported token, through the real handlers: nobody gets in, nothing breaks."""

from __future__ import annotations

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessionauth.credentials import formats
from tests.attacks import nasty
from tests.attacks.test_fuzz import HANDFUL, attack, effort, secret_in, silent, site  # noqa: F401 - fixtures
from tests.authenticators.test_imported import TestDRFAPIKey as Keys
from tests.authenticators.test_imported import TestKnox as Tokens

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.project.ways_urls"), pytest.mark.slow]

NAMES = ("knox", "authtoken", "drf-api-key")
PATHS = (
    "sessionauth.authenticators.token.TokenAuthenticator",
    "sessionauth.authenticators.api_key.APIKeyAuthenticator",
)
HEX = st.text("0123456789abcdef", min_size=38, max_size=66).map(str.encode)


@pytest.fixture
def held(make_user, settings):
    """Secrets that are good."""
    settings.SESSIONAUTH_AUTHENTICATORS = [{"NAME": path, "OPTIONS": {"claim": ["brand", *NAMES]}} for path in PATHS]
    settings.MIDDLEWARE = ["sessionauth.middleware.AuthenticationMiddleware"]
    issued = [kind().issue(make_user(kind.name))[0] for kind in (Tokens, Keys)]
    return [next(iter(sent.headers.values())).partition(" ")[2].encode() for sent in issued]


def cost(sent):
    """Return the most queries that a value may cost."""
    (((name, value),), _) = sent
    value = secret_in(value)
    if name == b"Authorization":
        value = secret_in(value.partition(b" ")[2])
    return int(nasty.is_well_formed(value) or formats.is_of(value.decode("latin-1"), NAMES))


def test_like_an_imported_token(held, site):  # noqa: F811
    good = {*held, *site.secrets}

    @effort
    @given(st.lists(st.one_of(nasty.values(*held), HEX), min_size=HANDFUL, max_size=HANDFUL))
    def send(values):
        values = [value for value in values if secret_in(value) not in good]
        for carrier, before in ((b"Authorization", b"Token "), (b"X-Api-Key", b"")):
            attack(site, [([(carrier, before + value)], b"") for value in values], cost)

    send()
    assert secrets.token_hex(32).encode() not in good
