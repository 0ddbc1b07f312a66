"""What the app knows of one request, and the place on the request where it is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from sessionauth.exceptions import LoginDenied

if TYPE_CHECKING:
    from sessionauth.audit import Event, Typed
    from sessionauth.models import AuthEvent, RememberToken
    from sessionauth.user_token import UserToken

STATE = "_sessionauth"

#: The request that is under way, in this thread or task and in what it starts; see current().
under_way: ContextVar[HttpRequest | None] = ContextVar("sessionauth_request", default=None)


@dataclass(frozen=True, slots=True)
class SignIn:
    """What whoever calls Django's login() knows of it, and that cannot be told by its arguments.

    `is_fresh` says whether the person has just proved who they are, and `method` how ("password", "link" …, "" for
    unknown). `remember_token` is the remembered browser that it begins with or from, and `is_restored` whether it is
    restored from that.
    """

    is_fresh: bool = True
    method: str = ""
    remember_token: RememberToken | None = None
    is_restored: bool = False


class Overlay(Protocol):
    """What one request has to do with impersonation."""

    def concerns(self, token: UserToken) -> bool:
        """Say whether `token`, which the session made, may be that of somebody who impersonates."""
        ...

    def bring(self, session: SessionBase, user_pk: Any, sid: str) -> tuple[Any, Any] | None:
        """Return the user `user_pk` and the row `sid` of their sign-in, fetched with what put_on() will ask for.

        None where it will not ask for anything, or all of this cannot be fetched together.
        """
        ...

    def put_on(self, token: UserToken) -> UserToken:
        """Return the token of the target, or `token` where nobody is impersonated."""
        ...

    def in_hand(self) -> UserToken | None:
        """Return the token of the target while their session is that of the request."""
        ...


class RequestState:
    """What the app knows of one request; private, and the one source of `get_auth()`."""

    __slots__ = (
        "carriers",
        "established",
        "events",
        "is_bare",
        "is_claimed",
        "is_closed",
        "is_passive",
        "is_settled",
        "later",
        "lazy_auser",
        "lazy_user",
        "denied",
        "next",
        "on_response",
        "overlay",
        "others",
        "pending",
        "refused",
        "sought",
        "session_data",
        "session_key",
        "sign_in",
        "told",
        "token",
    )

    def __init__(self) -> None:
        #: The current identity, None while nobody has asked.
        self.token: UserToken | None = None
        #: Who came in, before any view or framework assigned another user.
        self.established: UserToken | None = None
        #: Whose restricted credential came to a view whose own authentication is still to ask it for scopes. Until that
        #: accepts it, the request is nobody's.
        self.pending: UserToken | None = None
        #: What stands on `request.user` until somebody assigns something else.
        self.lazy_user: Any = None
        #: The same for `request.auser`.
        self.lazy_auser: Any = None
        #: True if a credential stood on the request that no cookie is, good or bad.
        self.is_claimed = False
        #: True if nothing came in which a program's credential could stand.
        self.is_bare = False
        #: True once a program's credential has decided who it is, and no cookie will be asked.
        self.is_settled = False
        #: True if the view says that this request is no use of the session, such as polling.
        self.is_passive = False
        #: Headers that were tried to find out who it is: what the answer varies on.
        self.carriers: dict[str, None] = {}
        #: Bookkeeping for the way out, after the view's transaction.
        self.later: list[Callable[[], object]] = []
        #: Why the last attempt to sign in was refused, None once one went through or the answer has told it.
        self.denied: LoginDenied | None = None
        #: Events to be written on the way out, each with the digest of the name that was typed and the question whether
        #: it was not rolled back.
        self.events: list[tuple[AuthEvent, Event, Typed | None, Callable[[], bool]]] = []
        #: The kinds of all events that this request has recorded.
        self.told: set[Event] = set()
        #: By what somebody was looked for whom to act as: a name or a key, of anybody or nobody.
        self.sought: str | None = None
        #: The name of the last attempt that a guard refused, until it has also been told of as failed.
        self.refused: object = None
        #: True once the books are kept: what comes later (a streamed answer, a task) is written at once.
        self.is_closed = False
        #: What is known of the sign-in under way, for the receiver of `user_logged_in`.
        self.sign_in: SignIn | None = None
        #: The key that the session came with.
        self.session_key: str | None = None
        #: The session of the user who came, and the dict in which it holds its data, which outlives a flush. Others may
        #: put another session on the request (allauth for its apps), of which that says nothing.
        self.session_data: tuple[SessionBase, dict[str, Any]] | None = None
        #: The way back that the session kept until somebody signed in.
        self.next: str = ""
        #: What is done to the response on the way out; cookies above all.
        self.on_response: list[Callable[[HttpResponseBase], object]] = []
        #: What makes an impersonated user of the person who came, where ImpersonationMiddleware is installed.
        self.overlay: Overlay | None = None
        #: Tokens made for users that others assigned: (user, token).
        self.others: tuple[object, UserToken] | None = None

    @property
    def known(self) -> UserToken | None:
        """Who came in, also where the view is still to ask them for scopes; None while nobody has asked."""
        return self.token if self.pending is None else self.pending


def state_of(request: HttpRequest) -> RequestState:
    """Return the state of `request` (of the HttpRequest inside DRF's), begun if there is none."""
    try:
        return request._sessionauth  # type: ignore[attr-defined,no-any-return]
    except AttributeError:
        # What wraps a request need not hand on what it does not know itself.
        return begin(getattr(request, "_request", request))


def begin(request: HttpRequest) -> RequestState:
    """Return the state of `request`, an HttpRequest that most likely has none yet: an exception would cost it a µs."""
    kept: dict[str, RequestState] = request.__dict__
    if STATE not in kept:
        kept[STATE] = RequestState()
    return kept[STATE]


@contextmanager
def underway(request: HttpRequest) -> Iterator[None]:
    """Make `request` the one that is under way, in this thread or task and in what it starts."""
    before = under_way.get()
    under_way.set(request)
    try:
        yield
    finally:
        # Not by the variable's own token: Django may end the request in another context than it began in.
        under_way.set(before)


def current() -> HttpRequest | None:
    """Return the request that is under way, None outside of any.

    For books alone: so that what is told without a request still has a place to be told of, and is not rolled back with
    the view. Who somebody is, is asked of the request in hand.
    """
    return under_way.get()
