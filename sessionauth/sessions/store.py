"""Django's engine of sessions in the database, whose rows are written in fewer steps.

SessionMiddleware of ours puts such a session in the place of one of Django's engine, and our own engine is built on it.
"""

from __future__ import annotations

import secrets
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import VALID_KEY_CHARS, CreateError, UpdateError
from django.db import DatabaseError, IntegrityError, router

from sessionauth.models import saving


def _written_by(engine: Any) -> tuple[object, ...]:
    return db.SessionStore.save, db.SessionStore.create, engine.exists, engine._get_new_session_key


#: Django's way; where somebody has put theirs in its place, or an engine of theirs has one, that is gone.
DJANGOS = _written_by(db.SessionStore)

KEY_LENGTH = 32
#: How many there are.
KEYS = len(VALID_KEY_CHARS) ** KEY_LENGTH


class SessionStore(db.SessionStore):
    """A session in Django's table: the same row, told of by the same signals, and the same errors.

    Django builds each statement anew, opens a transaction for each, and looks whether anybody has a new key before it
    draws another. 160 random bits want no look, and where they are somebody's all the same, the INSERT says so.
    """

    def create(self) -> None:
        """Enter the session under a new key, as Django does."""
        if _written_by(type(self)) != DJANGOS:
            super().create()
            return
        while True:
            self._session_key = new_key()
            try:
                self.save(must_create=True)
            except CreateError:
                continue
            self.modified = True
            return

    def save(self, must_create: bool = False) -> None:
        """Save the session as Django does."""
        if self.session_key is None or _written_by(type(self)) != DJANGOS:
            super().save(must_create)
            return
        row = self.create_model_instance(self._get_session(no_load=must_create))  # type: ignore[attr-defined]
        using = router.db_for_write(self.model, instance=row)
        write = saving.insert if must_create else saving.update
        try:
            with saving.whole(using, self.model):
                write(row, using)
        except IntegrityError:
            if must_create:
                raise CreateError from None
            raise
        except DatabaseError:
            if not must_create:
                raise UpdateError from None
            raise

    # Django's own take up to five hops to the thread of the database for what is one here.

    async def asave(self, must_create: bool = False) -> None:
        """See save()."""
        await sync_to_async(self.save)(must_create)

    async def acreate(self) -> None:
        """See create()."""
        await sync_to_async(self.create)()

    async def acycle_key(self) -> None:
        """See Django's cycle_key()."""
        await sync_to_async(self.cycle_key)()

    async def adelete(self, session_key: str | None = None) -> None:
        """See Django's delete()."""
        await sync_to_async(self.delete)(session_key)


def new_key() -> str:
    """Return a key as Django draws it: 32 of VALID_KEY_CHARS, 165 bits.

    By one question to the system for all of them: one for each took 45 µs of a login's 2 400.
    """
    number, chars = secrets.randbelow(KEYS), []
    for _ in range(KEY_LENGTH):
        number, place = divmod(number, len(VALID_KEY_CHARS))
        chars.append(VALID_KEY_CHARS[place])
    return "".join(chars)


#: Engines whose sessions are a row of Django's table, and nothing else.
PLAIN = (db.SessionStore, SessionStore)
