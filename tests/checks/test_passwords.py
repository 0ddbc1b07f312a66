"""How passwords are hashed and judged."""

from __future__ import annotations

import pytest

from tests.checks.asking import codes

pytestmark = pytest.mark.once

HASHERS = "django.contrib.auth.hashers"
VALIDATORS = "django.contrib.auth.password_validation"
ARGON2 = f"{HASHERS}.Argon2PasswordHasher"


@pytest.mark.parametrize(
    ("hashers", "expected"),
    [
        ([ARGON2], []),
        ([ARGON2, f"{HASHERS}.PBKDF2PasswordHasher"], []),
        ([f"{HASHERS}.PBKDF2PasswordHasher", ARGON2], ["W120"]),
        ([f"{HASHERS}.ScryptPasswordHasher"], ["W120"]),
        ([f"{HASHERS}.MD5PasswordHasher"], ["W121"]),
        ([ARGON2, f"{HASHERS}.MD5PasswordHasher"], ["W121"]),
        ([ARGON2, f"{HASHERS}.BCryptPasswordHasher"], ["W122"]),
        ([ARGON2, f"{HASHERS}.BCryptSHA256PasswordHasher"], []),
        (["nowhere.Hasher"], []),
        ("no list", []),
        ([], []),
    ],
)
def test_hashers(hashers, expected):
    assert codes(deploy=True, PASSWORD_HASHERS=hashers) == expected
    assert codes(PASSWORD_HASHERS=hashers) == []


@pytest.mark.parametrize(
    ("older", "expected"),
    [
        (["pbkdf2_sha256"], []),
        (["pbkdf2_sha256$1000$salt$hash", "argon2"], []),
        (["md5"], ["E173"]),
        (["pbkdf2_sha256$many", "nonsense$1$2$3", ""], ["E173", "E173", "E173"]),
    ],
)
def test_older_hashes(older, expected):
    assert codes(SESSIONAUTH_OLDER_HASHES=older) == expected


LENGTH = {"NAME": f"{VALIDATORS}.MinimumLengthValidator"}
COMMON = {"NAME": f"{VALIDATORS}.CommonPasswordValidator"}


@pytest.mark.parametrize(
    ("validators", "expected"),
    [
        ([LENGTH, COMMON], []),
        ([LENGTH | {"OPTIONS": {"min_length": 15}}, COMMON], []),
        ([LENGTH | {"OPTIONS": {"min_length": 7}}, COMMON], ["W123"]),
        ([LENGTH | {"OPTIONS": {"min_length": "long"}}, COMMON], []),
        ([COMMON], ["W123"]),
        ([LENGTH], ["W124"]),
        ([], ["W123", "W124"]),
        (None, ["W123", "W124"]),
        ([5, {"NAME": 5}, {"NAME": "nowhere.Validator"}, LENGTH, COMMON], []),
        ([LENGTH, COMMON, {"NAME": f"{VALIDATORS}.NumericPasswordValidator"}], ["W125"]),
    ],
)
def test_validators(validators, expected):
    assert codes(deploy=True, AUTH_PASSWORD_VALIDATORS=validators) == expected
    assert codes(AUTH_PASSWORD_VALIDATORS=validators) == []
