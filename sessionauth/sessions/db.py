"""Django's engine of sessions in the database, which brings the user and the login session along by the same query.

As `SESSION_ENGINE = "sessionauth.sessions.db"` it uses the table of Django's own and reads what that has written, and
the other way round: a change between the two signs nobody out. A login session is joined by a digest of the session
key, which is kept in no other form.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache, lru_cache, partial
from time import monotonic
from typing import Any, NamedTuple

from asgiref.sync import sync_to_async
from django.contrib.sessions.backends import signed_cookies
from django.core import signing
from django.db import DEFAULT_DB_ALIAS, DatabaseError, models, router, transaction
from django.db.models.lookups import Exact
from django.utils import timezone

from sessionauth import compiled, crypto, instances
from sessionauth.conf import djangos, settings
from sessionauth.models import LoginSession, writing
from sessionauth.sessions import decoding, kept, store
from sessionauth.undocumented import LOUTER, Col, Join, WhereNode

#: Begins what is digested, so that no other digest of the same text is the same.
PURPOSE = b"sessionauth.sessions.db\n"
#: Seconds for which what came along is as good as asked anew: no more than between two steps of one request.
GOOD_FOR = 1.0
#: Characters up to which the data of a session are not packed.
SHORT = 1000
DIGEST, USER = LoginSession._meta.get_field("session_digest"), LoginSession._meta.get_field("user")

#: Databases in which our table has answered. A missing one must spoil nobody's transaction.
_proved: set[str] = set()


class Company(NamedTuple):
    """Whom a session's row was joined with, from the database `using`, at `moment` of the monotonic clock."""

    user: Any
    row: LoginSession
    using: str
    moment: float


class SessionStore(store.SessionStore):
    """A session in Django's table, and for a moment what came along with it."""

    _company: Company | None = None
    #: The sid and the session key of which the digest is known to be kept.
    _noted: tuple[str, str] | None = None

    def load(self) -> dict[str, Any]:
        """Return what the session holds; see `company()` for what else it has found."""
        key = self.session_key
        if type(self) is not SessionStore or key is None:
            return super().load()
        model = _table()
        using = _joined_in(model)
        if using is None:
            return super().load()
        try:
            found = _rows(model, using, key)
        except DatabaseError:
            if transaction.get_connection(using).in_atomic_block:
                raise
            _proved.discard(using)
            found = None
        if found is None:
            return super().load()
        session, login, user = found[0] if found else (None, None, None)
        if session is None or _is_over(model, session):
            self._session_key = None
            return {}
        self._company = _company(login, user, using)
        if self._company is not None:
            self._noted = (self._company.row.sid, key)
        return decoding.decoded(self, session[_place(model, "session_data")])

    async def aload(self) -> dict[str, Any]:
        """See load()."""
        return await sync_to_async(self.load)()

    def save(self, must_create: bool = False) -> None:
        """Save as Django does, and let the login session be found by the session key if that is new."""
        super().save(must_create)
        self.note()

    def encode(self, session_dict: dict[str, Any]) -> str:
        """Return the column of a row, which Django reads as well, packed where it is long.

        What a sign-in holds is some 240 characters longer unpacked, and to unpack it took a sixtieth of each request.
        """
        text = signing.dumps(session_dict, salt=self.key_salt, serializer=self.serializer)
        return text if len(text) <= SHORT else super().encode(session_dict)

    def company(self, sid: str, user_pk: Any, using: str) -> Company | None:
        """Return, once, the login session `sid` and its user `user_pk` if just these came along from `using`."""
        found, self._company = self._company, None
        if found is None or monotonic() - found.moment > GOOD_FOR or found.using != using:
            return None
        return found if found.row.sid == sid and found.row.user_id == user_pk else None

    def confirm(self, row: LoginSession) -> bool:
        """Note that our table is there, for `row` was read from it; say whether `note()` has something to do."""
        _proved.add(str(row._state.db))
        return row.session_digest is None and not row.earlier and self._unnoted() is not None

    def learn(self, row: LoginSession) -> None:
        """Know what `row`, which was read beside the session, says of its digest: note() has nothing to do twice."""
        key = self.session_key
        if key is not None and row.session_digest == digest(key):
            self._noted = (row.sid, key)

    def note(self) -> None:
        """Keep the digest of the session key with the login session, if that is not known to be done."""
        pair = self._unnoted()
        if pair is None:
            return
        before, self._noted = self._noted, pair
        is_anothers = before is not None and before[1] == pair[1]
        writing.best_effort(partial(_keep, *pair, is_anothers=is_anothers), router.db_for_write(LoginSession))

    def _unnoted(self) -> tuple[str, str] | None:
        sid, key = kept.sid_in(kept.own(self.__dict__.get("_session_cache", {}))), self.session_key
        return None if sid is None or key is None or self._noted == (sid, key) else (sid, key)


def digest(session_key: str) -> str:
    """Return what is kept of `session_key`.

    Not keyed: it is 160 random bits, and a new SECRET_KEY would leave behind digests that lead nowhere.
    """
    return crypto.sha256(PURPOSE + session_key.encode("utf-8", "surrogatepass"))


