"""Django's SessionMiddleware for requests that have nothing to do with their session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.middleware import SessionMiddleware as DjangosSessionMiddleware
from django.http import HttpRequest
from django.utils.cache import patch_vary_headers

from sessionauth.conf import djangos
from sessionauth.conf.setting import FromSettings, derived
from sessionauth.sessions import store

#: By whom a session is made that begins with nothing but a key and what the settings say.
PLAIN = (SessionBase.__init__, db.SessionStore.__init__)


class SessionMiddleware(DjangosSessionMiddleware):
    """Stands in place of Django's, and decides as that does, by its own code.

    Django does all of its way out on each request, and under ASGI sends both of its steps through a thread, whether
    there is anything to wait for or not. Here a session that nobody touched is left alone, and only one that is saved
    waits for a thread. Steps that a subclass has of its own may wait for anything, and are taken as Django takes them.
    A session of Django's engine in the database is one of `store`, which writes the same row in fewer steps.
    """

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        super().__init__(get_response)
        if self.SessionStore is db.SessionStore:
            self.SessionStore = store.SessionStore
        own = type(self)
        has_own_step = own.process_request is not SessionMiddleware.process_request
        self.has_own_steps = has_own_step or own.process_response is not SessionMiddleware.process_response

    def __call__(self, request: HttpRequest) -> Any:
        if self.async_mode:
            return self.__acall__(request)
        own: Any = self.process_request(request)  # type: ignore[func-returns-value]
        return self.process_response(request, own or self.get_response(request))

    async def __acall__(self, request: HttpRequest) -> Any:
        if self.has_own_steps:
            return await super().__acall__(request)
        self.process_request(request)
        response = await self.get_response(request)  # type: ignore[misc]
        if _is_saved(request):
            return await sync_to_async(self.process_response)(request, response)
        return self.process_response(request, response)

    def process_request(self, request: HttpRequest) -> None:
        """Put on `request` the session whose key came, as Django does; looks it up nowhere."""
        key = request.COOKIES.get(djangos.SESSION_COOKIE_NAME)
        began = _beginnings.by_engine.get(self.SessionStore)
        if began is None:
            began = _beginnings.by_engine[self.SessionStore] = _beginning(self.SessionStore)
        if not began:
            request.session = self.SessionStore(key)
            return
        request.session = session = object.__new__(self.SessionStore)
        session.__dict__.update(began)
        if key is not None:  # as it began
            session._session_key = key

    def process_response(self, request: HttpRequest, response: Any) -> Any:
        """Have Django save the session, set its cookie or take it back, where that may be due; name it in `Vary`.

        None of it is due where nobody looked, and what came was a cookie with a session in it, or none.
        """
        try:
            session = request.session
            is_empty = djangos.SESSION_COOKIE_NAME in request.COOKIES and session.is_empty()
            is_accessed, is_modified = session.accessed, session.modified
        except AttributeError:
            return response
        if is_empty or is_modified or djangos.SESSION_SAVE_EVERY_REQUEST:
            return super().process_response(request, response)
        # Who was recognised by it has mostly had it named already, and Django would take the header apart to see that.
        if is_accessed and "Cookie" not in response.headers.get("Vary", "").split(", "):
            patch_vary_headers(response, ("Cookie",))
        return response


def _is_saved(request: HttpRequest) -> bool:
    """Say whether Django may save the session, for which it may load it first. No I/O."""
    session = getattr(request, "session", None)
    return djangos.SESSION_SAVE_EVERY_REQUEST or getattr(session, "modified", False)


class _Beginnings(FromSettings):
    @derived
    def by_engine(self) -> dict[Any, dict[str, Any]]:
        """What a session of each engine begins with, empty where only the engine knows."""
        return {}


_beginnings = _Beginnings()


def _beginning(engine: Any) -> dict[str, Any]:
    """Return the attributes of a session without a key: Django looks up its serializer by name for each request."""
    makes = [vars(kind).get("__init__") for kind in engine.__mro__ if kind is not object]
    is_plain = engine.__new__ is object.__new__ and all(make is None or make in PLAIN for make in makes)
    return dict(vars(engine(None))) if is_plain else {}
