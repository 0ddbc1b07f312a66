"""Fills the database: people, and good, expired and foreign credentials of every library."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone
from knox.models import AuthToken
from oauth2_provider.models import AccessToken, Application
from rest_framework.authtoken.models import Token
from rest_framework_simplejwt.tokens import AccessToken as JWTAccess
from rest_framework_simplejwt.tokens import RefreshToken

PASSWORD = "correct horse"
MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"
SessionStore = import_module(settings.SESSION_ENGINE).SessionStore


def session(user: User, *, backend: str = MODEL_BACKEND, session_hash: str | None = None, age: int = 3600) -> str:
    """Return the key of a session of `user` as Django's login() makes it."""
    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = backend
    store[HASH_SESSION_KEY] = user.get_session_auth_hash() if session_hash is None else session_hash
    store.set_expiry(age)
    store.save()
    return str(store.session_key)


def expired_jwt(user: User) -> str:
    token = JWTAccess.for_user(user)
    token.set_exp(from_time=timezone.now() - timedelta(days=9))
    return str(token)


def oauth_token(user: User, application: Application, word: str, minutes: int) -> str:
    expires = timezone.now() + timedelta(minutes=minutes)
    row = AccessToken.objects.create(user=user, application=application, token=word, expires=expires, scope="read")
    return str(row.token)


def fill() -> dict[str, Any]:
    """Make everybody and return what they may show."""
    call_command("migrate", verbosity=0)
    alice = User.objects.create_user("alice", "alice@example.org", PASSWORD)
    root = User.objects.create_superuser("root", "root@example.org", PASSWORD)
    gone = User.objects.create_user("gone", "gone@example.org", PASSWORD, is_active=False)
    User.objects.create_user("zoë:colon", "zoe@example.org", "pass:wörd")
    # Theirs are the passwords that visits change.
    User.objects.create_user("carol", "carol@example.org", PASSWORD)
    User.objects.create_superuser("boss", "boss@example.org", PASSWORD)
    application = Application.objects.create(
        client_id="desk",
        client_secret="desk-secret",
        client_type="confidential",
        authorization_grant_type="password",
        user=root,
    )
    knox_row, knox = AuthToken.objects.create(alice)
    _, knox_expired = AuthToken.objects.create(root, expiry=timedelta(seconds=-9))
    removed = User.objects.create_user("removed")
    answer = {
        "drf": Token.objects.create(user=alice).key,
        "drf_inactive": Token.objects.create(user=gone).key,
        "knox": knox,
        "knox_expired": knox_expired,
        "jwt": str(JWTAccess.for_user(alice)),
        "jwt_expired": expired_jwt(alice),
        "jwt_inactive": str(JWTAccess.for_user(gone)),
        "jwt_refresh": str(RefreshToken.for_user(alice)),
        "jwt_refresh_removed": str(RefreshToken.for_user(removed)),
        "oauth": oauth_token(alice, application, "oauth-good", 60),
        "oauth_expired": oauth_token(alice, application, "oauth-expired", -60),
        "session": session(alice),
        "session_root": session(root),
        "session_allauth": session(alice, backend="allauth.account.auth_backends.AuthenticationBackend"),
        "session_oauth": session(alice, backend="oauth2_provider.backends.OAuth2Backend"),
        "session_expired": session(alice, age=-9),
        "session_hash": session(alice, session_hash="0" * 64),
        "session_no_hash": session(alice, session_hash=""),
        "session_backend": session(alice, backend="no.longer.Here"),
        "session_inactive": session(gone),
        "session_removed": session(removed),
    }
    removed.delete()
    return answer
