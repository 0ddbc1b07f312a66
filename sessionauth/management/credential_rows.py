"""Which keys and tokens a command is about, and what it says of each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.db.models import Q, QuerySet
from django.utils import timezone

from sessionauth.credentials import rows
from sessionauth.credentials.states import State, in_state, owner_of, state_of, with_owners
from sessionauth.models import AbstractAccessToken, AbstractCredential
from sessionauth.models.credentials import models_by_kind
from sessionauth.views.owned import kind_of, moment

COLUMNS = ("id", "user", "state", "name", "hint", "scopes", "last_used_at", "expires_at")

Model = type[AbstractCredential]


def find_model(text: str, base: Model) -> Model:
    """Return the credential model that `text` names, by its label or by the second word of its secrets.

    `base` is what the command is about: `AbstractAccessToken` for tokens, `AbstractAPIKey` for all others. Raises
    CommandError for any other.
    """
    possible = {
        kind: model
        for kind, model in models_by_kind().items()
        if issubclass(model, AbstractAccessToken) is issubclass(base, AbstractAccessToken)
    }
    for kind, model in possible.items():
        if text in (kind, model._meta.label) or text.lower() == model._meta.label_lower:
            return model
    known = ", ".join(f"{model._meta.label} ({kind})" for kind, model in possible.items())
    raise CommandError(f"{text!r} is none of the models this command is about: {known}.")


def must_stand_for_somebody(model: Model) -> None:
    """Raise CommandError for a model whose rows stand for nobody."""
    if model.user_path is None:
        raise CommandError(f"{model._meta.verbose_name_plural} stand for nobody: leave --user out.")


def of_user(model: Model, user: Any) -> QuerySet[Any]:
    """Return those that stand for `user`. Raises CommandError for a model whose rows stand for nobody."""
    must_stand_for_somebody(model)
    return rows.of(user, model)


def expiring(within: timedelta) -> Q:
    """Return what is true of rows that end within that time, and have not yet."""
    now = timezone.now()
    soon = Q(expires_at__lte=now + within) | Q(ends_at__lte=now + within)
    return Q(in_state(State.ACTIVE) | in_state(State.ROTATED)) & soon


def unused(since: timedelta) -> Q:
    """Return what is true of rows that are older than that, and were not used in it."""
    before = timezone.now() - since
    return Q(created_at__lt=before) & (Q(last_used_at=None) | Q(last_used_at__lt=before))


def by_keys(model: Model, texts: Iterable[str]) -> list[AbstractCredential]:
    """Return the rows with these keys, in this order.

    Raises CommandError for one that is not there, before anything is done: a wrong number among right ones is a mistake
    to be looked at.
    """
    keys = list(dict.fromkeys(_key(model, text) for text in texts))
    found = with_owners(rows.rows(model)).in_bulk(keys)
    if missing := [str(key) for key in keys if key not in found]:
        raise CommandError(f"There is no such {model._meta.verbose_name}: {', '.join(missing)}.")
    return [found[key] for key in keys]


def _key(model: Model, text: str) -> Any:
    try:
        return model._meta.pk.clean(text, None)
    except ValidationError:
        raise CommandError(f"{text!r} is no key of a row.") from None


def told(row: AbstractCredential) -> dict[str, Any]:
    """Return what programs are told of `row`, in the words of the API: nothing by which it could be used."""
    user = owner_of(row)
    return {
        "id": row.pk,
        "kind": kind_of(row),
        "user_id": None if user is None else user.pk,
        "user": None if user is None else user.get_username(),
        "name": row.name,
        "hint": row.hint,
        "state": str(state_of(row)),
        "scopes": row.scopes,
        "networks": row.networks,
        "methods": row.methods,
        "origins": row.origins,
        "rate": row.rate,
        "created_at": moment(row.created_at),
        "expires_at": moment(row.end),
        "last_used_at": moment(row.last_used_at),
        "rotated_at": moment(row.rotated_at),
        "rotated_from": row.serializable_value("rotated_from"),
        "revoked_at": moment(row.revoked_at),
        "revoked_reason": row.revoked_reason,
        **({"is_personal": row.is_personal} if isinstance(row, AbstractAccessToken) else {}),
    }


def cells(found: dict[str, Any]) -> list[object]:
    """Return the cells of COLUMNS for what `told()` said."""
    return [_scopes(found) if name == "scopes" else found[name] for name in COLUMNS]


def _scopes(found: dict[str, Any]) -> str:
    if found["scopes"] is None and found["user_id"] is not None:
        return "all of the owner's"
    return " ".join(map(str, found["scopes"] or ())) or "none"
