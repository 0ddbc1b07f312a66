"""How far restricted credentials get in REST framework: to views whose permissions ask them for scopes.

The middleware lets such a credential in as nobody where a view has an authentication class of ours; whose it is, the
view is told only here, once the permissions that it names for this very request have been found to ask for scopes that
the credential has. So it does not matter by which override, or how late, permissions or user are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from rest_framework.permissions import AND, OR
from rest_framework.request import Request

from sessionauth import audit, books, confinement, refusals
from sessionauth.confinement import Admission
from sessionauth.contrib.recognising import has_middleware
from sessionauth.contrib.rest_framework.exceptions import InsufficientScope, PeopleOnly
from sessionauth.request_state import state_of
from sessionauth.user_token import UserToken

if TYPE_CHECKING:
    from sessionauth.contrib.rest_framework.authentication import Authentication

#: The attribute of a permission whose `get_requirement(view)` says which scopes it asks for.
STATES = "sessionauth_states_scopes"
#: The attribute of an authentication class that calls confine().
CONFINES = "sessionauth_confines"


@confinement.ask
def judge(view: Any, request: HttpRequest) -> Admission | None:
    """Let restricted credentials in as nobody where a class of ours is listed, which will hold the view to scopes."""
    own: Any = getattr(getattr(view, "cls", None), "authentication_classes", ())
    classes = getattr(view, "initkwargs", {}).get("authentication_classes", own)
    return Admission.AS_NOBODY if any(getattr(one, CONFINES, False) is True for one in classes) else None


def confine(request: Request, token: UserToken, authentication: Authentication) -> None:
    """Hold the view of `request` to ask the program `token` for scopes; raise PermissionDenied where it may not go."""
    inner = request._request
    if not token.is_program:
        return
    if confinement.refusal(inner, token) == "people_only":
        _record(inner, token, "people_only")
        raise PeopleOnly
    view = request.parser_context.get("view")
    if not token.is_restricted or _is_open(request, view):
        return
    with _as_if(request, token, authentication):
        permissions = [] if view is None else list(view.get_permissions())
        asked = [narrowed(permission) for permission in permissions]
        lacking = next((one for one in asked if not _admits(one, token, request, view)), None)
        if lacking is not None or not any(states(one) for one in asked):
            _record(inner, token, "insufficient_scope")
            raise insufficient(request, token, _told(lacking, token, request, view), authentication)
        _hold(view)
        if any(_is_mixed(permission) for permission in permissions):
            # Where the user is only asked for now that the permissions are, the wide ones are already answering.
            view.check_permissions(request)


def insufficient(
    request: Request, token: UserToken, scopes: Sequence[str], authentication: Any = None
) -> InsufficientScope:
    """Return the refusal of `token`, which lacks `scopes`, with the challenge of how it came in."""
    carriers = authentication.carriers() if getattr(authentication, CONFINES, False) else None
    error = refusals.insufficient_scope(scopes)
    return InsufficientScope(scopes, refusals.challenges_for(request._request, error, token.method, carriers))


def states(permission: Any) -> bool:
    """Say whether `permission`, as narrowed() returns it, asks for scopes. What is negated does not."""
    if isinstance(permission, AND | OR):
        return states(permission.op1) or states(permission.op2)
    return getattr(permission, STATES, False) is True


def narrowed(permission: Any) -> Any:
    """Return `permission` without what would let a restricted credential in though it asks it for no scope.

    `HasScope("a") | IsAuthenticated` is for those who hold the scope, or are known; an owner's credential that was not
    given the scope is not let in by who its owner is. So of alternatives only those count that state scopes.
    """
    if isinstance(permission, AND):
        return AND(narrowed(permission.op1), narrowed(permission.op2))
    if isinstance(permission, OR):
        stating = [narrowed(one) for one in (permission.op1, permission.op2) if states(one)]
        return stating[0] if len(stating) == 1 else OR(*stating) if stating else permission
    return permission


def _is_mixed(permission: Any) -> bool:
    if not isinstance(permission, AND | OR):
        return False
    sides = (permission.op1, permission.op2)
    is_split = isinstance(permission, OR) and states(sides[0]) != states(sides[1])
    return is_split or any(_is_mixed(side) for side in sides)


def _admits(permission: Any, token: UserToken, request: Request, view: Any) -> bool:
    """Say whether `token` has the scopes that `permission` states; of anything else it is not asked here."""
    if isinstance(permission, AND | OR):
        sides = (_admits(one, token, request, view) for one in (permission.op1, permission.op2))
        return any(sides) if isinstance(permission, OR) and states(permission) else all(sides)
    if not states(permission):
        return True
    return bool(permission.get_requirement(view).is_met(request.method, token.has_scope))


def _told(permission: Any, token: UserToken, request: Request, view: Any) -> tuple[str, ...]:
    """Return the scopes to name to whoever `permission` did not admit: those of the first part that did not."""
    if permission is None:
        return ()
    if isinstance(permission, AND | OR):
        sides = (permission.op1, permission.op2)
        return next(_told(one, token, request, view) for one in sides if not _admits(one, token, request, view))
    told: tuple[str, ...] = permission.get_requirement(view).told(request.method)
    return told


def _hold(view: Any) -> None:
    """Have `view`, which serves one request, ask for narrowed permissions, of objects and other methods as well."""
    named = view.get_permissions
    view.get_permissions = lambda: [narrowed(permission) for permission in named()]


def _is_open(request: Request, view: Any) -> bool:
    """Say whether URL, class or handler bear the mark of @credential_allowed, or of what asks for scopes."""
    match = confinement.match_of(request._request)
    if match is not None and confinement.admission(match.func, request._request) is Admission.ADMITTED:
        return True
    method = str(request.method).lower()
    handler = getattr(view, method, None) if method in getattr(view, "http_method_names", ()) else None
    return any(getattr(one, confinement.MARK, False) is True for one in (type(view), handler))


@contextmanager
def _as_if(request: Request, token: UserToken, authentication: Authentication) -> Iterator[None]:
    """Let the permissions that are asked see whose `token` it is, rather than ask for that again without end."""
    request._user, request._auth, request._authenticator = token.user, token, authentication
    try:
        yield
    finally:
        for name in ("_user", "_auth", "_authenticator"):
            request.__dict__.pop(name, None)


def _record(request: HttpRequest, token: UserToken, code: str) -> None:
    audit.record(audit.Event.ACCESS_DENIED, request, user=token.user, reason=code, subject=token.credential)
    if not has_middleware(request):
        books.keep(state_of(request))
