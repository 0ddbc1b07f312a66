"""The one builder of refusals: a redirect to log in for browsers, problem+json with challenges for programs."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.conf import settings as django_settings
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render, resolve_url
from django.urls import NoReverseMatch, get_resolver
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.views.defaults import permission_denied

from sessionauth import http, signals
from sessionauth.authenticators import Authenticator, active
from sessionauth.conf import load, settings
from sessionauth.confinement import match_of
from sessionauth.exceptions import InvalidCredential, LimitedCredential, LoginDenied
from sessionauth.problems import problem as problem
from sessionauth.problems import title as title
from sessionauth.request_state import state_of
from sessionauth.sessions import kept

logger = logging.getLogger("sessionauth")

#: Answers to a refused login that say less than we can: a form shown again, an API's "wrong credentials".
REPLACED = frozenset({200, 400, 401, 403})

#: What challenges say of a credential that is wrong, and of two (RFC 6750 section 3.1).
INVALID_TOKEN = {"error": "invalid_token", "error_description": "The credential is not valid."}
AMBIGUOUS = {"error": "invalid_request", "error_description": "More than one credential."}


def unauthorized(
    request: HttpRequest,
    *,
    reason: str = "anonymous",
    login_url: str | None = None,
    redirect_field_name: str = REDIRECT_FIELD_NAME,
    as_page: bool = True,
) -> HttpResponse:
    """Answer a request that is nobody's where somebody must be.

    A browser is sent to log in and comes back to where it was; everyone else gets a 401 with a challenge of every
    active authenticator. `reason` goes to SESSIONAUTH_UNAUTHORIZED_HANDLER, which may answer instead, and to
    `auth_required`. `login_url` and `redirect_field_name` are those of Django's `login_required`. `as_page` is False
    where nobody is to be sent anywhere, whatever they accept: in an API.
    """
    signals.auth_required.send_robust(sender=None, request=request, reason=reason)
    if settings.UNAUTHORIZED_HANDLER is not None:
        answer: HttpResponse | None = load(settings.UNAUTHORIZED_HANDLER)(request, reason)
        if answer is not None:
            return answer
    url = login_url_for(request, login_url)
    if as_page and url and wants_page(request):
        return to_login(request, url, redirect_field_name)
    if as_page and not url and (login_url or django_settings.LOGIN_URL) and wants_page(request):
        named = login_url or django_settings.LOGIN_URL
        logger.error("No login page: %s is neither a URL nor the name of a view. Correct LOGIN_URL.", named)
    return problem(401, "not_authenticated", gettext("Authentication is needed."), challenges_for(request, {}))


def is_ready() -> bool:
    """Say whether unauthorized() asks nothing but the settings, so that an event loop may call it. No I/O."""
    return not (settings.UNAUTHORIZED_HANDLER or settings.USE_SESSION_FOR_NEXT or signals.auth_required.has_listeners())


def invalid(request: HttpRequest, failure: InvalidCredential) -> HttpResponse:
    """Answer a credential that is ours and wrong: a 401, and why is not told (see InvalidCredential).

    One that is good, and may not do this now, gets the answer of its LimitedCredential.
    """
    if isinstance(failure, LimitedCredential):
        return limited(request, failure)
    challenges = challenges_for(request, INVALID_TOKEN, failure.method)
    return problem(401, "invalid_token", gettext("The credential is not valid."), challenges)


def limited(request: HttpRequest, failure: LimitedCredential) -> HttpResponse:
    """Answer a good credential that is used by a wrong method, or too often."""
    challenges = challenges_for(request, {"error": failure.error}, failure.method) if failure.status == 403 else []
    response = problem(failure.status, failure.error, str(failure.public), challenges)
    if failure.retry_after is not None:
        response["Retry-After"] = str(failure.retry_after)
    return response


def ambiguous(request: HttpRequest) -> HttpResponse:
    """Answer two different credentials on one request (RFC 6750 section 3.1)."""
    detail = gettext("The request carries two different credentials.")
    return problem(400, "invalid_request", detail, challenges_for(request, AMBIGUOUS))


def forbidden(request: HttpRequest, *, scopes: tuple[str, ...] = ()) -> HttpResponse:
    """Answer a credential, or a person, that may not do this; `scopes` are those that would let it."""
    needed = {"scope": " ".join(scopes)} if scopes else {}
    established = state_of(request).established
    method = established.method if established is not None else ""
    challenges = challenges_for(request, insufficient_scope(scopes), method)
    detail = (
        gettext("The credential may not do this.") if presented_by_program(request) else gettext("You may not do this.")
    )
    return problem(403, "insufficient_scope", detail, challenges, **needed)


def insufficient_scope(scopes: Sequence[str]) -> dict[str, str]:
    """Return the parameters of a challenge (RFC 6750 section 3.1) that asks for `scopes`."""
    return {"error": "insufficient_scope"} | ({"scope": " ".join(scopes)} if scopes else {})


def stale(request: HttpRequest, *, max_age: float, methods: Collection[str] = (), as_page: bool = True) -> HttpResponse:
    """Answer a person whose last proof of who they are is older than `max_age` seconds, or none of `methods`.

    A browser is sent to SESSIONAUTH_CONFIRM_URL and comes back to where it was, from a form to the page with the form;
    everyone else gets the 401 of RFC 9470. SESSIONAUTH_UNAUTHORIZED_HANDLER is asked with the reason "stale".
    `as_page` is unauthorized()'s.
    """
    signals.reauthentication_required.send_robust(sender=None, request=request, reason="stale")
    if settings.UNAUTHORIZED_HANDLER is not None:
        answer: HttpResponse | None = load(settings.UNAUTHORIZED_HANDLER)(request, "stale")
        if answer is not None:
            return answer
    url = _resolved(settings.CONFIRM_URL)
    if as_page and url and http.wants_html(request):
        _tell(request, settings.CONFIRM_MESSAGE, settings.CONFIRM_MESSAGE_LEVEL, settings.CONFIRM_MESSAGE_TAGS)
        return _there_and_back(request, url, REDIRECT_FIELD_NAME)
    if as_page and http.wants_html(request):
        logger.error("No page to confirm a login: include sessionauth.urls, or correct SESSIONAUTH_CONFIRM_URL.")
    wanted: dict[str, Any] = {"max_age": int(max_age)} | ({"methods": sorted(methods)} if methods else {})
    detail = gettext("Please confirm that it is you.")
    return problem(401, "fresh_login_required", detail, [stale_challenge(max_age)], **wanted)


def stale_challenge(max_age: float) -> str:
    """Return the challenge of RFC 9470 that asks for a login of at most `max_age` seconds ago."""
    error = {
        "error": "insufficient_user_authentication",
        "error_description": "A more recent login is needed.",
        "max_age": str(int(max_age)),
    }
    return http.challenge("Session", {"realm": settings.REALM, **error})


def never_fresh() -> HttpResponse:
    """Answer a credential that stands for nobody who could confirm anything."""
    return problem(403, "fresh_login_required", gettext("This needs a person who has just signed in."))


def people_only(request: HttpRequest) -> HttpResponse:
    """Answer a program's credential on a page where people manage accounts."""
    return problem(403, "people_only", gettext("This page takes no program's credential."))


