"""The session hash that credentials are bound to is the one that Django has, whoever makes it."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser

from sessionauth.models import binding

pytestmark = pytest.mark.once


class OwnHash(AbstractBaseUser):
    class Meta:
        abstract = True

    def get_session_auth_hash(self):
        return f"own {self.password}"


@pytest.mark.parametrize("secret", ["one", b"two", "drei ä"])
@pytest.mark.parametrize("password", ["", "pbkdf2$ä", "!unusable"])
def test_session_hash__is_djangos(secret, password, settings):
    settings.SECRET_KEY = secret
    user = get_user_model()(password=password)
    assert binding.session_hash(user) == user.get_session_auth_hash()


def test_session_hash__is_the_users_own_where_they_make_it_otherwise(monkeypatch):
    user = get_user_model()(password="x")
    user.get_session_auth_hash = lambda: "mine"
    assert binding.session_hash(user) == "mine"
    del user.get_session_auth_hash
    monkeypatch.setattr(type(user), "get_session_auth_hash", OwnHash.get_session_auth_hash)
    assert binding.session_hash(user) == "own x"


def test_session_hash__of_a_django_that_makes_it_otherwise(monkeypatch):
    monkeypatch.setattr(AbstractBaseUser, "_get_session_auth_hash", lambda self, secret=None: f"new {self.password}")
    binding._mac.cache_clear()
    try:
        assert binding.session_hash(get_user_model()(password="x")) == "new x"
    finally:
        binding._mac.cache_clear()
