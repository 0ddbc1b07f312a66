"""Signatures of reports, and where their keys come from."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.core.cache import caches

from sessionauth.credentials import partner
from sessionauth.credentials.partner import KeysUnavailable, Unverified
from tests.browser.tls import self_signed
from tests.reporting import IDENTIFIER, OTHER, P256, P384

pytestmark = pytest.mark.once

URL = "https://example.org/keys"
BODY = b"[]"


@pytest.fixture(autouse=True)
def _nothing_is_known(monkeypatch):
    monkeypatch.setattr(partner, "_kept", {})
    monkeypatch.setattr(partner, "_tried", {})


@pytest.fixture
def clock(monkeypatch):
    """A clock of monotonic seconds that tests set."""
    now = [1000.0]
    monkeypatch.setattr(partner.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def asked(settings, monkeypatch):
    """The addresses that were fetched; `answer` is what they hold, or raise."""
    settings.SESSIONAUTH_LEAK_KEYS_URL = URL

    class Asked(list):
        answer = {IDENTIFIER: P256.pem}

    calls = Asked()

    def fetched(url):
        calls.append(url)
        if isinstance(calls.answer, Exception):
            raise calls.answer
        return calls.answer

    monkeypatch.setattr(partner, "fetched", fetched)
    return calls


def verify(identifier=IDENTIFIER, signer=P256, body=BODY):
    partner.verify(BODY, identifier, signer.sign(body))


def test_example__of_githubs_own_documentation(settings):
    """Secret scanning partner program: "Implement signature verification in your secret alert service"."""
    settings.SESSIONAUTH_LEAK_KEYS = {
        "f9525bf080f75b3506ca1ead061add62b8633a346606dc5fe544e29231c6ee0d": (
            "-----BEGIN PUBLIC KEY-----\n"
            "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEsz9ugWDj5jK5ELBK42ynytbo38gP\n"
            "HzZFI03Exwz8Lh/tCfL3YxwMdLjB+bMznsanlhK0RwcGP3IDb34kQDIo3Q==\n"
            "-----END PUBLIC KEY-----\n"
        )
    }
    body = (
        b'[{"token":"NMIfyYncKcRALEXAMPLE","type":"mycompany_api_token","url":"https://github.com/octocat/Hello-World/'
        b'blob/12345600b9cbe38a219f39a9941c9319b600c002/foo/bar.txt","source":"content"}]'
    )
    signature = "MEUCIQDfLvT8/zM8F1aB3cM0ZwyeWF1m5YR6IhcUIv1OKQYL0wIgBZ5lVXB3gHK+dT8+xt0WgRVLqvsTPFiDO9QP/7eJ4yE="
    [identifier] = settings.SESSIONAUTH_LEAK_KEYS
    partner.verify(body, identifier, signature)
    with pytest.raises(Unverified):
        partner.verify(body + b"\n", identifier, signature)


@pytest.mark.parametrize(
    ("identifier", "signature"),
    [
        (IDENTIFIER, OTHER.sign(BODY)),
        (IDENTIFIER, P256.sign(b"[ ]")),
        (IDENTIFIER, P384.sign(BODY)),
        (IDENTIFIER, ""),
        (IDENTIFIER, "é"),
        (IDENTIFIER, "AAAA"),
        (IDENTIFIER, P256.sign(BODY)[:-4]),
        (IDENTIFIER, " " + P256.sign(BODY)),
        (IDENTIFIER, "A" * 100_000),
        ("", P256.sign(BODY)),
        ("other", P256.sign(BODY)),
        ("x" * 100_000, P256.sign(BODY)),
        ("384", P384.sign(BODY)),
        ("none", P256.sign(BODY)),
    ],
)
def test_signature__of_anybody_else_is_refused(identifier, signature, settings):
    settings.SESSIONAUTH_LEAK_KEYS = {IDENTIFIER: P256.pem, "384": P384.pem, "none": "no key"}
    verify()
    with pytest.raises(Unverified):
        partner.verify(BODY, identifier, signature)


def test_keys__are_fetched_once_for_half_an_hour(asked, clock):
    for _ in range(3):
        verify()
    assert asked == [URL]
    clock[0] += partner.AGE - 1
    verify()
    assert len(asked) == 1
    caches["default"].clear()
    clock[0] += 2
    verify()
    assert len(asked) == 2


def test_keys__are_shared_through_the_cache(asked, monkeypatch):
    verify()
    monkeypatch.setattr(partner, "_kept", {})
    monkeypatch.setattr(partner, "_tried", {})
    verify()
    assert len(asked) == 1


def test_unknown_identifier__is_asked_for_once_a_minute(asked, clock):
    verify()
    for step in range(100):
        with pytest.raises(Unverified):
            verify(f"invented{step}")
    assert len(asked) == 1
    clock[0] += partner.PAUSE
    asked.answer = {"next": OTHER.pem}
    verify("next", OTHER)
    with pytest.raises(Unverified):
        verify()
    assert len(asked) == 2


def test_trouble__is_no_answer_and_is_not_asked_about_again_at_once(asked, clock):
    asked.answer = OSError("nobody is there")
    for _ in range(3):
        with pytest.raises(KeysUnavailable):
            verify()
    assert len(asked) == 1
    clock[0] += partner.PAUSE
    asked.answer = {IDENTIFIER: P256.pem}
    verify()


def test_trouble__leaves_the_old_keys_in_use(asked, clock):
    verify()
    caches["default"].clear()
    clock[0] += partner.AGE + 1
    asked.answer = OSError("nobody is there")
    verify()
    verify()
    assert len(asked) == 2


def test_trouble_of_the_cache__is_none(asked, settings):
    settings.SESSIONAUTH_CACHE = "nowhere"
    verify()
    verify()
    assert len(asked) == 1


def test_keys_in_the_settings__come_first_and_need_no_network(asked, settings):
    settings.SESSIONAUTH_LEAK_KEYS = {IDENTIFIER: OTHER.pem}
    verify(signer=OTHER)
    with pytest.raises(Unverified):
        verify()
    assert asked == []


def test_without_cryptography__nothing_can_be_said(monkeypatch, settings):
    settings.SESSIONAUTH_LEAK_KEYS = {IDENTIFIER: P256.pem}
    monkeypatch.setattr(partner, "HAS_CRYPTOGRAPHY", False)
    with pytest.raises(KeysUnavailable):
        verify()


@contextmanager
def served(tmp_path, monkeypatch, status: int, body: bytes, **sent: str) -> Iterator[tuple[str, list[str]]]:
    """Serve `body` over TLS, with a certificate that is trusted; yield the address and the paths that were asked."""
    paths: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(status)
            for name, value in sent.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = HTTPServer(("localhost", 0), Handler)
    server.socket = self_signed(tmp_path).wrap_socket(server.socket, server_side=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "localhost.pem"))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"https://localhost:{server.server_port}/keys", paths
    finally:
        server.shutdown()
        server.server_close()


def document(*keys: object) -> bytes:
    return json.dumps({"public_keys": keys}).encode()


GOOD = {"key_identifier": IDENTIFIER, "key": P256.pem, "is_current": True}


def test_fetched__over_the_network(tmp_path, monkeypatch, settings):
    with served(tmp_path, monkeypatch, 200, document(GOOD, {"key_identifier": 3}, None, {})) as (url, paths):
        assert partner.fetched(url) == {IDENTIFIER: P256.pem}
        settings.SESSIONAUTH_LEAK_KEYS_URL = url
        verify()
    assert paths == ["/keys", "/keys"]


def test_fetched__follows_no_redirect(tmp_path, monkeypatch):
    location = {"Location": "http://169.254.169.254/latest/meta-data/"}
    with served(tmp_path, monkeypatch, 302, b"", **location) as (url, _), pytest.raises(OSError, match="302"):
        partner.fetched(url)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"public_keys": 3}', b"\xff", b"[" * 100_000, b"9" * 300_000])
def test_fetched__what_is_no_list_of_keys(body, tmp_path, monkeypatch, settings):
    with served(tmp_path, monkeypatch, 200, body) as (url, _):
        settings.SESSIONAUTH_LEAK_KEYS_URL = url
        with pytest.raises(KeysUnavailable):
            verify()


def test_fetched__trusts_no_certificate_of_its_own(tmp_path, monkeypatch):
    with served(tmp_path, monkeypatch, 200, document(GOOD)) as (url, paths):
        monkeypatch.delenv("SSL_CERT_FILE")
        with pytest.raises(OSError, match="certificate"):
            partner.fetched(url)
    assert paths == []


@pytest.mark.parametrize("url", ["http://localhost/", "file:///etc/passwd", "ftp://localhost/", "HTTPS://localhost/"])
def test_fetched__nothing_but_https(url):
    with pytest.raises(ValueError, match="https"):
        partner.fetched(url)


def test_default_context__is_what_verifies():
    assert ssl.create_default_context().verify_mode is ssl.CERT_REQUIRED