def denied(request: HttpRequest, denial: LoginDenied, *, as_page: bool = True) -> HttpResponse:
    """Answer a login that a guard refused: a page for people, problem+json for programs, never to be stored.

    `as_page` is False where the client was about to get something else than a page.
    """
    if as_page and wants_page(request):
        response = render(request, "sessionauth/denied.html", {"denial": denial}, status=denial.status)
        response["Cache-Control"] = "no-store"
    else:
        response = problem(denial.status, denial.code, str(denial.public))
    if denial.retry_after is not None:
        response["Retry-After"] = str(denial.retry_after)
    return response


def instead(request: HttpRequest, response: HttpResponseBase, denial: LoginDenied) -> HttpResponseBase:
    """Return the answer to a refused login in the place of `response`, if that only says that it did not work.

    Django's authenticate() swallows why a login was refused, so the forms of others show a wrong password. A denial
    that is to look like one is left as it is.
    """
    if denial.status not in (429, 503) or response.status_code not in REPLACED:
        return response
    as_page = response.get("Content-Type", "text/html").startswith("text/html")
    return denied(request, denial, as_page=as_page)


def challenges_for(
    request: HttpRequest,
    error: Mapping[str, str],
    method: str = "",
    authenticators: Sequence[Authenticator] | None = None,
) -> list[str]:
    """Return the challenges of `authenticators`, or the active ones; `error` goes into that of `method`, or into all.

    RFC 9110 section 15.5.2 wants at least one with a 401; a site of cookies only gets one that browsers do not know,
    so that none opens a dialog.
    """
    asked = active() if authenticators is None else authenticators
    errors = ((one, error if method in ("", one.name) else {}) for one in asked)
    found = [challenge for one, own in errors if (challenge := one.challenge(request, own)) is not None]
    return found or [http.challenge("Session", {"realm": settings.REALM})]


