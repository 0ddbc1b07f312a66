"""HTTP Basic."""

from __future__ import annotations

import base64

import pytest

from sessionauth.authenticators.basic import BasicAuthenticator, UserPass, decode
from tests.asking import WAYS, Sent, ask
from tests.contracts import ExplicitContract, who


def basic(username, password):
    return Sent({"Authorization": "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()})


class TestBasic(ExplicitContract):
    entry = "sessionauth.authenticators.basic.BasicAuthenticator"
    method = "basic"
    vary = frozenset({"authorization"})
    ambient = True
    frees_from_csrf = False

    @pytest.fixture(autouse=True)
    def _password(self, password):
        self.password = password

    def issue(self, user):
        return basic(user.get_username(), self.password), None

    def foreign(self):
        values = ["", "Basicx YTpi", "Bearer x", "Token YTpi", "YTpi", "x Basic YTpi"]
        return [Sent({"Authorization": value}) for value in values]

    def malformed(self):
        """Every Basic header is ours, the bare scheme too: nobody else reads it once Basic is on."""
        plain = [b"nocolon", b":", b"alice:", b":password", b"\xff\xfe:x", b"ali\0ce:x", b"alice:x\0"]
        encoded = ["", "not base64!", "YTp", "=", "YTpi YTpi", "é"]
        encoded += [base64.b64encode(value).decode() for value in plain]
        return [Sent({"Authorization": f"Basic {value}".strip()}) for value in encoded]

    def unknown(self):
        return basic("nobody", "wrong")

    def secrets_of(self, sent):
        return [value for value in super().secrets_of(sent) if len(value) > 6]

    @pytest.mark.parametrize("way", WAYS)
    def test_wrong_password__is_refused(self, way, make_user):
        make_user("alice")
        self.refused(ask(way, "/tell/", basic("alice", "wrong")))

    @pytest.mark.parametrize("password", ["with:colons::", "ünïcödé", " spaces ", "x" * 4000])
    def test_password__may_hold_anything_after_the_first_colon(self, password, make_user):
        user = make_user("alice")
        user.set_password(password)
        user.save()
        assert who(ask("asgi", "/tell/", basic("alice", password)))["user"] == "alice"
        self.refused(ask("asgi", "/tell/", basic("alice", password + "x")))

    def test_unusable_password__is_refused(self, make_user):
        user = make_user("alice")
        user.set_unusable_password()
        user.save()
        for guess in (user.password, "!", "None"):
            self.refused(ask("wsgi", "/tell/", basic("alice", guess)))

    def test_challenge__names_realm_and_encoding(self, settings):
        settings.SESSIONAUTH_REALM = 'desk "1"'
        assert BasicAuthenticator().challenge(None, {}) == 'Basic realm="desk \\"1\\"", charset="UTF-8"'
        assert BasicAuthenticator(realm="r").challenge(None, {}) == 'Basic realm="r", charset="UTF-8"'


@pytest.mark.parametrize(
    ("plain", "expected"),
    [
        (b"a:b", UserPass("a", "b")),
        (b"a:b:c", UserPass("a", "b:c")),
        (b"a:", UserPass("a", "")),
        (b":b", UserPass("", "b")),
        ("ä:ö".encode(), UserPass("ä", "ö")),
        (b"ab", UserPass(None, "")),
        ("ä:ö".encode("latin-1"), UserPass(None)),
    ],
)
def test_decode__splits_at_the_first_colon(plain, expected):
    assert decode(base64.b64encode(plain).decode()) == expected


@pytest.mark.parametrize("encoded", ["YTpi=", "YT pi", "ÿ", "Y", "YTpi\n", "YTpi====", "YTo=x", "=YTpi", "YTp="])
def test_decode__takes_nothing_that_is_no_base64(encoded):
    assert decode(encoded) == UserPass(None)


def test_openapi__is_the_standard_scheme():
    assert BasicAuthenticator().openapi() == {"basicAuth": {"type": "http", "scheme": "basic"}}
