"""API keys in a header of their own, and in the query string."""

from __future__ import annotations

import pytest

from sessionauth import crypto
from sessionauth.authenticators.api_key import APIKeyAuthenticator
from sessionauth.models import APIKey
from tests.asking import WAYS, Sent, ask
from tests.contracts import NOBODY, SecretContract, who

PATH = "sessionauth.authenticators.api_key.APIKeyAuthenticator"


class TestAPIKey(SecretContract):
    entry = PATH
    method = "api_key"
    credential = "APIKey"
    vary = frozenset({"x-api-key"})

    def issue(self, user):
        row, secret = APIKey.objects.issue(user=user, name="desk")
        return self.carry(secret), row

    def carry(self, secret):
        return Sent({"X-Api-Key": secret})

    def test_query__is_not_read_unless_switched_on(self, make_user):
        _, secret = APIKey.objects.issue(user=make_user("alice"))
        answer = ask("wsgi", "/tell/", Sent(query=f"api_key={secret}&apikey={secret}"))
        assert who(answer) == NOBODY

    def test_spaces_around__do_not_matter(self, make_user):
        _, secret = APIKey.objects.issue(user=make_user("alice"))
        assert who(ask("asgi", "/tell/", self.carry(f" {secret}\t")))["user"] == "alice"


class TestHeaderOfOnesOwn(TestAPIKey):
    entry = {"NAME": PATH, "OPTIONS": {"header": "X-Desk-Key"}}
    vary = frozenset({"x-desk-key"})

    def carry(self, secret):
        return Sent({"X-Desk-Key": secret})


class TestQuery(SecretContract):
    """The key in the URL: explicit like a header, but any site can make a browser send it."""

    entry = {"NAME": PATH, "OPTIONS": {"query_param": "api_key"}}
    method = "api_key"
    credential = "APIKey"
    vary = frozenset({"x-api-key"})
    frees_from_csrf = False

    def issue(self, user):
        row, secret = APIKey.objects.issue(user=user, name="desk")
        return self.carry(secret), row

    def carry(self, secret):
        return Sent(query=f"page=2&api_key={secret.replace(chr(9), '%09').replace(' ', '%20').replace(',', '%2C')}")

    def secrets_of(self, sent):
        return [sent.query.rpartition("=")[2]]

    def test_header_and_query__with_one_secret_are_one_credential_and_free_from_csrf(self, make_user):
        _, secret = APIKey.objects.issue(user=make_user("alice"))
        sent = Sent({"X-Api-Key": secret}, query=f"api_key={secret}&api_key={secret}")
        answer = ask("wsgi", "/tell/", sent, method="POST")
        assert (answer.status, who(answer)["user"]) == (200, "alice")

    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("query", ["api_key={a}&api_key={b}", "api_key={a}&api_key={unknown}", "api_key={b}"])
    def test_two_secrets__are_refused(self, query, way, make_user):
        _, a = APIKey.objects.issue(user=make_user("alice"))
        _, b = APIKey.objects.issue(user=make_user("bob"))
        query = query.format(a=a, b=b, unknown=crypto.new_secret("sa", "key"))
        header = {} if "&" in query else {"X-Api-Key": a}
        assert ask(way, "/tell/", Sent(header, query=query)).status == 400

    def test_empty_and_foreign_values__are_left_alone(self, make_user):
        _, secret = APIKey.objects.issue(user=make_user("alice"))
        assert who(ask("wsgi", "/tell/", Sent(query="api_key=&api_key=other")))["user"] is None
        assert who(ask("wsgi", "/tell/", Sent(query=f"api_key=&api_key=other&api_key={secret}")))["user"] == "alice"


@pytest.mark.django_db
@pytest.mark.urls("tests.project.ways_urls")
def test_claim_scheme__makes_every_value_of_the_header_ours(settings):
    settings.SESSIONAUTH_AUTHENTICATORS = [{"NAME": PATH, "OPTIONS": {"claim": "scheme"}}]
    assert ask("wsgi", "/tell/", Sent({"X-Api-Key": "other"})).status == 401
    assert ask("wsgi", "/tell/", Sent({"X-Api-Key": ""})).status == 200


def test_claim__is_one_of_two_words():
    with pytest.raises(ValueError, match="claim"):
        APIKeyAuthenticator(claim="everything")


def test_challenge__names_the_header():
    made = APIKeyAuthenticator(header="X-Desk", realm="r")
    assert made.challenge(None, {"error": "e"}) == 'ApiKey realm="r", header="X-Desk", error="e"'


def test_openapi__names_header_and_parameter():
    schemes = APIKeyAuthenticator(header="X-Desk", query_param="desk").openapi()
    assert [(scheme["in"], scheme["name"]) for scheme in schemes.values()] == [("header", "X-Desk"), ("query", "desk")]
    assert len(APIKeyAuthenticator().openapi()) == 1
