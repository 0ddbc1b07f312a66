"""The target's session while somebody impersonates them: kept in the row, and gone with it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.middleware.csrf import CSRF_SESSION_KEY
from django.utils.crypto import salted_hmac

from sessionauth.conf import djangos
from sessionauth.conf.setting import FromSettings, derived
from sessionauth.impersonation import bound
from sessionauth.models import Impersonation
from sessionauth.models.binding import session_hash
from sessionauth.sessions import kept

#: What is put in anew for every request, and not kept.
NOT_KEPT = frozenset({SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY, CSRF_SESSION_KEY})


class Begins(FromSettings):
    """How a session begins."""

    @derived
    def as_djangos(self) -> dict[str, Any]:
        """What Django gives to each; it looks up its serializer by name each time."""
        return dict(vars(SessionBase()))


_begins = Begins()


class ChildSession(SessionBase):
    """A session beside that of the actor, whatever engine that has: nothing gets from one into the other.

    It names the target as Django's would, so that whoever asks it for its user finds the target.
    """

    def __init__(self, row: Impersonation, target: Any, parent: SessionBase) -> None:
        self.row, self._target, self._parent = row, target, parent
        #: What was kept, which the end takes out of the row.
        self._text = row.session_data
        #: The key of the row, as text.
        self.name = str(row.pk)
        self.__dict__.update(_begins.as_djangos)
        self._session_key = _key_of(self.name, djangos.SECRET_KEY)
        #: True once Django's login() has written a user into it.
        self.is_signed_in = False

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value)
        self.is_signed_in |= key == SESSION_KEY

    async def aset(self, key: str, value: Any) -> None:
        """Set `key`, as `session[key] = value` does: Django's own way round it would hide a login by `alogin()`."""
        self[key] = value

    def update(self, dict_: Any) -> None:  # type: ignore[override]
        """Set all of `dict_`, one by one for the same reason."""
        for key, value in dict(dict_).items():
            self[key] = value

    async def aupdate(self, dict_: Any) -> None:
        """See update()."""
        self.update(dict_)

    @property
    def is_signed_out(self) -> bool:
        """Whether a view has taken the target out of it, by `flush()` or by hand."""
        return SESSION_KEY not in self.__dict__.get("_session_cache", (SESSION_KEY,))

    @property
    def key_salt(self) -> str:
        """Salt of the signature: what was signed for one impersonation is nothing to another."""
        return f"sessionauth.impersonation.session.{self.name}"

    def text(self) -> str:
        """Return what is to be kept of it, signed for this impersonation alone."""
        found = {name: value for name, value in kept.data(self).items() if name not in NOT_KEPT}
        return self.encode(found) if found else ""

    def load(self) -> dict[str, Any]:
        """Return what was kept, and who it is."""
        before = self.decode(self._text) if self._text else {}
        return before | _identity(self._target, self._parent) | _csrf(self.row)

    async def aload(self) -> dict[str, Any]:
        """See load()."""
        return self.load()

    def save(self, must_create: bool = False) -> None:
        """Keep it in the row, unless that has ended."""
        self.row.change(session_data=self.text())

    def exists(self, session_key: str) -> bool:
        """Say that no other has this key: there is but the one."""
        return False

    def create(self) -> None:
        """Do nothing: the row is there."""

    def cycle_key(self) -> None:
        """Keep the key: no cookie holds it."""
        self.modified = True

    async def acycle_key(self) -> None:
        """See cycle_key()."""
        self.cycle_key()

    def delete(self, session_key: str | None = None) -> None:
        """Forget what was kept."""
        self.row.change(session_data="")

    @classmethod
    def clear_expired(cls) -> None:
        """Do nothing: it goes with the row."""


@lru_cache(maxsize=256)
def _key_of(row_key: str, secret_key: str | bytes) -> str:
    return salted_hmac("sessionauth.impersonation.key", row_key, secret=secret_key, algorithm="sha256").hexdigest()[:32]


def _identity(target: Any, parent: SessionBase) -> dict[str, Any]:
    own_hash = session_hash(target) if hasattr(target, "get_session_auth_hash") else ""
    return {
        SESSION_KEY: target._meta.pk.value_to_string(target),
        BACKEND_SESSION_KEY: parent.get(BACKEND_SESSION_KEY),
        HASH_SESSION_KEY: own_hash,
    }


def _csrf(row: Impersonation) -> dict[str, Any]:
    return {CSRF_SESSION_KEY: bound.secret_of(row.pk)} if djangos.CSRF_USE_SESSIONS else {}
