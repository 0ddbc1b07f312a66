"""What tells one browser in its place from another, and what a change of keys or settings makes of it."""

from __future__ import annotations

import pytest
from django.http import HttpRequest

from sessionauth.sessions import fingerprint
from sessionauth.sessions.fingerprint import Match

pytestmark = pytest.mark.once

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36"


@pytest.fixture
def come(rf):
    def come(agent=FIREFOX, address="192.0.2.7", **headers):
        return rf.get("/", HTTP_USER_AGENT=agent, REMOTE_ADDR=address, **headers)

    return come


def by_tenant(request):
    return request.META["HTTP_X_TENANT"]


def broken(request):
    raise LookupError("no such tenant")


def no_text(request):
    return 7


HERE = "tests.sessions.test_fingerprint."


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ({}, Match.SAME),
        ({"agent": FIREFOX.replace("127", "128")}, Match.SAME),
        ({"address": "192.0.2.200"}, Match.SAME),
        ({"HTTP_X_FORWARDED_FOR": "203.0.113.9"}, Match.SAME),
        ({"address": "192.0.3.7"}, Match.OTHER),
        ({"agent": CHROME}, Match.OTHER),
        ({"agent": FIREFOX.replace("Linux x86_64", "Windows NT 10.0")}, Match.OTHER),
        ({"agent": ""}, Match.OTHER),
        ({"address": "not an address"}, Match.OTHER),
    ],
)
def test_compare__by_family_and_network(other, expected, come):
    assert fingerprint.compare(come(**other), fingerprint.of(come())) is expected


@pytest.mark.parametrize(
    ("address", "near", "far"),
    [
        ("2001:db8:0:100::1", "2001:db8:0:1ff::1", "2001:db8:0:200::1"),
        ("::ffff:192.0.2.7", "192.0.2.9", "192.0.9.7"),
    ],
)
def test_compare__by_the_networks_of_ipv6(address, near, far, come):
    kept = fingerprint.of(come(address=address))
    matches = [fingerprint.compare(come(address=one), kept) for one in (near, far)]
    assert matches == [Match.SAME, Match.OTHER]


@pytest.mark.parametrize("kept", [None, "", "x", 7, [], "000000.00", "é.é"])
def test_compare__binds_what_is_bound_to_nothing_we_know(kept, come):
    assert fingerprint.compare(come(), kept) is Match.UNBOUND


def test_compare__of_a_broken_digest_is_a_mismatch(come):
    kind = fingerprint.of(come()).partition(".")[0]
    assert [fingerprint.compare(come(), f"{kind}{tail}") for tail in ("", ".", ".é")] == [Match.OTHER] * 3


def test_compare__binds_again_under_a_new_key_and_judges_by_the_old_one(come, settings):
    kept = fingerprint.of(come())
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another" * 10
    assert fingerprint.compare(come(), kept) is Match.UNBOUND
    assert fingerprint.compare(come(agent=CHROME), kept) is Match.OTHER


@pytest.mark.parametrize(("name", "value"), [("FINGERPRINT_IP_PREFIX", (16, 48)), ("FINGERPRINT", f"{HERE}by_tenant")])
def test_compare__binds_again_under_another_setting(name, value, come, settings):
    kept = fingerprint.of(come())
    setattr(settings, f"SESSIONAUTH_{name}", value)
    assert fingerprint.compare(come(HTTP_X_TENANT="a"), kept) is Match.UNBOUND


def test_compare__without_addresses(come, settings):
    settings.SESSIONAUTH_FINGERPRINT_IP_PREFIX = None
    assert fingerprint.compare(come(address="203.0.113.9"), fingerprint.of(come())) is Match.SAME


def test_compare__by_a_function_of_the_project(come, settings):
    settings.SESSIONAUTH_FINGERPRINT = f"{HERE}by_tenant"
    kept = fingerprint.of(come(HTTP_X_TENANT="a"))
    matches = [fingerprint.compare(come(agent=CHROME, HTTP_X_TENANT=name), kept) for name in "ab"]
    assert matches == [Match.SAME, Match.OTHER]


@pytest.mark.parametrize("function", ["broken", "no_text"])
def test_compare__knows_nothing_where_the_projects_function_fails(function, come, settings, caplog):
    kept = fingerprint.of(come())
    settings.SESSIONAUTH_FINGERPRINT = HERE + function
    assert (fingerprint.of(come()), fingerprint.compare(come(), kept)) == (None, Match.UNKNOWN)
    assert "SESSIONAUTH_FINGERPRINT" in caplog.text


def test_of__tells_nothing_and_is_nothing_without_a_server():
    assert fingerprint.of(HttpRequest()) is None


def test_of__is_no_open_text(come):
    kept = fingerprint.of(come())
    assert len(kept) == 39
    assert not any(word in kept for word in ("Firefox", "Linux", "192"))
