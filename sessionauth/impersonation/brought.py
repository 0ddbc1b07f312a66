"""An impersonation that comes along with its actor and the row of their sign-in, and with their session, by one query.

What was fetched decides nothing: it is taken for what queries of their own would find, and judged as that.
"""

from __future__ import annotations

from functools import lru_cache
from time import monotonic
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.sessions.backends import db as djangos_engine
from django.contrib.sessions.backends.base import SessionBase
from django.db import router
from django.db.models import FilteredRelation, OuterRef, Q, Subquery

from sessionauth import compiled, instances, lookup, migrated
from sessionauth.conf import djangos, settings
from sessionauth.impersonation.held import CONSTANTS, NAME, is_djangos, question_of
from sessionauth.models import Impersonation, LoginSession
from sessionauth.sessions import db, store

ACTED = "sessionauth_acted"
ACTOR, LOGIN = Impersonation._meta.get_field("actor"), Impersonation._meta.get_field("login_session")
#: The engines whose sessions are rows of Django's table.
ENGINES = (*store.PLAIN, db.SessionStore)


class Brought(NamedTuple):
    """What came along, at a moment of monotonic(): good for one request, and no longer than between two steps of it."""

    actor: Any
    login: LoginSession | None
    seen: lookup.Impersonated
    moment: float

    def of(self, key: UUID, actor: Any) -> lookup.Impersonated | None:
        """Return what held.find() would, None if it was fetched for another or too long ago."""
        row: Any = self.seen.row
        is_good = row.pk == key and actor is self.actor and monotonic() - self.moment <= db.GOOD_FOR
        return self.seen if is_good else None

    def is_of(self, key: UUID, actor_key: Any, sid: str) -> bool:
        """Say whether it is what bring() would return, the row of the sign-in `sid` among it."""
        row, login = self.seen.row, self.login
        if row is None or login is None or monotonic() - self.moment > db.GOOD_FOR:
            return False
        return bool(row.pk == key and self.actor.pk == actor_key and login.sid == sid and login.user_id == actor_key)


def bring(key: UUID, actor_key: Any, sid: str) -> Brought | None:
    """Return by one query what held.find() returns, and who asks for it, None where it does not come to that.

    Only where all users are to be found, for the target is fetched as they are.
    """
    model, moment = djangos.user_model, monotonic()
    using = _together(model)
    if using is None:
        return None
    values = ((model._meta.pk, actor_key), (lookup.SID, sid), (Impersonation._meta.pk, key))
    found = _asked(actor_rows, model._default_manager, using, values, LoginSession)
    if not found:
        return None
    columns, (first, second, third) = found[0], _places(model)
    parts = (columns[:first], columns[first + 1 : second], columns[second:third], columns[third:])
    return _made(model, using, parts, columns[first], moment)


def along(session: SessionBase, key: UUID) -> Brought | None:
    """Have `session` hold what its row holds, and return what came with that: the impersonation `key`, and its people.

    None, and nothing is done, where that cannot be asked together, or there is no such impersonation. The browser has
    said `key`; whose it is, and whether it runs, is told by the session and asked of what came as if it had been looked
    for by that.
    """
    model, moment = djangos.user_model, monotonic()
    if type(session) not in ENGINES or session.session_key is None or "_session_cache" in vars(session):
        return None
    sessions: Any = session.model  # type: ignore[attr-defined]
    using = _together(model)
    if using is None or not _are_all_users(model):
        return None
    if router.db_for_read(sessions) != using or router.db_for_write(LoginSession) != using:
        return None
    values = ((sessions._meta.pk, session.session_key), (Impersonation._meta.pk, key))
    rows = _asked(all_rows, Impersonation._default_manager, using, values, model)
    if not rows:
        return None
    columns, (first, second, third) = rows[0], _places_of_all(model)
    db.hold(session, columns[first + 1], columns[first + 2])
    parts = (columns[first + 3 : second], columns[third:], columns[:first], columns[second:third])
    found = _made(model, using, parts, columns[first], moment)
    if found is not None and found.login is not None and isinstance(session, db.SessionStore):
        session.learn(found.login)
    return found