def wants_page(request: HttpRequest) -> bool:
    """Say whether a refusal is read by a person: the client takes HTML, and no program's credential was claimed."""
    return http.wants_html(request) and not presented_by_program(request)


def presented_by_program(request: HttpRequest) -> bool:
    """Say whether a program's credential was claimed on this request, good or bad."""
    state = state_of(request)
    return state.is_claimed or (state.established is not None and state.established.is_program)


def login_url_for(request: HttpRequest, own: str | None = None) -> str:
    """Return the login page for `request`: `own`, that of its namespace in LOGIN_URLS, or LOGIN_URL; "" for none."""
    url = own or _url_of_area(request) or django_settings.LOGIN_URL
    if not url:
        return ""
    return _resolved(url)


def _resolved(url: str) -> str:
    """Return the URL that `url`, or the view of that name, has; "" if there is no such view."""
    if str(url).startswith("/"):
        return str(url)  # Django would look for a view of this name first, each time in vain
    try:
        return str(resolve_url(url))
    except NoReverseMatch:
        return ""


def _url_of_area(request: HttpRequest) -> str | None:
    if not settings.LOGIN_URLS:
        return None
    match = match_of(request)
    for namespace in reversed(match.namespaces if match is not None else []):
        if namespace in settings.LOGIN_URLS:
            return settings.LOGIN_URLS[namespace]
    return None


def to_login(request: HttpRequest, url: str, redirect_field_name: str = REDIRECT_FIELD_NAME) -> HttpResponse:
    """Redirect to the login page `url`, with the way back in the query, or in the session if so set.

    For a login page on another host the way back is absolute.
    """
    _tell(request, settings.LOGIN_MESSAGE, settings.LOGIN_MESSAGE_LEVEL, settings.LOGIN_MESSAGE_TAGS)
    return _there_and_back(request, url, redirect_field_name)


def _there_and_back(request: HttpRequest, url: str, redirect_field_name: str) -> HttpResponse:
    back = http.return_path(request) or resolve_url(django_settings.LOGIN_REDIRECT_URL)
    if not http.same_origin(request, url):
        back = request.build_absolute_uri(back)
    elif settings.USE_SESSION_FOR_NEXT and hasattr(request, "session"):
        request.session[kept.KEY] = kept.own(request.session) | {"next": back}
        return HttpResponseRedirect(url)
    return redirect_to_login(back, url, redirect_field_name)


def has_own_handler(request: HttpRequest) -> bool:
    """Say whether the project answers a 403 by a `handler403` of its own."""
    resolver = get_resolver(getattr(request, "urlconf", None))
    handler: Any = resolver.resolve_error_handler(403)
    return handler is not permission_denied


def pop_next(request: HttpRequest) -> str:
    """Return the way back that was kept in the session, once; "" if there is none or it leads elsewhere.

    For the login view of a project that sets SESSIONAUTH_USE_SESSION_FOR_NEXT, before it signs somebody in or after.
    """
    state = state_of(request)
    back: Any = state.next
    state.next = ""
    own = kept.own(request.session)
    if "next" in own:
        back = own.pop("next") or back
        request.session[kept.KEY] = own
    return back if isinstance(back, str) and back and http.is_safe_url(request, back) else ""


def _tell(request: HttpRequest, message: str | Promise | None, level: int, tags: str) -> None:
    if message is not None:
        messages.add_message(request, level, message, extra_tags=tags, fail_silently=True)  # type: ignore[arg-type]
