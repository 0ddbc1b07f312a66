"""An impersonation that comes along with its actor and the row of their sign-in, and with their session, by one query.

What was fetched decides nothing: it is taken for what queries of their own would find, and judged as that.
"""

from __future__ import annotations

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
#: What stands in a row, in its order and by its name, each as undocumented.places_of() knows it.
Layout = dict[str, Any]
#: By its name what was found there, as compiled.parts() returns it.
Parts = dict[str, Any]


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
        """Say whether it is what with_actor() would return, the row of the sign-in `sid` among it."""
        row, login = self.seen.row, self.login
        if row is None or login is None or monotonic() - self.moment > db.GOOD_FOR:
            return False
        return bool(row.pk == key and self.actor.pk == actor_key and login.sid == sid and login.user_id == actor_key)


def with_actor(key: UUID, actor_key: Any, sid: str) -> Brought | None:
    """Return by one query what held.find() returns, and who asks for it, None where it does not come to that.

    Only where all users are to be found, for the target is fetched as they are.
    """
    model, moment = djangos.user_model, monotonic()
    using = _together(model)
    if using is None:
        return None
    values = ((model._meta.pk, actor_key), (lookup.SID, sid), (Impersonation._meta.pk, key))
    parts = _found(actor_rows, model._default_manager, using, values, LoginSession)
    return None if parts is None else _made(model, using, parts, moment)


def with_session(session: SessionBase, key: UUID) -> Brought | None:
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
    parts = _found(all_rows, Impersonation._default_manager, using, values, model)
    if parts is None:
        return None
    db.hold(session, parts["data"], parts["expires"])
    found = _made(model, using, parts, moment)
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


def _found(build: Any, manager: Any, using: str, values: Any, joined: Any) -> Parts | None:
    """Return the row of `build`, its parts by their names; None for none, or where it would be the ORM's to find."""

    def question() -> list[tuple[Any, ...]] | None:
        return compiled.parts(build, manager, using, values, joined=joined)

    try:
        rows = migrated.ask(question, LoginSession, Impersonation)
    except migrated.NotMigrated:
        return None
    return dict(zip(build.layout(), rows[0], strict=True)) if rows else None


def _made(model: Any, using: str, parts: Parts, moment: float) -> Brought | None:
    """Return what the columns in `parts` come to; None where it is not all but a sign-in."""
    actor, target = (instances.made(model, using, parts[name]) for name in ("actor", "target"))
    login, row = instances.made(LoginSession, using, parts["login"]), instances.made(Impersonation, using, parts["row"])
    if row is None or target is None or actor is None:
        return None
    if login is not None:
        login._state.fields_cache[lookup.USER.name] = actor
    row._state.fields_cache |= {ACTOR.name: actor, lookup.TARGET.name: target}
    target.__dict__[NAME] = parts["held"]
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


def _of_actor() -> Layout:
    return {"actor": djangos.user_model, "held": None, "login": lookup.USER, "row": ACTOR, "target": lookup.TARGET}


def _of_all() -> Layout:
    known = {"row": Impersonation, "held": None, "data": None, "expires": None}
    return {**known, "actor": ACTOR, "target": lookup.TARGET, "login": LOGIN}


actor_rows.constants = all_rows.constants = CONSTANTS  # type: ignore[attr-defined]
actor_rows.layout, all_rows.layout = _of_actor, _of_all  # type: ignore[attr-defined]
actor_rows.parts = lambda: [*_of_actor().values()]  # type: ignore[attr-defined]
all_rows.parts = lambda: [*_of_all().values()]  # type: ignore[attr-defined]