def _together(model: Any) -> str | None:
    """Return the one database of users and ours, None where there are several, or permissions are not Django's."""
    using = router.db_for_write(model)
    return using if router.db_for_write(Impersonation) == using and is_djangos(model) else None


def _are_all_users(model: Any) -> bool:
    is_asked = settings.USER_QUERYSET is not None or settings.USER_LOADER is not None
    return not is_asked and db.is_simple(model._default_manager)


def _asked(build: compiled.Builder, manager: Any, using: str, values: Any, joined: Any) -> list[list[Any]] | None:
    def question() -> list[list[Any]] | None:
        return compiled.tuples(build, manager, using, values, joined=joined)

    try:
        return migrated.ask(question, LoginSession, Impersonation)
    except migrated.NotMigrated:
        return None


def _made(model: Any, using: str, parts: tuple[list[Any], ...], total: Any, moment: float) -> Brought | None:
    """Return what stands in `parts`: actor, sign-in, impersonation, target; None where it is not all but a sign-in."""
    actor, login, row, target = map(instances.made, (model, LoginSession, Impersonation, model), (using,) * 4, parts)
    if row is None or target is None or actor is None:
        return None
    if login is not None:
        login._state.fields_cache[lookup.USER.name] = actor
    row._state.fields_cache |= {ACTOR.name: actor, lookup.TARGET.name: target}
    target.__dict__[NAME] = total
    return Brought(actor, login, lookup.Impersonated(row, target), moment)


def actor_rows(users: Any, actor_key: Any, sid: str, key: Any) -> Any:
    """Return the actor with the row `sid` of their sign-in, with their impersonation `key`, and its target.

    And with the answer to question().
    """
    acted = FilteredRelation("sessionauth_impersonation_acted", condition=Q(sessionauth_impersonation_acted__id=key))
    found = lookup.session_rows(users, actor_key, sid).annotate(**{ACTED: acted}, **question_of(actor_key))
    return found.select_related(lookup.JOINED, f"{ACTED}__target")


def all_rows(rows: Any, session_key: str, key: Any) -> Any:
    """Return the impersonation `key` with its people, what its actor holds, and the session `session_key`."""
    found = rows.filter(pk=key).annotate(**question_of(OuterRef("actor_id")))
    sessions = djangos_engine.SessionStore.get_model_class().objects.filter(session_key=session_key)
    data, expires = Subquery(sessions.values("session_data")), Subquery(sessions.values("expire_date"))
    found = found.annotate(sessionauth_data=data, sessionauth_expires=expires)
    return found.select_related(ACTOR.name, lookup.TARGET.name, LOGIN.name)


actor_rows.constants = all_rows.constants = CONSTANTS  # type: ignore[attr-defined]
actor_rows.parts = lambda: (  # type: ignore[attr-defined]
    djangos.user_model,
    None,
    lookup.USER,
    ACTOR,
    lookup.TARGET,
)
all_rows.parts = lambda: (Impersonation, None, None, None, ACTOR, lookup.TARGET, LOGIN)  # type: ignore[attr-defined]


@lru_cache(maxsize=64)
def _places(model: Any) -> tuple[int, int, int]:
    """Return where in a row of actor_rows() the answer to question() stands, the impersonation, and the target."""
    people, logins, acts = (len(one._meta.concrete_fields) for one in (model, LoginSession, Impersonation))
    return people, people + 1 + logins, people + 1 + logins + acts


@lru_cache(maxsize=64)
def _places_of_all(model: Any) -> tuple[int, int, int]:
    """Return where in a row of all_rows() the answer to question() stands, the target, and the sign-in."""
    people, acts = (len(one._meta.concrete_fields) for one in (model, Impersonation))
    return acts, acts + 3 + people, acts + 3 + 2 * people
