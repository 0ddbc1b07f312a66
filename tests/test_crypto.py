"""Secrets: made, taken apart and digested."""

from __future__ import annotations

import hashlib
import hmac
import re

import pytest
from django.utils.crypto import salted_hmac
from hypothesis import given
from hypothesis import strategies as st

from sessionauth import crypto

pytestmark = pytest.mark.once

BODY = "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ"  # GitHub's own example, with its checksum
GOOD = f"sa_key_{'a' * 32}{crypto.checksum('a' * 32)}"


def test_checksum__is_githubs():
    assert crypto.checksum(BODY) == "0mLq17"


@given(st.text(crypto.ALPHABET, max_size=40))
def test_checksum__is_six_characters_of_the_alphabet(body):
    assert re.fullmatch(r"[0-9A-Za-z]{6}", crypto.checksum(body))


@pytest.mark.parametrize("environment", ["", "live", "t3st"])
@given(brand=st.from_regex(r"[a-z][a-z0-9]{0,9}", fullmatch=True), kind=st.sampled_from(["key", "pat", "x1"]))
def test_new_secret__is_read_back(environment, brand, kind):
    secret = crypto.new_secret(brand, kind, environment)
    parsed = crypto.parse(secret, brand)
    assert (parsed.kind, parsed.environment, parsed.digest) == (kind, environment, crypto.digest(secret))
    assert crypto.claimed_kind(secret, brand) == kind
    assert re.fullmatch(r"[a-z0-9_]+_[0-9A-Za-z]{38}", secret)  # one double click selects it all


def test_new_secret__is_never_the_same():
    secrets = {crypto.new_secret("sa", "key") for _ in range(1000)}
    assert len({secret[7:11] for secret in secrets}) > 900


def test_digest__is_sha256_of_the_whole():
    assert crypto.digest(GOOD) == hashlib.sha256(GOOD.encode()).hexdigest()
    assert len(crypto.digest("\ud800")) == 64


@pytest.mark.parametrize("length", [0, 1, 32, 63, 64, 65, 200])
def test_mac__is_hmac_however_long_the_key(length):
    key = bytes(range(length))
    mac = crypto.Mac(key)
    for message in (b"", b"one", b"another" * 50, b"one"):
        assert mac.digest(message) == hmac.digest(key, message, "sha256")


@given(st.binary(max_size=200))
def test_sha256__is_the_standard_librarys(data):
    assert [crypto.sha256(data) for _ in range(2)] == [hashlib.sha256(data).hexdigest()] * 2


def test_digest__with_a_pepper_is_its_hmac():
    assert crypto.digest(GOOD, "pepper") == hmac.new(b"pepper", GOOD.encode(), "sha256").hexdigest()
    assert len(crypto.digest("\ud800", "\ud800")) == 64


@pytest.mark.parametrize(
    ("peppers", "expected", "first"),
    [
        ({}, [""], ""),
        ({"b": "new", "a": "old"}, ["new", "old"], "b"),
        ({"b": "new", "": ""}, ["new", ""], "b"),
    ],
)
def test_digests__are_those_of_the_peppers_and_no_other(peppers, expected, first):
    parsed = crypto.parse(GOOD, "sa", peppers)
    assert list(parsed.digests) == [crypto.digest(GOOD, pepper) for pepper in expected]
    assert (parsed.digest, parsed.pepper) == (parsed.digests[0], first)


def test_hint__shows_words_and_last_four():
    assert crypto.hint(f"sa_key_live_{'x' * 34}abcd") == "sa_key_live_…abcd"


def test_parsed_secret__shows_no_digest():
    assert crypto.digest(GOOD) not in repr(crypto.parse(GOOD, "sa"))


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "sa",
        "sa_key",
        "sa_key_",
        GOOD[:-1],
        GOOD + "a",
        GOOD[:-1] + "!",
        GOOD + "\n",
        "\n" + GOOD,
        " " + GOOD,
        GOOD.upper(),
        GOOD.replace("sa_", "SA_"),
        GOOD.replace("sa_", "sb_"),
        GOOD.replace("sa_key", "sa_KEY"),
        GOOD.replace("sa_key", "sa_"),
        GOOD.replace("sa_key", "sa_1key"),
        GOOD.replace("sa_key", "sa_key\n"),
        GOOD.replace("sa_key_", "sa_key__"),
        GOOD.replace("sa_key_", "sa_key_LIVE_"),
        GOOD.replace("sa_key_", "sa_key_a_b_"),
        GOOD.replace("sa_key_", "sa_" + "k" * 17 + "_"),
        GOOD.replace("aaaa", "aaab", 1),
        GOOD.replace("a" * 32, "à" + "a" * 31),
        GOOD.replace("a" * 32, "٣" * 32),
        GOOD.replace("a" * 32, "a" * 31 + "-"),
        GOOD * 10_000,
        "\0" * 45,
        "\ud800" * 45,
    ],
)
def test_parse__takes_nothing_else(secret):
    assert crypto.parse(secret, "sa") is None


@given(st.text(max_size=60) | st.text("sa_key0aZ", max_size=60).map(lambda tail: "sa_key_" + tail))
def test_parse__raises_for_nothing(secret):
    crypto.parse(secret, "sa")
    crypto.claimed_kind(secret, "sa")
    crypto.digest(secret)


@pytest.mark.parametrize(
    ("secret", "kind"),
    [
        ("sa_key_", "key"),
        ("sa_key_x", "key"),
        ("sa__x", ""),
        ("sa_pat_" + "x" * 1_000_000, "pat"),
        ("sa_key", None),
        ("sa", None),
        ("", None),
        ("_sa_key_", None),
        ("SA_key_", None),
        ("sax_key_", None),
        (" sa_key_", None),
    ],
)
def test_claimed_kind__needs_brand_and_a_second_word(secret, kind):
    assert crypto.claimed_kind(secret, "sa") == kind


@pytest.mark.parametrize("text", ["", "name:alice", "name:ß", "name:\ud800"])
def test_keyed__is_djangos_salted_hmac(text, settings):
    for settings.SECRET_KEY in ("one" * 20, b"two" * 20):
        expected = salted_hmac("salt", text.encode("utf-8", "surrogatepass"), algorithm="sha256").hexdigest()
        assert crypto.keyed("salt", text) == expected
        assert crypto.keyed("another", text) != expected
