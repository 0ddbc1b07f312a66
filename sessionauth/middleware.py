"""Tells every request who it is: `request.user`, `request.auser()` and `request.auth`."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Collection, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from asgiref.sync import sync_to_async
from django.contrib.auth.middleware import AuthenticationMiddleware as DjangoAuthenticationMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

from sessionauth import audit, books, request_auth
from sessionauth.authenticators import aget_auth, get_auth, identity, remember
from sessionauth.conf import djangos, load, settings
from sessionauth.exceptions import LoginDenied, NotAuthenticated
from sessionauth.late import LateModule
from sessionauth.request_state import RequestState, state_of, under_way, underway
from sessionauth.user_token import LoginState, UserToken

if TYPE_CHECKING:
    from sessionauth import access, confinement, explicit, old_passwords, paths, refusals
else:
    access = LateModule("sessionauth.access")
    confinement = LateModule("sessionauth.confinement")
    explicit = LateModule("sessionauth.explicit")
    old_passwords = LateModule("sessionauth.old_passwords")
    paths = LateModule("sessionauth.paths")
    refusals = LateModule("sessionauth.refusals")


class AuthenticationMiddleware(DjangoAuthenticationMiddleware):
    """Stands in place of Django's, and is one.

    On the way in it resolves what a program sent; cookies are left until somebody looks. Before the view it confines
    programs' credentials and applies SESSIONAUTH_ON_FAILURE. On the way out it names in `Vary` what was looked at, and
    keeps the books outside the view's transaction.
    """

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        super().__init__(get_response)
        if self.async_mode:
            # Django would send the sync method through a thread on every request.
            self.process_view = self.aprocess_view  # type: ignore[method-assign,assignment]

    def __call__(self, request: HttpRequest) -> Any:
        if self.async_mode:
            return self.__acall__(request)
        before = under_way.set(request)
        try:
            response: Any = self.process_request(request) or self.get_response(request)
            return self.process_response(request, response)
        finally:
            books.close(state_of(request))
            under_way.reset(before)

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        with underway(request):
            try:
                response: Any = await self.aprocess_request(request)
                if response is None:
                    response = await self.get_response(request)  # type: ignore[misc]
                return await self.aprocess_response(request, response)
            finally:
                await books.aclose(state_of(request))

    def process_request(self, request: HttpRequest) -> HttpResponse | None:  # type: ignore[override]
        """Put user and auth on `request`; refuse a program's credential that is wrong."""
        state = request_auth.put_on(request)
        return None if state.is_bare else explicit.resolve(request, state)

    async def aprocess_request(self, request: HttpRequest) -> HttpResponse | None:
        """See process_request()."""
        state = request_auth.put_on(request)
        return None if state.is_bare else await explicit.aresolve(request, state)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Refuse a credential that may not go there, and whoever may not come without one."""
        for question in _asked_before(view, request):
            if (refusal := question.ask(request)) is not None:
                return refusal
        return None

    async def aprocess_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """See process_view()."""
        for question in _asked_before(view, request):
            if (refusal := await question.aask(request)) is not None:
                return refusal
        return None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer what a view refused, unless the project has a 403 handler of its own."""
        if refusals.has_own_handler(request):
            return None
        if isinstance(exception, NotAuthenticated):
            return refusals.unauthorized(request, reason=exception.reason)
        if isinstance(exception, LoginDenied) and exception.public:  # else it is to look like a wrong password
            return refusals.denied(request, exception)
        return None

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Name in `Vary` what the answer depends on, set cookies, and keep the books."""
        state = state_of(request)
        if state.carriers:
            _name_in_vary(response, state.carriers)
        if state.denied is not None or state.later or state.events:
            response = _closed(request, state, response)
        for act in state.on_response:
            act(response)
        return response

    async def aprocess_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """See process_response()."""
        state = state_of(request)
        if state.carriers:
            _name_in_vary(response, state.carriers)
        if state.denied is not None or state.later or state.events:
            response = await sync_to_async(_closed)(request, state, response)
        for act in state.on_response:
            act(response)
        return response


class Question(NamedTuple):
    """What is asked of a request before its view, and answers it instead where it may not come; and the async twin."""

    ask: Callable[[HttpRequest], HttpResponse | None]
    aask: Callable[[HttpRequest], Awaitable[HttpResponse | None]]


def _asked_before(view: Any, request: HttpRequest) -> Iterator[Question]:
    """Yield what is to be asked before `view`: each when all before it have let the request pass. No I/O."""
    if "ninja" in sys.modules:
        _leave_auth_to_ninja(request, view)
    if request.COOKIES and (remember.goes_before(request, view) or _may_sign_in(request)):
        yield Question(_find, _afind)
    came = state_of(request).established
    if came is not None and (came.is_program or came.is_restricted):
        yield Question(_confine, _aconfine)
    if settings.ADMIN_FRESH and old_passwords.is_of_admin(request):
        yield Question(access.unconfirmed, sync_to_async(access.unconfirmed))
    if request.method == "POST" and old_passwords.is_asked(request):
        yield Question(_prove, _aprove)
    if settings.ON_FAILURE != "anonymous" and _is_guarded(request, view):
        yield Question(_admit_somebody, _aadmit_somebody)


def _find(request: HttpRequest) -> None:
    get_auth(request)


async def _afind(request: HttpRequest) -> None:
    await aget_auth(request)


def _confine(request: HttpRequest) -> HttpResponse | None:
    state = state_of(request)
    token: UserToken = state.established  # type: ignore[assignment]
    if (code := confinement.refusal(request, token)) is None:
        if token is state.token and token.is_restricted and request.user is state.lazy_user:
            _admit(request, state, token)
        return None
    audit.record(audit.Event.ACCESS_DENIED, request, user=token.user, reason=code, subject=token.credential)
    if code == "people_only":
        return refusals.people_only(request)
    return refusals.forbidden(request)


async def _aconfine(request: HttpRequest) -> HttpResponse | None:
    return _confine(request)  # asks nobody


def _admit(request: HttpRequest, state: RequestState, token: UserToken) -> None:
    """Put the user of a restricted credential on a view that asks for scopes, or leave that to its authentication."""
    if confinement.is_pending(request, token):
        state.pending, state.token = token, UserToken(request.user, LoginState.ANONYMOUS)
    else:
        identity.put_user(request, token.user)


def _prove(request: HttpRequest) -> HttpResponse | None:
    auth = get_auth(request)
    return old_passwords.prove(request, auth.user) if old_passwords.has(auth) else None


async def _aprove(request: HttpRequest) -> HttpResponse | None:
    auth = await aget_auth(request)
    return await old_passwords.aprove(request, auth.user) if old_passwords.has(auth) else None


def _admit_somebody(request: HttpRequest) -> HttpResponse | None:
    return None if _is_there(request, get_auth(request)) else on_failure(request)


async def _aadmit_somebody(request: HttpRequest) -> HttpResponse | None:
    if _is_there(request, await aget_auth(request)):
        return None
    is_ready = settings.ON_FAILURE in ("redirect", "raise") and refusals.is_ready()
    return on_failure(request) if is_ready else await sync_to_async(on_failure)(request)


def _leave_auth_to_ninja(request: HttpRequest, view: Any) -> None:
    """Take our face off `request.auth` for django-ninja, which counts visitors as known where anything stands there."""
    if getattr(view, "__module__", "").startswith("ninja."):
        request.__dict__.pop("auth", None)


def _may_sign_in(request: HttpRequest) -> bool:
    """Say whether to look now what the session holds that is to survive a login: Django's throws it away unseen."""
    came = request.method == "POST" and djangos.SESSION_COOKIE_NAME in request.COOKIES
    return came and bool(settings.PRESERVE_SESSION_KEYS)


