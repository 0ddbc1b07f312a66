"""Facts of a request."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.utils.cache import patch_cache_control

from sessionauth import http


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ("", "")),
        ("", ("", "")),
        ("Bearer", ("bearer", "")),
        ("Bearer x", ("bearer", "x")),
        ("bEARER  x y ", ("bearer", "x y")),
        (" \tBearer x", ("bearer", "x")),
        ("Bearer\tx", ("bearer\tx", "")),
        ("Bearer,x", ("bearer,x", "")),
    ],
)
def test_authorization__is_scheme_and_rest(value, expected, rf):
    request = rf.get("/", headers={} if value is None else {"Authorization": value})
    assert http.authorization(request) == expected


def test_authorization__stands_in_any_header(rf):
    assert http.authorization(rf.get("/", headers={"X-Desk": "Desk x"}), "X-Desk") == ("desk", "x")


def test_header__that_is_no_text_is_none(rf):
    assert http.header(rf.get("/", HTTP_X_KEY=b"bytes"), "X-Key") == ""


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, True),
        ("", True),
        ("text/html,application/xhtml+xml,*/*;q=0.8", True),
        ("application/xhtml+xml", True),
        ("Text/HTML", True),
        ("*/*", False),
        ("application/json", False),
    ],
)
def test_wants_html__asks_accept(accept, expected, rf):
    request = rf.get("/", headers={} if accept is None else {"Accept": accept})
    assert http.wants_html(request) is expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("1.2.3.4", "1.2.3.4"),
        (" 1.2.3.4 ", "1.2.3.4"),
        ("::1", "::1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("::ffff:1.2.3.4", "1.2.3.4"),
        ("fe80::1%eth0", "fe80::1"),
        ("", None),
        ("unix:", None),
        ("1.2.3", None),
        ("1.2.3.4, 5.6.7.8", None),
        ("\0", None),
    ],
)
def test_client_ip__is_an_address_or_nothing(address, expected, rf):
    assert http.client_ip(rf.get("/", REMOTE_ADDR=address)) == expected


def test_client_ip__reads_no_header_that_anybody_can_send(rf):
    headers = {"X-Forwarded-For": "6.6.6.6", "X-Real-IP": "6.6.6.6", "Forwarded": "for=6.6.6.6"}
    assert http.client_ip(rf.get("/", headers=headers)) == "127.0.0.1"


NETWORKS = ["10.0.0.0/8", "2001:db8::/32"]


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "expected"),
    [
        # Networks: the right-most hop that is no proxy of ours, if it came through one at all.
        (NETWORKS, "10.0.0.1", "192.0.2.1", "192.0.2.1"),
        (NETWORKS, "10.0.0.1", "6.6.6.6, 192.0.2.1, 10.0.0.2", "192.0.2.1"),
        (NETWORKS, "2001:db8::1", "6.6.6.6,192.0.2.1", "192.0.2.1"),
        (NETWORKS, "192.0.2.9", "6.6.6.6", "192.0.2.9"),
        (NETWORKS, "10.0.0.1", "", "10.0.0.1"),
        (NETWORKS, "10.0.0.1", "10.0.0.2", "10.0.0.2"),
        (NETWORKS, "10.0.0.1", "192.0.2.1:4711", "192.0.2.1"),
        (NETWORKS, "10.0.0.1", "[2001:db9::1]:443", "2001:db9::1"),
        (NETWORKS, "10.0.0.1", "2001:db9::1%eth0", "2001:db9::1"),
        (NETWORKS, "10.0.0.1", "::ffff:192.0.2.1", "192.0.2.1"),
        (NETWORKS, "::ffff:10.0.0.1", "192.0.2.1", "192.0.2.1"),
        (NETWORKS, "10.0.0.1", "6.6.6.6, unknown", None),
        (NETWORKS, "10.0.0.1", "192.0.2.1, \0", None),
        (NETWORKS, "", "6.6.6.6", None),
        # A number: the n-th from the right, whatever stands left of it.
        (1, "10.0.0.1", "6.6.6.6, 192.0.2.1", "192.0.2.1"),
        (2, "", "6.6.6.6, 192.0.2.1, 10.0.0.2", "192.0.2.1"),
        (2, "192.0.2.9", "6.6.6.6", "192.0.2.9"),
        (1, "10.0.0.1", "x", None),
        (0, "192.0.2.9", "6.6.6.6", "192.0.2.9"),
    ],
)
def test_client_ip__believes_the_proxies_alone(proxies, peer, forwarded, expected, rf, settings):
    settings.SESSIONAUTH_TRUSTED_PROXIES = proxies
    assert http.client_ip(rf.get("/", REMOTE_ADDR=peer, headers={"X-Forwarded-For": forwarded})) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [("192.0.2.1", "192.0.2.1"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), (None, "unknown")],
)
def test_network__is_what_one_client_has_for_itself(address, expected):
    assert http.network(address) == expected


def test_user_agent__is_cut_and_printable(rf):
    assert http.user_agent(rf.get("/", HTTP_USER_AGENT="a\x1b\r\n\u202eb" + "c" * 400)) == "ab" + "c" * 294
    assert http.user_agent(rf.get("/")) == ""


@pytest.mark.parametrize(
    ("method", "referer", "expected"),
    [
        ("GET", "http://testserver/other/", "/page/?a=1"),
        ("HEAD", "", "/page/?a=1"),
        ("POST", "http://testserver/form/?b=2#x", "/form/?b=2"),
        ("POST", "http://testserver", "/"),
        ("POST", "/form/", "/form/"),
        ("POST", "http://evil.example/form/", ""),
        ("POST", "", ""),
        ("POST", "http://[", ""),
        ("DELETE", "http://testserver//evil.example/", "/%2Fevil.example/"),
    ],
)
def test_return_path__is_where_to_come_back_to(method, referer, expected, rf):
    request = rf.generic(method, "/page/?a=1", headers={"Referer": referer} if referer else {})
    assert http.return_path(request) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("/login/", True),
        ("login/", True),
        ("?a=1", True),
        ("http://testserver/login/", True),
        ("//testserver/login/", True),
        ("https://testserver/login/", False),
        ("http://other/login/", False),
        ("//other/login/", False),
        ("http://testserver:81/", False),
    ],
)
def test_same_origin__is_scheme_and_host(url, expected, rf):
    assert http.same_origin(rf.get("/"), url) is expected


def test_is_safe_url__wants_https_where_we_are(rf):
    assert http.is_safe_url(rf.get("/"), "http://testserver/")
    assert not http.is_safe_url(rf.get("/", secure=True), "http://testserver/")


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"realm": "api"}, 'Bearer realm="api"'),
        ({"realm": 'a"b\\c'}, 'Bearer realm="a\\"b\\\\c"'),
        ({"realm": "a\r\nb\tc\x7fü"}, 'Bearer realm="abc"'),
        ({"realm": "r", "error": "e"}, 'Bearer realm="r", error="e"'),
    ],
)
def test_challenge__is_one_line_of_quoted_strings(parameters, expected):
    assert http.challenge("Bearer", parameters) == expected


@pytest.mark.parametrize("before", [None, "max-age=60", "public", "private", "no-store", "no-cache, max-age=0"])
def test_keep_private__says_what_djangos_says(before):
    ours, djangos = HttpResponse(), HttpResponse()
    for one in (ours, djangos):
        if before is not None:
            one.headers["Cache-Control"] = before
    http.keep_private(ours)
    patch_cache_control(djangos, private=True, no_store=True)
    assert ours.headers == djangos.headers
