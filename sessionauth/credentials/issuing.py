"""How credentials are issued: by people, by other credentials, by signing in."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import datetime, timedelta
from typing import Any

from asgiref.sync import sync_to_async
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from sessionauth import crypto, http, scopes
from sessionauth.conf import seconds, settings
from sessionauth.credentials import strength
from sessionauth.credentials.rows import own_fields, rows, with_user
from sessionauth.credentials.strength import slid, sliding_of
from sessionauth.exceptions import InvalidCredential
from sessionauth.models import AbstractAccessToken, AbstractCredential, AccessToken
from sessionauth.models.base import NAME_LENGTH
from sessionauth.models.binding import session_digests
from sessionauth.models.credentials import REFRESH_KIND
from sessionauth.models.limiting import one_at_a_time, owner_key

#: What a new credential has of the one that issues it, unless it is told otherwise.
INHERITED = ("scopes", "networks", "methods", "origins", "rate", "rate_group", "expires_at", "sliding", "ends_at")
OF_THE_LOGIN = ("is_personal", "session_digest", "family")


@sensitive_variables("issued")
def issue(
    model: type[AbstractCredential], *, parent: AbstractCredential | None = None, **fields: Any
) -> tuple[Any, str]:
    """Issue a credential of `model` and return `(row, secret)`; the secret cannot be had again.

    `parent` is the credential that asks for it, None where a person does. The new one is never stronger: what `fields`
    leave out is as with the parent, the owner too, and what they ask for beyond it is refused; a scope of this app is
    handed on only if `scopes` names it. Other `fields` are those of `CredentialManager.issue()`, and so are the
    exceptions. Besides raises StrongerThanParent, and InvalidCredential for a parent that has ended.
    """
    with nullcontext() if parent is None else _held(model, parent):
        if parent is not None:
            parent = read_again(parent)
            fields = _inherited(model, parent, fields) | fields
            strength.check(model(**fields), parent)
        issued: tuple[Any, str] = model._default_manager.issue(**fields)
    return issued


async def aissue(
    model: type[AbstractCredential], *, parent: AbstractCredential | None = None, **fields: Any
) -> tuple[Any, str]:
    """See issue()."""
    return await sync_to_async(issue)(model, parent=parent, **fields)


@contextmanager
def _held(model: type[AbstractCredential], parent: AbstractCredential) -> Iterator[None]:
    """Keep `parent` from ending, or being limited, before what it issues is there for whoever ends them all."""
    found, owner = rows(type(parent)), None if model.limit() is None else owner_key(parent)
    with ExitStack() as locks:
        if owner is not None:  # before the row: issue() takes it, and others take them in this order
            locks.enter_context(one_at_a_time(owner, rows(model).db))
        locks.enter_context(transaction.atomic(using=found.db))
        # By a write, which every database holds others up for; of nothing that the cache of credentials has.
        found.filter(pk=parent.pk).update(last_used_at=F("last_used_at"))
        yield


def read_again(parent: AbstractCredential) -> Any:
    """Return `parent` as it is now: it may have been limited since the request began. Raises InvalidCredential."""
    now = with_user(rows(type(parent))).filter(pk=parent.pk).first()
    code = "unknown" if now is None else now.failure()
    if code is not None:
        raise InvalidCredential(code)
    return now


def _inherited(model: type[AbstractCredential], parent: AbstractCredential, given: Collection[str]) -> dict[str, Any]:
    """Return what a new credential of `model` has of `parent`, but for what is `given`."""
    fields = {name: getattr(parent, name) for name in INHERITED}
    if parent.granted is not None:
        fields["scopes"] = sorted(parent.granted - scopes.BUILT_IN.keys())  # those are held where they were named
    if "rate" in given:
        del fields["rate_group"]
    sliding = fields["sliding"] = sliding_of(parent)
    if sliding is not None:
        fields["expires_at"] = slid(timezone.now(), sliding, parent.ends_at)
    if issubclass(model, AbstractAccessToken) and isinstance(parent, AbstractAccessToken):
        fields |= {name: getattr(parent, name) for name in OF_THE_LOGIN}
    if model is type(parent):
        own = (field for field in own_fields(model) if field.name not in given)
        fields |= {field.attname: getattr(parent, field.attname) for field in own}
    elif model.user_path is not None and "__" not in model.user_path:
        fields[model.user_path] = parent.get_user()
    return fields


@sensitive_variables("secret", "refresh_secret")
def issue_login_token(
    user: Any,
    *,
    request: HttpRequest | None = None,
    model: type[AbstractAccessToken] = AccessToken,
    refreshable: bool = True,
    **fields: Any,
) -> tuple[Any, str, str | None]:
    """Issue a token for a login of `user`, who has just proved who they are; return `(row, secret, refresh_secret)`.

    It ends with the user's password and when they are signed out everywhere. It lasts SESSIONAUTH_TOKEN_AGE, with
    SESSIONAUTH_TOKEN_SLIDING so long from each use, and used or refreshed as it may be no longer than
    SESSIONAUTH_TOKEN_MAX_AGE. The refresh token is None without SESSIONAUTH_REFRESH_AGE, if not `refreshable`,
    and for whoever acts as `user`.

    `request` is where the login came from: without a `name` among `fields` the token is named after its client. `model`
    is a project's own model of tokens. `fields` and the exceptions are those of `CredentialManager.issue()`.
    """
    moment = timezone.now()
    ends_at = None if settings.TOKEN_MAX_AGE is None else moment + timedelta(seconds=seconds(settings.TOKEN_MAX_AGE))
    made, refresh_secret = refresh_fields(moment, ends_at) if refreshable else ({}, None)
    if request is not None:
        fields.setdefault("name", http.user_agent(request)[:NAME_LENGTH])
    made |= lifetime(moment, ends_at) | {"family": uuid.uuid4(), "session_digest": session_digests(user)[0]}
    row, secret = model._default_manager.issue(user=user, is_personal=False, **made, **fields)
    return row, secret, None if row.refresh_digest is None else refresh_secret


async def aissue_login_token(user: Any, **options: Any) -> tuple[Any, str, str | None]:
    """See issue_login_token()."""
    return await sync_to_async(issue_login_token)(user, **options)


def lifetime(moment: datetime, ends_at: datetime | None) -> dict[str, Any]:
    """Return how long a login's token lasts that is made at `moment`, at most until `ends_at`."""
    age = timedelta(seconds=seconds(settings.TOKEN_AGE))
    sliding = age if settings.TOKEN_SLIDING else None
    return {"expires_at": slid(moment, age, ends_at), "sliding": sliding, "ends_at": ends_at}


@sensitive_variables("secret")
def refresh_fields(moment: datetime, ends_at: datetime | None) -> tuple[dict[str, Any], str | None]:
    """Return the fields of a new refresh token, good once and at most until `ends_at`, and its secret."""
    if settings.REFRESH_AGE is None:
        return {}, None
    secret = crypto.new_secret(settings.KEY_BRAND, REFRESH_KIND, settings.KEY_ENVIRONMENT)
    expires_at = slid(moment, timedelta(seconds=seconds(settings.REFRESH_AGE)), ends_at)
    return {"refresh_digest": crypto.digests(secret, settings.KEY_PEPPERS)[0], "refresh_expires_at": expires_at}, secret
