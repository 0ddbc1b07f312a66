"""Tells every socket who it is, around an application or one consumer."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar

from channels.sessions import CookieMiddleware, SessionMiddleware

from sessionauth.contrib.channels.connection import Connection
from sessionauth.contrib.channels.handshake import Scope
from sessionauth.contrib.channels.terms import Terms, terms
from sessionauth.contrib.channels.watching import App, Receive, Send, run


class AuthMiddleware:
    """Puts `scope["user"]`, `scope["auth"]` and `scope["auth_is_still_good"]` on sockets.

    A secret comes in a header, as in HTTP, or as the subprotocol `sessionauth.bearer.<secret>`, which the consumer
    never sees; the browser's session counts only for pages of this site. Needs no other middleware. What is no socket
    goes through untouched: Django's middleware is for that.
    """

    def __init__(self, inner: App, *, origins: Collection[str] = (), **asked: Any) -> None:
        """Wrap `inner`, a consumer or a router of them.

        `origins` are further sites whose pages may use a visitor's session, as in CSRF_TRUSTED_ORIGINS. `asked` says
        whom to let in: `required` closes the sockets of nobody (4401). `scopes`, in the grammar of `scope_required()`,
        also lets restricted credentials in that have them, and closes the sockets of others (4403); a socket is like
        POST, or GET with `read_only=True`. `fresh` and `methods` ask for a person who has just proved who they are,
        `not_impersonating` keeps out who acts as somebody else. After `recheck_every` seconds it is asked anew whether
        the credential is still good, and the socket closed if not; None for never.
        """
        self.inner = inner
        self.origins = tuple(origins)
        self.terms = terms(**asked)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> Any:
        """Run the application as ASGI says."""
        if scope["type"] != "websocket":
            return await self.inner(scope, receive, send)
        connection = Connection.of(scope, self.origins)
        return await run(self.inner, self.terms, connection, scope, receive, send)


def AuthMiddlewareStack(inner: App, **options: Any) -> Any:  # noqa: N802 (the name that Channels gives its own)
    """Return `inner` with AuthMiddleware and its `options`, and `scope["cookies"]` and `scope["session"]`."""
    return CookieMiddleware(SessionMiddleware(AuthMiddleware(inner, **options)))


class AuthConsumerMixin:
    """Stands before Channels' class among the bases of a consumer that says itself whom it lets in.

    The attributes are the arguments of AuthMiddleware. With or without that around it.
    """

    login_required: ClassVar[bool] = True
    scopes: ClassVar[Any] = None
    read_only: ClassVar[bool] = False
    fresh: ClassVar[Any] = False
    proofs: ClassVar[Collection[str]] = ()
    not_impersonating: ClassVar[bool] = False
    recheck_every: ClassVar[float | None] = 60
    origins: ClassVar[Collection[str]] = ()

    @classmethod
    def _terms(cls) -> Terms:
        return terms(
            required=cls.login_required,
            scopes=cls.scopes,
            read_only=cls.read_only,
            fresh=cls.fresh,
            methods=cls.proofs,
            not_impersonating=cls.not_impersonating,
            recheck_every=cls.recheck_every,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> Any:
        """Run the consumer for whom it lets in."""
        connection = Connection.of(scope, self.origins)
        consumer: App = super().__call__  # type: ignore[misc]
        return await run(consumer, self._terms(), connection, scope, receive, send)
