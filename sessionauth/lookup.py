"""The fixed lookups of a request, each behind one function: a session's user with its login session, a secret's row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from asgiref.sync import async_to_sync
from django.contrib.auth.backends import BaseBackend, ModelBackend
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import ValidationError
from django.db import DatabaseError, models, router
from django.db.models import FilteredRelation, Q
from django.http import HttpRequest

from sessionauth import compiled, instances, migrated
from sessionauth.conf import djangos, load, settings
from sessionauth.crypto import ParsedSecret
from sessionauth.exceptions import InvalidCredential
from sessionauth.late import LateModule
from sessionauth.migrated import NotMigrated
from sessionauth.models import AbstractCredential, Impersonation, LoginSession, RememberToken
from sessionauth.request_state import state_of
from sessionauth.sessions import db, registry

if TYPE_CHECKING:
    from sessionauth.credentials import cache
    from sessionauth.sessions import series
else:
    cache, series = LateModule("sessionauth.credentials.cache"), LateModule("sessionauth.sessions.series")

JOINED = "sessionauth_joined"

SID, USER = LoginSession._meta.get_field("sid"), LoginSession._meta.get_field("user")
TARGET = Impersonation._meta.get_field("target")
SELECTOR, OWNER = RememberToken._meta.get_field("selector"), RememberToken._meta.get_field("user")


class Sighting(NamedTuple):
    """What a session's user id and sid lead to. `is_kept` is False where there is no table of login sessions."""

    user: Any
    row: LoginSession | None = None
    is_kept: bool = True


class Remembered(NamedTuple):
    """What a selector leads to; no token: nobody was ever given it."""

    token: RememberToken | None = None
    user: Any | None = None


def session(request: HttpRequest, backend: Any, user_id: str, sid: str, store: SessionBase | None = None) -> Sighting:
    """Return the user of a session and the row of its sign-in.

    `backend` is the one that the session names, `user_id` the key as the session holds it, `store` the session itself:
    our own engine has both in hand already, where nobody is to be asked in another way. The user is found exactly as
    `ModelBackend.get_user()` finds them, through the default manager or SESSIONAUTH_USER_QUERYSET; the row comes along
    by a LEFT JOIN, so that it costs no query. A backend with a `get_user()` of its own is asked in its own way, and a
    user in another database cannot be joined: the row is a second query then. An inactive user is not returned, whoever
    found them, unless the backend's `user_can_authenticate()` says that they may.
    """
    try:
        pk = djangos.user_model._meta.pk
        key = pk.to_python(user_id)
    except ValidationError:
        return Sighting(None)
    using = db.together() if _asks_like_django(backend) else None
    try:
        found = _along(request, store, key, sid, using) if using else Sighting(_user_alone(request, backend, key))
        found = found or migrated.ask(
            lambda: Sighting(*_pair(request, session_rows, USER, (pk, key), (SID, sid))), LoginSession
        )
        if not using and found.user is not None and registry.lists(found.user):
            found = Sighting(found.user, migrated.ask(lambda: registry.find(sid), LoginSession))
    except NotMigrated:
        found = Sighting(_user_alone(request, backend, key), is_kept=False)
    return found if found.user is None or may(backend, found.user) else Sighting(None, found.row, found.is_kept)


def remembered(request: HttpRequest, selector: str) -> Remembered:
    """Return the row `selector` and its user, if the user is one that `request` may find: one query, as for a session.

    One more says of a selector that led nowhere whether there is a row at all.
    """
    try:
        return migrated.ask(lambda: _join_series(request, selector), RememberToken)
    except NotMigrated:
        return Remembered()


class Impersonated(NamedTuple):
    """What the key of an impersonation leads to; no row: there is none."""

    row: Impersonation | None = None
    target: Any | None = None


def impersonated(
    request: HttpRequest, key: UUID, build: compiled.Builder | None = None, *values: tuple[Any, Any]
) -> Impersonated:
    """Return the impersonation `key` and its target, if that is a user whom `request` may find: one query.

    `build` asks more than target_rows(), with further `values`. One more query tells of a row without a target.
    """
    try:
        return migrated.ask(lambda: _join_target(request, key, build or target_rows, values), Impersonation)
    except NotMigrated:
        return Impersonated()


def by_backend(request: HttpRequest, backend: Any, user: Any) -> Any | None:
    """Return `user` as `backend` has them, None if it does not let them in."""
    known = user if _asks_like_django(backend) else _user_alone(request, with_sync_get_user(backend), user.pk)
    return known if known is not None and may(backend, known) else None


def with_sync_get_user(backend: Any) -> Any:
    """Return `backend`, with a `get_user()` made of its `aget_user()` if it only has that one."""
    own = type(backend)
    if getattr(own, "get_user", None) is BaseBackend.get_user and own.aget_user is not BaseBackend.aget_user:
        backend.get_user = async_to_sync(backend.aget_user)
    return backend


def row_of(sid: str) -> Sighting:
    """Return the row `sid` without a user."""
    try:
        return Sighting(None, migrated.ask(lambda: registry.find(sid), LoginSession))
    except NotMigrated:
        return Sighting(None, is_kept=False)


def users(request: HttpRequest | None) -> models.QuerySet[Any]:
    """Return the users that a request may find: the default manager's, or SESSIONAUTH_USER_QUERYSET's."""
    path = settings.USER_QUERYSET
    found: models.QuerySet[Any] = load(path)(request) if path else djangos.user_model._default_manager.all()
    return found.using(router.db_for_write(djangos.user_model))


