"""Acting as somebody else for one request: a program names them in a header, beside its key or token.

No session is asked, opened or written, and nothing is left on the client. What is decided for a session is decided here
at each request: the guards and the floor are asked, and the row that records it can be ended by an administrator.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from sessionauth import http, lookup, scopes
from sessionauth.authenticators import active, chain, identity
from sessionauth.conf import settings
from sessionauth.exceptions import ImpersonationDenied
from sessionauth.impersonation import beginning, held, rules, windows
from sessionauth.impersonation.stage import MARKER
from sessionauth.impersonation.standing import is_use_due, seen_as
from sessionauth.models import AbstractCredential, Impersonation
from sessionauth.request_state import state_of
from sessionauth.user_token import LoginState, UserToken

#: Names the user whom the answer was made for, so that a client can compare.
ANSWER = "X-Impersonated-User"
#: Longer names are nobody's.
LONGEST = 254


def is_asked(request: HttpRequest) -> bool:
    """Say whether `request` names somebody to act as; False without SESSIONAUTH_IMPERSONATION_HEADER. No I/O."""
    name = settings.IMPERSONATION_HEADER
    return name is not None and "HTTP_" + name.upper().replace("-", "_") in request.META


def note(request: HttpRequest) -> None:
    """Have the answer vary on the header where a program came, or it is there."""
    name, state = settings.IMPERSONATION_HEADER, state_of(request)
    if name is not None and (state.established is not None or is_asked(request)):
        state.carriers[name] = None


def put_on(request: HttpRequest, token: UserToken | None) -> UserToken:
    """Return the token of the user whom the header names, in the place of `token`, the program's own.

    Scopes and methods of the credential confine the target as they confined its owner, but for the scopes of this app.

    Raises ImpersonationDenied, with a code: "carrier" where no key or token of somebody's came in a header, or
    something else acts as somebody already; "insufficient_scope"; "ended" where an administrator has ended it; or what
    sessionauth.impersonation.rules.check() says.
    """
    program = _program(request, token)
    if scopes.IMPERSONATE not in (program.granted or ()):
        raise ImpersonationDenied("insufficient_scope")
    target = _named(request, program.user)
    known = held.answer(program.user, target)
    try:
        with beginning.told_of_denial(request, program.user, target):
            with seen_as(request, program):
                rules.check(request, program.user, target, known)
            row = windows.enter(request, program.credential, program.user, target, _mode(program, known))
    except ImpersonationDenied as denial:
        if denial.code not in windows.STAYS:
            windows.close(program.credential, target, "permission_lost")
        raise
    return UserToken(
        target,
        LoginState.IMPERSONATOR,
        program.method,
        credential=program.credential,
        granted=frozenset(program.granted or ()) - scopes.BUILT_IN.keys(),
        original_user_token=program,
        impersonation=row,
    )


def show(request: HttpRequest, token: UserToken) -> None:
    """Make `token`, which put_on() returned, who `request` is, as far as a restricted credential is anybody."""
    state = state_of(request)
    state.established = None
    identity.establish(request, token)
    if is_use_due(token.impersonation):
        state.later.append(lambda: windows.keep(token.impersonation))
    state.on_response.append(lambda response: tell(response, token))


def tell(response: HttpResponseBase, token: UserToken) -> None:
    """Have `response`, made for a program that acts as the user of `token`, say so, and kept by nobody else."""
    http.keep_private(response)
    key = str(token.user._meta.pk.value_to_string(token.user))
    if key.isprintable():  # a key of text may hold line breaks, which no header can
        response[ANSWER] = key.encode().decode("latin-1")  # as it comes in


def _program(request: HttpRequest, token: UserToken | None) -> UserToken:
    """Return `token` if it is that of a key or token of ours, which is somebody's and came in a header."""
    if token is None or token.state is not LoginState.PROGRAM or token.is_impersonating or not token.has_user:
        raise ImpersonationDenied("carrier")
    if not isinstance(token.credential, AbstractCredential) or MARKER in request.COOKIES:
        raise ImpersonationDenied("carrier")
    found = chain.explicit(request, active())
    if not any(one.frees_from_csrf and one.authenticator.name == token.method for one in found):
        raise ImpersonationDenied("carrier")
    return token


def _mode(program: UserToken, known: Collection[str] | None) -> str:
    if not settings.IMPERSONATION_READ_ONLY:
        return Impersonation.Mode.WRITE
    may = scopes.IMPERSONATE_WRITE in (program.granted or ()) and rules.may_write(program.user, known)
    return Impersonation.Mode.WRITE if may else Impersonation.Mode.READ


def _named(request: HttpRequest, actor: Any) -> Any | None:
    """Return the user whom the header names, None for nobody and for what is no name of anybody.

    What `actor` holds is asked along.
    """
    value = state_of(request).sought = http.header(request, str(settings.IMPERSONATION_HEADER)).strip(" \t")
    # Servers join a header that comes twice by a comma: which of both is meant is not for us to guess.
    if not value or len(value) > LONGEST or "," in value or "\0" in value:
        return None
    name, colon, rest = value.partition(":")
    lookups = settings.IMPERSONATION_HEADER_LOOKUPS
    if colon and name in lookups:
        return _found(request, name, rest, actor)
    return _found(request, "pk", value, actor) if "pk" in lookups else None


def _found(request: HttpRequest, name: str, text: str, actor: Any) -> Any | None:
    try:
        meta: Any = get_user_model()._meta
        field = meta.pk if name == "pk" else meta.get_field(name)
        value = field.to_python(text.encode("latin-1").decode())
        if name == "pk":
            return held.named(request, value, actor)
        return lookup.users(request).filter(**{name: value}).annotate(**held.question(actor)).first()
    except (FieldDoesNotExist, ValidationError, ValueError, OverflowError):
        return None
