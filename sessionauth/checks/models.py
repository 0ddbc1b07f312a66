"""The user model, and the models of credentials."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage
from django.db.models import Model

from sessionauth import accounts, crypto
from sessionauth.base_user import SessionAuthUserMixin
from sessionauth.checks import reading
from sessionauth.checks.finding import Finding, ask
from sessionauth.models import AbstractCredential

MIXIN_BEHIND = Finding(
    "E080",
    "SessionAuthUserMixin is never asked for the session hash of {model}, or finds none: logout_everywhere() fails.",
    "Put it to the left of Django's base: class {model}(SessionAuthUserMixin, AbstractUser).",
)
SAME_KIND = Finding(
    "E081",
    "{models} share the kind {kind}: secrets of that kind are looked up in one of their tables only.",
    "Give each a `kind` of its own.",
)
BAD_KIND = Finding(
    "E082",
    "The kind of {model} is {kind}, from which no secret could be made that is recognised again.",
    'Set it to at most 16 lower-case letters and digits, beginning with a letter, such as kind = "org".',
)
BAD_USER_PATH = Finding(
    "E083",
    "The user_path of {model} is {path}, which does not lead to the user model.",
    'Set it to foreign keys, joined by "__", that lead to AUTH_USER_MODEL, or to None.',
)
NO_LOOKUP = Finding(
    "E084",
    "The default manager of {model} cannot look secrets up.",
    "Derive it from sessionauth.models.CredentialManager.",
)
DIGEST_NOT_UNIQUE = Finding(
    "W085",
    "The digest of {model} is not unique: it has no index, and every lookup reads the whole table.",
    "Derive its Meta from that of its base: class Meta(AbstractAPIKey.Meta).",
)
NO_LOGIN_FIELDS = Finding(
    "E086",
    "SESSIONAUTH_LOGIN_FIELDS is empty: a name is compared with nothing.",
    "Name at least one field of the user model, or leave the setting out.",
)
BAD_LOGIN_FIELD = Finding(
    "E087",
    "SESSIONAUTH_LOGIN_FIELDS contains {field}, which is no field of {model}.",
    "{guess}Name fields of the user model itself, no relations and lookups.",
)
LOGIN_FIELD_NOT_UNIQUE = Finding(
    "W088",
    "SESSIONAUTH_LOGIN_FIELDS contains {field}, which several users may share: these cannot log in by it.",
    "Make the field unique, or take it out.",
)


def check(**kwargs: Any) -> list[CheckMessage]:
    """Check the models."""
    return ask(user_model, login_fields, credential_models)


def user_model() -> Iterator[CheckMessage]:
    """Look at the place of the mixin among the bases of the user model."""
    yield from mixin(get_user_model())


def mixin(model: type[Any]) -> Iterator[CheckMessage]:
    """Look behind the mixin for the get_session_auth_hash() that it extends."""
    bases = model.__mro__
    if SessionAuthUserMixin not in bases:
        return
    behind = bases[bases.index(SessionAuthUserMixin) + 1 :]
    if not any("get_session_auth_hash" in vars(base) for base in behind):
        yield MIXIN_BEHIND(model, model=model.__name__)


def login_fields() -> Iterator[CheckMessage]:
    """Look for fields that the user model does not have, or several users share."""
    fields = reading.value_of("LOGIN_FIELDS")
    if fields is None:
        return
    if not fields:
        yield NO_LOGIN_FIELDS()
    model: Any = get_user_model()
    own = {field.name: field for field in model._meta.concrete_fields if not field.is_relation}
    for name in fields:
        if name not in own:
            yield BAD_LOGIN_FIELD(field=reading.shown(name), model=model.__name__, guess=reading.guess(name, own))
        elif name != model.USERNAME_FIELD and not accounts.is_unique(model, name):
            yield LOGIN_FIELD_NOT_UNIQUE(field=reading.shown(name))


def credential_models() -> Iterator[CheckMessage]:
    """Look at every model of credentials in the project."""
    found = [model for model in apps.get_models() if issubclass(model, AbstractCredential) and not model._meta.proxy]
    yield from kinds(found)
    for model in found:
        yield from lookup(model)


def kinds(models: Iterable[type[AbstractCredential]]) -> Iterator[CheckMessage]:
    """Look for kinds that two of `models` share, or that no secret can be of."""
    by_kind: dict[str, list[str]] = {}
    for model in models:
        kind = getattr(model, "kind", None)
        if isinstance(kind, str) and crypto.WORD.match(kind):
            by_kind.setdefault(kind, []).append(model._meta.label)
        else:
            yield BAD_KIND(model, model=model._meta.label, kind=reading.shown(kind))
    for kind, labels in by_kind.items():
        if len(labels) > 1:
            yield SAME_KIND(models=" and ".join(labels), kind=reading.shown(kind))


def lookup(model: type[AbstractCredential]) -> Iterator[CheckMessage]:
    """Look for what keeps the secrets of `model` from being found."""
    label = model._meta.label
    if not leads_to_user(model, model.user_path):
        yield BAD_USER_PATH(model, model=label, path=reading.shown(model.user_path))
    if not all(hasattr(model._default_manager, name) for name in ("issue", "lookup")):
        yield NO_LOOKUP(model, model=label)
    if not accounts.is_unique(model, "digest"):
        yield DIGEST_NOT_UNIQUE(model, model=label)


def leads_to_user(model: type[Model], path: object) -> bool:
    """Say whether `path`, foreign keys joined by "__", leads from `model` to the user model; None leads nowhere."""
    if path is None:
        return True
    if not isinstance(path, str):
        return False
    found: Any = model
    for name in path.split("__"):
        try:
            field = found._meta.get_field(name)
        except Exception:
            return False
        if not (field.many_to_one or field.one_to_one):
            return False
        found = field.related_model
    return isinstance(found, type) and issubclass(found, get_user_model()._meta.concrete_model or Model)
