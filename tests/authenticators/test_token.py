"""Bearer and a token scheme of one's own."""

from __future__ import annotations

import pytest

from sessionauth.authenticators.token import BearerAuthenticator, TokenAuthenticator
from sessionauth.models import AccessToken, APIKey
from tests.asking import Sent, ask, counted
from tests.contracts import SecretContract, who
from tests.project.organisations.models import DeviceKey, Organisation, OrganisationKey


class TestBearer(SecretContract):
    entry = "sessionauth.authenticators.token.BearerAuthenticator"
    method = "bearer"
    credential = "AccessToken"
    vary = frozenset({"authorization"})
    scheme = "Bearer"
    header = "Authorization"

    def issue(self, user):
        row, secret = AccessToken.objects.issue(user=user, name="laptop")
        return self.carry(secret), row

    def carry(self, secret):
        return Sent({self.header: f"{self.scheme} {secret}"})

    def foreign(self):
        schemes = [Sent({self.header: value}) for value in (self.scheme, f"{self.scheme} ", "Digest x", "sa_key_x")]
        return [*super().foreign(), *schemes]

    @pytest.mark.parametrize("form", ["{0} {1}", "{2} {1}", "{3} {1}", "{0}   {1}", " {0} {1}\t"])
    def test_scheme__is_read_in_any_case_and_with_any_number_of_spaces(self, form, make_user):
        _, secret = AccessToken.objects.issue(user=make_user("alice"))
        value = form.format(self.scheme, secret, self.scheme.upper(), self.scheme.lower())
        assert who(ask("asgi", "/tell/", Sent({self.header: value})))["user"] == "alice"

    def test_kind__picks_the_table_whichever_header_carries_it(self, make_user):
        _, secret = APIKey.objects.issue(user=make_user("alice"))
        told = who(ask("wsgi", "/tell/", self.carry(secret)))
        assert (told["user"], told["credential"], told["method"]) == ("alice", "APIKey", self.method)

    def test_kind__of_a_projects_own_model_is_known(self, make_user):
        desk = Organisation.objects.create(name="desk", service_user=make_user("alice"))
        _, secret = OrganisationKey.objects.issue(organisation=desk)
        told = who(ask("wsgi", "/tell/", self.carry(secret)))
        assert (told["user"], told["credential"]) == ("alice", "OrganisationKey")

    @pytest.mark.parametrize("model", [APIKey, DeviceKey])
    def test_key_without_user__is_authenticated_and_nobody(self, model):
        _, secret = model.objects.issue(name="scanner")
        told = who(ask("wsgi", "/tell/", self.carry(secret)))
        assert told == {"user": None, "state": "program", "method": self.method, "credential": model.__name__}

    def test_claim_scheme__refuses_a_foreign_value_without_a_query(self, settings):
        settings.SESSIONAUTH_AUTHENTICATORS = [self.claiming()]
        for value in ("9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b", "x y", "é"):
            with counted() as statements:
                answer = ask("wsgi", "/tell/", self.carry(value))
            assert (answer.status, statements) == (401, [])

    def test_claim_scheme__leaves_the_bare_scheme_and_other_schemes_alone(self, settings):
        settings.SESSIONAUTH_AUTHENTICATORS = [self.claiming()]
        for value in (self.scheme, "Digest x", ""):
            assert ask("wsgi", "/tell/", Sent({self.header: value})).status == 200

    def claiming(self):
        entry = {"NAME": self.entry} if isinstance(self.entry, str) else self.entry
        return {**entry, "OPTIONS": {**entry.get("OPTIONS", {}), "claim": "scheme"}}


class TestTokenScheme(TestBearer):
    entry = "sessionauth.authenticators.token.TokenAuthenticator"
    method = "token"
    scheme = "Token"


class TestTokenOfOnesOwn(TestBearer):
    """Another scheme, another header, another name."""

    entry = {
        "NAME": "sessionauth.authenticators.token.TokenAuthenticator",
        "OPTIONS": {"keyword": "Desk", "header": "X-Desk", "name": "desk", "realm": "desks"},
    }
    method = "desk"
    vary = frozenset({"x-desk"})
    scheme = "Desk"
    header = "X-Desk"


@pytest.mark.parametrize("claim", ["everything", "", [], ["brand", "everything"], ["Knox"]])
def test_claim__is_of_known_words(claim):
    for made in (TokenAuthenticator, BearerAuthenticator):
        with pytest.raises(ValueError, match="claim"):
            made(claim=claim)


def test_challenge__stands_in_the_standard_header_only():
    assert TokenAuthenticator(keyword="Desk", realm="r").challenge(None, {"error": "e"}) == 'Desk realm="r", error="e"'
    assert TokenAuthenticator(header="X-Desk").challenge(None, {}) is None


def test_openapi__describes_bearer_as_http_and_others_as_a_header():
    assert BearerAuthenticator().openapi() == {"bearerAuth": {"type": "http", "scheme": "bearer"}}
    (scheme,) = TokenAuthenticator(keyword="Desk", header="X-Desk", name="desk").openapi().values()
    assert (scheme["in"], scheme["name"]) == ("header", "X-Desk")
