"""A real, salted password hash that is quick enough for a suite; timing tests choose a slow one themselves."""

from __future__ import annotations

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class FastPBKDF2PasswordHasher(PBKDF2PasswordHasher):
    algorithm = "pbkdf2_sha256_fast"
    iterations = 10