def _is_guarded(request: HttpRequest, view: Any) -> bool:
    """Say whether SESSIONAUTH_ON_FAILURE speaks of this request; views opt out by Django's `login_not_required`."""
    return getattr(view, "login_required", True) and paths.is_protected(request)


def _is_there(request: HttpRequest, auth: UserToken) -> bool:
    return auth.is_authenticated or state_of(request).pending is not None


def on_failure(request: HttpRequest) -> HttpResponse | None:
    """Answer a request that is nobody's by the policy of SESSIONAUTH_ON_FAILURE.

    Raises NotAuthenticated for "raise" where the project has a 403 handler of its own.
    """
    policy = settings.ON_FAILURE
    if request.method in settings.EXEMPT_METHODS:
        return HttpResponse()
    if policy == "redirect" or (policy == "raise" and not refusals.has_own_handler(request)):
        return refusals.unauthorized(request)
    if policy == "raise":
        raise NotAuthenticated
    answer: HttpResponse | None = load(policy)(request)
    return answer


def _name_in_vary(response: HttpResponseBase, headers: Collection[str]) -> None:
    if "Vary" in response.headers or "*" in headers:
        patch_vary_headers(response, headers)
    else:
        response.headers["Vary"] = ", ".join(headers)


def _closed(request: HttpRequest, state: RequestState, response: HttpResponseBase) -> HttpResponseBase:
    """Return what is answered in the place of `response`, if the login was refused, and keep the books."""
    if state.denied is not None:
        response = refusals.instead(request, response, state.denied)
    books.keep(state)
    return response
