"""A project about which the checks have nothing to say."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model


@pytest.fixture(autouse=True)
def _guards_are_on_and_count(settings):
    cache = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1"}
    settings.CACHES = {**settings.CACHES, "guards": {**cache, "OPTIONS": {"socket_timeout": 1}}}
    settings.SESSIONAUTH_CACHE = settings.RATELIMIT_USE_CACHE = "guards"
    settings.SESSIONAUTH_GUARDS_ENABLED = True


@pytest.fixture(autouse=True)
def _login_knows_its_backend(monkeypatch):
    monkeypatch.setattr(get_user_model(), "backend", "django.contrib.auth.backends.ModelBackend", raising=False)


@pytest.fixture(autouse=True)
def _passwords_are_hashed_and_judged(settings):
    hashers, validators = "django.contrib.auth.hashers", "django.contrib.auth.password_validation"
    settings.PASSWORD_HASHERS = [f"{hashers}.Argon2PasswordHasher", f"{hashers}.PBKDF2PasswordHasher"]
    settings.AUTH_PASSWORD_VALIDATORS = [
        {"NAME": f"{validators}.MinimumLengthValidator", "OPTIONS": {"min_length": 15}},
        {"NAME": f"{validators}.CommonPasswordValidator"},
    ]
