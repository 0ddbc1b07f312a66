"""Secrets of other packages' forms: they are judged by the same rules as ours."""

from __future__ import annotations

import secrets

import pytest
from django.core.cache import caches
from django.utils.crypto import get_random_string

from sessionauth import crypto
from sessionauth.credentials.formats import FORMATS
from sessionauth.models import AccessToken, APIKey
from tests.asking import Sent, ask, counted
from tests.contracts import ExplicitContract

TOKEN = "sessionauth.authenticators.token.TokenAuthenticator"


class ImportedContract(ExplicitContract):
    """What was imported from one package, and is used for the first time."""

    name: str
    method = "token"
    vary = frozenset({"authorization"})
    ends = ("revoke", "expire", "deactivate", "delete")
    keyword = "Token"

    def new_secret(self) -> str:
        raise NotImplementedError

    def issue(self, user):
        secret, peer = self.new_secret(), FORMATS[self.name]
        kept = peer.kept(secret)
        row, _ = self.model.objects.issue(user=user, name="laptop")
        self.model.objects.filter(pk=row.pk).update(
            digest=crypto.digest(peer.known_by(kept)),
            imported_digest=peer.imported_digest(kept),
            imported_from=self.name,
        )
        return self.carry(secret), row

    def carry(self, secret):
        return Sent({"Authorization": f"{self.keyword} {secret}"})

    def unknown(self):
        return self.carry(self.new_secret())

    def malformed(self):
        """Of our brand: what has not the form of the package's is not ours."""
        good = crypto.new_secret("sa", "key")
        return [self.carry(value) for value in (good[:-1], good + "0", "sa_key_", "sa_key_" + "0" * 100_000)]

    def foreign(self):
        secret = self.new_secret()
        values = ["", secret[:-1], secret + "0", f"{secret},{secret}", f"x {secret}", "é" + secret[1:], "sk_live_abc"]
        return [self.carry(value) for value in values]


class TestKnox(ImportedContract):
    name = "knox"
    entry = {"NAME": TOKEN, "OPTIONS": {"claim": ["brand", "knox"]}}
    model = AccessToken
    credential = "AccessToken"

    def new_secret(self):
        return secrets.token_hex(32)


class TestAuthToken(TestKnox):
    name = "authtoken"
    entry = {"NAME": TOKEN, "OPTIONS": {"claim": ["brand", "authtoken"]}}

    def new_secret(self):
        return secrets.token_hex(20)


class TestDRFAPIKey(TestKnox):
    name = "drf-api-key"
    entry = {"NAME": TOKEN, "OPTIONS": {"claim": ("brand", "drf-api-key"), "keyword": "Api-Key"}}
    model = APIKey
    credential = "APIKey"
    keyword = "Api-Key"

    def new_secret(self):
        return f"{get_random_string(8)}.{get_random_string(32)}"


@pytest.mark.django_db(transaction=True)
@pytest.mark.urls("tests.project.ways_urls")
@pytest.mark.parametrize("contract", [TestKnox, TestAuthToken, TestDRFAPIKey])
def test_cache__knows_them_soon_after_their_first_use_until_they_are_revoked(contract, make_user, settings):
    settings.SESSIONAUTH_KEY_CACHE, settings.SESSIONAUTH_LAST_USED_INTERVAL = "default", None
    settings.SESSIONAUTH_AUTHENTICATORS = [contract.entry]
    sent, row = contract().issue(make_user("alice"))
    assert ask("wsgi", "/still/", sent).status == 200
    caches["default"].clear()  # the tombstone of the new digest runs out by itself
    asked = []
    for _ in range(2):
        with counted() as statements:
            assert ask("wsgi", "/still/", sent).status == 200
        asked.append(len(statements))
    assert asked == [1, 0]
    type(row).objects.get(pk=row.pk).revoke()
    assert ask("wsgi", "/still/", sent).status == 401