def _keep(sid: str, session_key: str, *, is_anothers: bool) -> None:
    """Give the row `sid` the digest of `session_key`, and take it from the one that had it if it `is_anothers`."""
    rows, mine = LoginSession._base_manager.using(router.db_for_write(LoginSession)), digest(session_key)
    if is_anothers:
        rows.filter(session_digest=mine).exclude(sid=sid).update(session_digest=None)
    rows.filter(sid=sid).update(session_digest=mine)


@cache
def _table() -> Any:
    """Return the model of Django's sessions, which Django imports anew for each of them."""
    return SessionStore.get_model_class()


def _joined_in(sessions: type[models.Model]) -> str | None:
    """Return the database of all three tables, None where they cannot be joined, or not as the site asks for users."""
    if settings.USER_QUERYSET is not None or settings.USER_LOADER is not None:
        return None
    using = together()
    if using not in _proved or router.db_for_read(sessions) != using:
        return None
    return using if is_simple(djangos.user_model._default_manager) else None


def together() -> str | None:
    """Return the database of users and of login sessions, None where they are in two."""
    if not router.routers:
        return DEFAULT_DB_ALIAS  # what the questions below come to
    using = router.db_for_write(djangos.user_model)
    return using if using == router.db_for_write(LoginSession) else None


@lru_cache(maxsize=8)
def is_simple(manager: Any) -> bool:
    """Say whether `manager` shows all users, and each is a row of one table."""
    table = manager.model._meta.db_table
    columns = manager.model._meta.concrete_fields
    return compiled.is_plain(manager) and all(field.model._meta.db_table == table for field in columns)


def _rows(sessions: Any, using: str, session_key: str) -> list[tuple[Any, ...]] | None:
    values = ((sessions._meta.pk, session_key), (DIGEST, digest(session_key)))
    return compiled.parts(_with_company, sessions.objects, using, values, joined=djangos.user_model)


def fill(session: Any) -> None:
    """Have a session of ours or of Django's engines hold what its row or cookie holds, as it would at a look."""
    kind = type(session)
    if "_session_cache" in getattr(session, "__dict__", ()):  # it may be the data of one
        return
    if kind is SessionStore:
        if session.session_key is not None:
            session._session_cache = session.load()
    elif kind in store.PLAIN:
        _fill(session)
    elif kind is signed_cookies.SessionStore:
        data = decoding.of_cookie(session)
        if data is not None:
            session._session_cache = data


def _fill(session: Any) -> None:
    key, model = session.session_key, session.model
    if key is None:
        return
    found = compiled.tuples(_alone, model.objects, router.db_for_read(model), ((model._meta.pk, key),))
    if found is None:
        return
    if found:
        hold(session, found[0][_place(model, "session_data")], found[0][_place(model, "expire_date")])
    else:
        hold(session, None, None)


def hold(session: Any, text: str | None, expires: datetime | None) -> None:
    """Have `session` hold what stands as `text` in its row, nothing where there is none, or it `expires` before now."""
    if text is None or expires is None or expires <= timezone.now():
        session._session_key, session._session_cache = None, {}
    else:
        session._session_cache = decoding.decoded(session, text)


def _alone(sessions: Any, session_key: str) -> Any:
    return sessions.filter(session_key=session_key)


@lru_cache(maxsize=16)
def _place(sessions: type[models.Model], name: str) -> int:
    """Return at which place of a row the column `name` stands."""
    return [field.attname for field in sessions._meta.concrete_fields].index(name)


def _is_over(sessions: type[models.Model], row: list[Any]) -> bool:
    """Say whether a session has expired. Not asked in the query: a moment costs more to hand over than to compare."""
    return bool(row[_place(sessions, "expire_date")] <= timezone.now())


class _ByDigest:
    """Joins the login session of a session, whose own row does not know the digest."""

    def __init__(self, digest: str) -> None:
        self.digest = digest

    def get_joining_fields(self) -> tuple[()]:
        return ()

    def get_extra_restriction(self, alias: str, related_alias: str | None) -> Any:
        same: Any = Exact(Col(alias, DIGEST), self.digest)
        return WhereNode([same])


def _with_company(sessions: Any, session_key: str, digest: str) -> Any:
    """Return of `sessions` the one of `session_key`, with the columns of its login session and their user."""
    found = sessions.filter(session_key=session_key)
    query, users = found.query, djangos.user_model
    row_table = LoginSession._meta.db_table
    by_digest: Any = _ByDigest(digest)
    rows = query.join(Join(row_table, query.get_initial_alias(), None, LOUTER, by_digest, True))
    people = query.join(Join(users._meta.db_table, rows, None, LOUTER, USER, True))
    columns = [
        field.get_col(alias)
        for model, alias in ((LoginSession, rows), (users, people))
        for field in model._meta.concrete_fields
    ]
    for number, column in enumerate(columns):
        # By short names: SQLite's cursor reads through each of them for every request.
        query.add_annotation(column, f"c{number}")
    return found


_with_company.parts = lambda: (  # type: ignore[attr-defined]
    _table(),
    LoginSession,
    djangos.user_model,
)


def _company(login: Any, person: Any, using: str) -> Company | None:
    """Return what came along with a session in columns, None if its login session is not known, or has no user."""
    row = instances.made(LoginSession, using, login)
    user = None if row is None else instances.made(djangos.user_model, using, person)
    if row is None or user is None:
        return None
    row._state.fields_cache[USER.name] = user
    return Company(user, row, using, monotonic())
