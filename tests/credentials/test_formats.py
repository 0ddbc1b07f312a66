"""What has the form of another package's secrets, and what has not."""

from __future__ import annotations

import hashlib
from types import SimpleNamespace

import pytest

from sessionauth import crypto
from sessionauth.credentials import formats, rotating
from sessionauth.models import AccessToken

pytestmark = pytest.mark.once

ALL = tuple(formats.FORMATS)
HEX = "0123456789abcdef" * 8
BASE = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghij"


@pytest.mark.parametrize(
    ("secret", "kind"),
    [
        (HEX[:64], "pat"),
        (HEX[:40], "pat"),
        (f"{BASE[:8]}.{BASE[:32]}", "key"),
        (HEX[:63], None),
        (HEX[:65], None),
        (HEX[:40].upper(), None),
        (HEX[:64] + "\n", None),
        ("\n" + HEX[:64], None),
        (HEX[:39] + "é", None),
        (HEX[:39] + "٠", None),
        (HEX[:39] + "\0", None),
        (f"{BASE[:8]}.{BASE[:31]}", None),
        (f"{BASE[:8]}.{BASE[:32]}.{BASE[:32]}", None),
        (f"{BASE[:8]}{BASE[:32]}", None),
        ("", None),
        ("a" * 10_000_000, None),
        (crypto.new_secret("sa", "key"), None),
        ("eyJhbGciOiJIUzI1NiJ9.e30.x", None),
    ],
)
def test_shape(secret, kind):
    parsed = formats.parse(secret, ALL)
    assert (parsed.kind if parsed else None) == kind
    assert formats.is_of(secret, ALL) is (kind is not None)
    assert formats.parse(secret, []) is None


def test_shape_of_knox__is_what_its_settings_say_or_ours(settings):
    settings.REST_KNOX = {"TOKEN_PREFIX": "a.b_", "AUTH_TOKEN_CHARACTER_LENGTH": 32}
    assert formats.is_of("a.b_" + HEX[:32], ["knox"])
    assert not any(formats.is_of(one, ["knox"]) for one in ("a-b_" + HEX[:32], HEX[:32], HEX[:64]))
    settings.SESSIONAUTH_IMPORTED_FORMATS = {"knox": {"prefixes": ["", "b_"], "lengths": [32, 64]}}
    assert all(formats.is_of(one, ["knox"]) for one in (HEX[:32], HEX[:64], "b_" + HEX[:64]))
    assert not formats.is_of("a.b_" + HEX[:32], ["knox"])


@pytest.mark.parametrize("path", ["hashlib.sha256", "hashlib.sha3_512"])
def test_hash_of_knox__is_the_one_it_was_told(path, settings):
    settings.REST_KNOX = {"SECURE_HASH_ALGORITHM": path}
    kept = hashlib.new(path.rpartition(".")[2], HEX[:64].encode()).hexdigest()
    parsed = formats.parse(HEX[:64], ["knox"])
    assert parsed is not None
    assert crypto.digest(f"knox:{kept}") in parsed.digests
    assert formats.FORMATS["knox"].fault(kept, HEX[:15]) == ""


@pytest.mark.parametrize(
    "own",
    [
        None,
        [],
        {"TOKEN_PREFIX": None, "AUTH_TOKEN_CHARACTER_LENGTH": "64", "SECURE_HASH_ALGORITHM": hashlib.sha512},
        {"SECURE_HASH_ALGORITHM": "my.hash", "AUTO_REFRESH": "yes"},
        {"SECURE_HASH_ALGORITHM": "hashlib.shake_128"},
    ],
)
def test_settings_of_knox__that_are_none_break_no_request(own, monkeypatch):
    # Not by `settings`: knox itself, where another test has imported it, breaks over them.
    monkeypatch.setattr(formats, "django_settings", SimpleNamespace(REST_KNOX=own))
    parsed = formats.parse(HEX[:64], ["knox"])
    assert parsed is not None
    assert len(parsed.digests) == 2
    assert formats.FORMATS["knox"].sliding() == (None, None)


def test_digests__ours_first_then_what_the_package_keeps_under_each_pepper(settings):
    settings.SESSIONAUTH_KEY_PEPPERS = {"new": "n" * 32, "old": "o" * 32}
    parsed = formats.parse(HEX[:64], ["knox"])
    assert parsed is not None
    assert parsed.digest == crypto.digest(HEX[:64], "n" * 32)
    assert (len(parsed.digests), len(set(parsed.digests)), parsed.pepper) == (4, 4, "new")


def test_repr__shows_no_secret():
    assert HEX[:40] not in repr(formats.parse(HEX[:40], ALL))


@pytest.mark.django_db
def test_successor__is_one_of_ours(make_user):
    """What was imported is known by what it was: the one that comes in its place is not."""
    row, _ = AccessToken.objects.issue(user=make_user("alice"))
    AccessToken.objects.update(imported_from="knox", imported_digest="0" * 64)
    row.refresh_from_db()
    successor, secret = rotating.rotate(row)
    successor.refresh_from_db()
    assert (successor.imported_from, successor.imported_digest) == ("", None)
    assert crypto.parse(secret, "sa") is not None
