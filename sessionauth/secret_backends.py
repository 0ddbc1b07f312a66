"""Backends that take one of our secrets as a credential, and the base of all our backends."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib.auth.backends import BaseBackend, ModelBackend
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from sessionauth import crypto, lookup
from sessionauth.conf import settings
from sessionauth.credentials import limits
from sessionauth.exceptions import InvalidCredential
from sessionauth.guards import secrets
from sessionauth.models import AbstractCredential, AccessToken, APIKey
from sessionauth.models.credentials import models_by_kind
from sessionauth.models.writing import best_effort
from sessionauth.threads import in_thread


class UsersBackend(BaseBackend):
    """Finds users by key as ModelBackend does, and answers no questions about permissions: ModelBackend does that."""

    get_user = ModelBackend.get_user
    aget_user = ModelBackend.aget_user
    user_can_authenticate = ModelBackend.user_can_authenticate


class _SecretBackend(UsersBackend):
    """Base of the two that take a secret of ours as a credential."""

    @sensitive_variables("secret")
    def _user_of(self, request: HttpRequest | None, model: type[AbstractCredential], secret: Any) -> Any | None:
        parsed = crypto.parse(secret, settings.KEY_BRAND, settings.KEY_PEPPERS) if isinstance(secret, str) else None
        if parsed is None or models_by_kind().get(parsed.kind) is not model:
            return None
        try:
            row = lookup.credential(request, model, parsed)
            limits.check(row, request)
            secrets.keep_to_rate(row, request)
        except InvalidCredential:
            return None
        if row.is_rehash_due(parsed):
            best_effort(partial(row.rehash, parsed), row._state.db)
        # A user cannot carry scopes: handing out that of a restricted credential would lift the restriction.
        # Nor can they carry who acts as them.
        return None if row.is_restricted or row.impersonation_id is not None else row.get_user()


class TokenAuthBackend(_SecretBackend):
    """Answers `authenticate(request, token="sa_pat_…")` with the token's user, unless it is restricted."""

    @sensitive_variables("token")
    def authenticate(self, request: HttpRequest | None, token: str) -> Any | None:  # type: ignore[override]
        """Return the user of an access token that is in order, else None."""
        return self._user_of(request, AccessToken, token)

    @sensitive_variables("token")
    async def aauthenticate(self, request: HttpRequest | None, token: str) -> Any | None:  # type: ignore[override]
        """See authenticate()."""
        return await in_thread(self._user_of, request, AccessToken, token)


class APIKeyAuthBackend(_SecretBackend):
    """Answers `authenticate(request, api_key="sa_key_…")` with the key's user, unless it has none or is restricted."""

    @sensitive_variables("api_key")
    def authenticate(self, request: HttpRequest | None, api_key: str) -> Any | None:  # type: ignore[override]
        """Return the user of an API key that is in order, else None."""
        return self._user_of(request, APIKey, api_key)

    @sensitive_variables("api_key")
    async def aauthenticate(self, request: HttpRequest | None, api_key: str) -> Any | None:  # type: ignore[override]
        """See authenticate()."""
        return await in_thread(self._user_of, request, APIKey, api_key)
