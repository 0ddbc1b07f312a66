"""The fixed lookup of a session request: its user, and its login session in the same query."""

from __future__ import annotations

import logging
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connections, models, router, transaction
from django.db.models import FilteredRelation, Q
from django.http import HttpRequest

from sessionauth.conf import load, settings
from sessionauth.models import LoginSession
from sessionauth.sessions import registry

logger = logging.getLogger("sessionauth")

JOINED = "sessionauth_login"

#: Databases whose table of login sessions has answered. Only ever grows; a process that forgets it asks again.
_proved: set[str] = set()


def user_and_row(request: HttpRequest, backend: Any, user_id: str, sid: str) -> tuple[Any | None, LoginSession | None]:
    """Return the user of a session and the row of its sign-in, each None if there is none.

    `backend` is the one the session names, `user_id` the key as the session holds it. The user is found exactly as
    `ModelBackend.get_user()` finds them, through the default manager or SESSIONAUTH_USER_QUERYSET; the row comes along
    by a LEFT JOIN, so that it costs no query. A backend with a `get_user()` of its own is asked in its own way, and a
    user in another database cannot be joined: the row is a second query then.
    """
    try:
        key = get_user_model()._meta.pk.to_python(user_id)
    except ValidationError:
        return None, None
    if _asks_like_django(backend) and _together():
        found = _joined(request, key, sid)
        if found is not None:
            user, row = found
            return (user if user is not None and backend.user_can_authenticate(user) else None), row
        return backend.get_user(key), None
    user = backend.get_user(key)
    return user, registry.find(sid) if user is not None and registry.lists(user) else None


def is_gone(user_id: str) -> bool:
    """Say whether no such user exists or they are inactive, looking past managers that only hide some."""
    model = get_user_model()
    try:
        key = model._meta.pk.to_python(user_id)
    except ValidationError:
        return True
    user = model._base_manager.using(router.db_for_write(model)).filter(pk=key).first()
    return user is None or not getattr(user, "is_active", True)


def users(request: HttpRequest) -> models.QuerySet[Any]:
    """Return the users that a request may find: the default manager's, or SESSIONAUTH_USER_QUERYSET's."""
    path = settings.USER_QUERYSET
    found: models.QuerySet[Any] = load(path)(request) if path else get_user_model()._default_manager.all()
    return found.using(router.db_for_write(get_user_model()))


def _asks_like_django(backend: Any) -> bool:
    return isinstance(backend, ModelBackend) and type(backend).get_user is ModelBackend.get_user


def _together() -> bool:
    return router.db_for_write(get_user_model()) == router.db_for_write(LoginSession)


def _joined(request: HttpRequest, key: Any, sid: str) -> tuple[Any | None, LoginSession | None] | None:
    """Return user and row, or None where our table is missing: the site goes on without it, as the log says."""
    using = router.db_for_write(LoginSession)
    try:
        if using not in _proved and transaction.get_connection(using).in_atomic_block:
            # The first time, a missing table must not spoil the view's transaction; later the savepoint is spared.
            with transaction.atomic(using=using):
                found = _select(request, key, sid)
        else:
            found = _select(request, key, sid)
    except DatabaseError:
        if using in _proved or not is_missing(LoginSession):
            raise
        return None
    _proved.add(using)
    return found


def is_missing(model: type[models.Model]) -> bool:
    """Say whether the table of `model` is not there, and log what to do about it."""
    connection = connections[router.db_for_write(model)]
    missing = model._meta.db_table not in connection.introspection.table_names()
    if missing:
        logger.error("%s has no table. Run `manage.py migrate`.", model._meta.label)
    return missing


def _select(request: HttpRequest, key: Any, sid: str) -> tuple[Any | None, LoginSession | None]:
    join = FilteredRelation("sessionauth_loginsession", condition=Q(sessionauth_loginsession__sid=sid))
    try:
        user = users(request).annotate(**{JOINED: join}).select_related(JOINED).get(pk=key)
    except get_user_model().DoesNotExist:
        return None, None
    return user, user.__dict__.pop(JOINED, None)