def hidden_user(user_id: str) -> Any | None:
    """Return the user of a session whom no manager shows, None if there is none at all."""
    model = djangos.user_model
    try:
        key = model._meta.pk.to_python(user_id)
    except ValidationError:
        return None
    return model._base_manager.using(router.db_for_write(model)).filter(pk=key).first()


def credential(request: HttpRequest | None, model: type[AbstractCredential], parsed: ParsedSecret) -> Any:
    """Return the row of a secret, joined with its user; from the cache of credentials, if there is one and it knows it.

    Raises InvalidCredential if there is none, it is not to be used, or our table is missing, which the log then says.
    """
    look = cache.find(model, parsed)
    if look.row is not None:
        return look.row
    visible = users(request) if settings.USER_QUERYSET else None
    try:
        row: AbstractCredential = model._default_manager.lookup(parsed, visible)
    except DatabaseError:
        if not migrated.is_missing(model):
            raise
        raise InvalidCredential("unavailable") from None
    cache.keep(look, row)
    return row


def _asks_like_django(backend: Any) -> bool:
    return getattr(type(backend), "get_user", None) is ModelBackend.get_user and "get_user" not in vars(backend)


def may(backend: Any, user: Any) -> bool:
    """Say whether `user` may sign in by `backend`: it is asked where it has an opinion, else they must be active."""
    ask = getattr(backend, "user_can_authenticate", None)
    return bool(getattr(user, "is_active", True) if ask is None else ask(user))


def _user_alone(request: HttpRequest, backend: Any, key: Any) -> Any | None:
    """Return the user without our table, by `backend`, and only if SESSIONAUTH_USER_QUERYSET shows them."""
    user = backend.get_user(key)
    if user is None or not settings.USER_QUERYSET:
        return user
    return user if users(request).filter(pk=user.pk).exists() else None


def _along(request: HttpRequest, store: Any, key: Any, sid: str, using: str) -> Sighting | None:
    """Return what `store` has found together with its own row, or impersonation with its; None for neither.

    Neither is asked where the project says which users there are.
    """
    if store is None or settings.USER_QUERYSET:
        return None
    if type(store) is db.SessionStore:
        company = store.company(sid, key, using)
        if company is not None:
            return Sighting(company.user, company.row)
    overlay = state_of(request).overlay
    pair = None if overlay is None else overlay.bring(store, key, sid)
    return None if pair is None else Sighting(*pair)


def session_rows(users: Any, key: Any, sid: str) -> Any:
    """Return of `users` the one with `key`, with the row `sid` of their sign-in as JOINED."""
    join = FilteredRelation("sessionauth_loginsession", condition=Q(sessionauth_loginsession__sid=sid))
    return users.order_by().annotate(**{JOINED: join}).select_related(JOINED).filter(pk=key)


session_rows.parts = lambda: (djangos.user_model, USER)  # type: ignore[attr-defined]


def _pair(request: HttpRequest, build: compiled.Builder, link: Any, *values: tuple[Any, Any]) -> tuple[Any, Any]:
    """Return the first of `build(users(request), *values)` and the row that came along; None for either that is not.

    `link` is the field by which that row knows its user; the attribute `extra` of `build` names what it annotates.
    Compiled once where nothing but `values` goes into the query.
    """
    model, found = djangos.user_model, None
    using = router.db_for_write(model)
    if not settings.USER_QUERYSET:
        found = compiled.parts(build, model._default_manager, using, values, joined=link.model)
    if found is None:
        people = list(build(users(request), *[value for _, value in values]))
        return (people[0], people[0].__dict__.pop(JOINED, None)) if people else (None, None)
    if not found:
        return None, None
    columns, *extra, of_row = found[0]
    user, row = instances.made(model, using, columns), instances.made(link.model, using, of_row)
    if extra:
        user.__dict__[build.extra] = extra[0]  # type: ignore[attr-defined]
    if row is not None:
        row._state.fields_cache[link.name] = user
    return user, row


def _behind(users: Any, relation: str, field: str, value: Any) -> Any:
    """Return of `users` whom the row with `value` in `field` belongs to, with that row as JOINED."""
    join = FilteredRelation(relation, condition=Q(**{f"{relation}__{field}": value}))
    return users.order_by().annotate(**{JOINED: join}).filter(**{f"{JOINED}__isnull": False}).select_related(JOINED)


def _series_rows(users: Any, selector: str) -> Any:
    return _behind(users, "sessionauth_remembertoken", "selector", selector)


_series_rows.parts = lambda: (djangos.user_model, OWNER)  # type: ignore[attr-defined]


def _join_series(request: HttpRequest, selector: str) -> Remembered:
    if db.together():
        user, row = _pair(request, _series_rows, OWNER, (SELECTOR, selector))
        if user is not None:
            return Remembered(row, user)
        return Remembered(series.by_selector(selector).first())
    token = series.by_selector(selector).first()
    return Remembered(token, token and users(request).filter(pk=token.user_id).first())


def target_rows(users: Any, key: UUID) -> Any:
    """Return of `users` the target of the impersonation `key`, with its row."""
    return _behind(users, "sessionauth_impersonation", "id", key)


target_rows.parts = lambda: (djangos.user_model, TARGET)  # type: ignore[attr-defined]


def _join_target(request: HttpRequest, key: UUID, build: compiled.Builder, values: Any) -> Impersonated:
    if db.together():
        user, row = _pair(request, build, TARGET, (Impersonation._meta.pk, key), *values)
        if user is not None:
            return Impersonated(row, user)
    row = Impersonation._base_manager.using(router.db_for_write(Impersonation)).filter(pk=key).first()
    return Impersonated(row, row and users(request).filter(pk=row.target_id).first())
