"""Puts the target in the place of the person who impersonates them, for one request at a time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.conf import settings as django_settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.middleware.csrf import rotate_token
from django.urls import reverse

from sessionauth import http
from sessionauth.authenticators import get_auth
from sessionauth.conf import djangos, load, settings
from sessionauth.exceptions import ImpersonationDenied
from sessionauth.impersonation import answers, banner, bound, confining, header, streaming
from sessionauth.impersonation.service import close, signed_out
from sessionauth.impersonation.stage import MARKER, Stage, claim_in
from sessionauth.request_state import state_of
from sessionauth.sessions import registry


class ImpersonationMiddleware:
    """Stands right after AuthenticationMiddleware.

    Where the marker came, or a form that was made as somebody else, it looks before the view who the request is: the
    person by their session, then their target by the row of the impersonation. Otherwise the same happens when somebody
    asks for the user, and costs nothing where nobody does. On the way out the session that came is put back.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)
            self.process_view = self.aprocess_view  # type: ignore[method-assign,assignment]

    def __call__(self, request: HttpRequest) -> Any:
        if self.is_async:
            return self.__acall__(request)
        stage = begin(request)
        try:
            response = act(request, stage) if _is_asked_early(request) else None
            if response is None:
                response = self.get_response(request)
            return finish(request, stage, response) if _is_much(request, stage) else response
        finally:
            if stage.child is not None:
                stage.restore()

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        stage = begin(request)
        try:
            response = await sync_to_async(act)(request, stage) if _is_asked_early(request) else None
            if response is None:
                response = await self.get_response(request)
            if not _is_much(request, stage):
                return response
            is_ready = not _asks_somebody(request, stage, response)
            return (
                finish(request, stage, response) if is_ready else await sync_to_async(finish)(request, stage, response)
            )
        finally:
            stage.restore()

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Refuse what is not to be done while acting as somebody else."""
        answer = _instead_of_view(request)
        return None if answer is None else answer(request)

    async def aprocess_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """See process_view()."""
        answer = _instead_of_view(request)
        return None if answer is None else await sync_to_async(answer)(request)


def is_installed() -> bool:
    """Say whether the project has ImpersonationMiddleware, or one derived from it."""
    found = (load(path) for path in django_settings.MIDDLEWARE)
    return any(isinstance(one, type) and issubclass(one, ImpersonationMiddleware) for one in found)


def begin(request: HttpRequest) -> Stage:
    """Return a new stage for `request`."""
    stage = state_of(request).overlay = Stage(request)
    return stage


def act(request: HttpRequest, stage: Stage) -> HttpResponse | None:
    """Put the target on `request` whom its header names, or whose session may be under way."""
    return enter(request) if header.is_asked(request) else look(request, stage)


def enter(request: HttpRequest) -> HttpResponse | None:
    """Put the user on `request` whom its header names, or answer why it may not be them."""
    try:
        header.show(request, header.put_on(request, state_of(request).established))
    except ImpersonationDenied as denial:
        return answers.denied(request, denial.code)
    return None


def look(request: HttpRequest, stage: Stage) -> HttpResponse | None:
    """Find out now who `request` is, and answer it where it came too late or for somebody else."""
    stage.recall(request.COOKIES.get(MARKER, ""))
    secret, claim = bound.presented(request), claim_in(request.session)
    stage.is_early = True
    auth = stage.put_on(get_auth(request))  # others may have asked before we were there
    stage.is_early = False
    if auth.is_program:
        return None
    if stage.ended and not confining.stops(request) and not confining.tells_of_it(request):
        return answers.ended(request, stage.ended)
    if claim is not None and stage.row is None:
        registry.best_effort(partial(close, claim, "actor_changed"))
    if confining.is_safe(request):
        return None
    if stage.row is None and bound.is_bound(secret):
        rotate_token(request)
        return None if confining.stops(request) else answers.stray(request)
    return answers.stray(request) if stage.row is not None and _is_stray(secret, stage) else None


def finish(request: HttpRequest, stage: Stage, response: HttpResponseBase) -> HttpResponseBase:
    """Put the session back, keep what is to be kept, and tell the browser whether to look early next time."""
    if response.status_code == 403 and not confining.is_safe(request) and _is_refused_form(request, stage):
        response = answers.stray(request)
    stage.close(response.status_code)
    if stage.ended == "logout" and signed_out(request):
        response = answers.signed_out(request, response)
    if not stage.ended:
        banner.inject(request, response, stage.token)
    streaming.keep_up(response, stage)
    stage.restore()
    if stage.token is not None or stage.ended:
        http.keep_private(response)
        state_of(request).carriers["Cookie"] = None
    _mark(request, stage, response)
    return response


def _is_asked_early(request: HttpRequest) -> bool:
    """Say whether to look before the view; asks no session, and reads no body."""
    if settings.IMPERSONATION_HEADER is not None:
        header.note(request)
        if header.is_asked(request):
            return True
    if djangos.SESSION_COOKIE_NAME not in request.COOKIES:
        return False
    if MARKER not in request.COOKIES and state_of(request).token is None and not _is_bound_form(request):
        return False
    return hasattr(request, "session") and not _is_programs(request)


def _is_bound_form(request: HttpRequest) -> bool:
    return request.method not in http.SAFE and bound.is_bound(bound.presented(request))


def _is_much(request: HttpRequest, stage: Stage) -> bool:
    """Say whether the way out has anything to do."""
    is_touched = stage.row is not None or bool(stage.ended) or stage.begun is not None
    return is_touched or MARKER in request.COOKIES or request.method not in http.SAFE


def _asks_somebody(request: HttpRequest, stage: Stage, response: HttpResponseBase) -> bool:
    """Say whether the way out writes something, or makes a page, which may ask the database."""
    if stage.writes(response.status_code) or stage.ended == "logout":
        return True
    if stage.token is not None and settings.IMPERSONATION_BANNER == "inject":
        return True
    return response.status_code == 403 and not confining.is_safe(request) and _is_refused_form(request, stage)


def _instead_of_view(request: HttpRequest) -> Callable[[HttpRequest], HttpResponse | None] | None:
    """Return what answers in the place of the view, None where the target may have it, or nobody acts. No I/O."""
    state = state_of(request)
    token = None if state.token is None else state.known
    if token is None or token.impersonation is None:
        return None
    if _leaves_admin(request):
        return _sign_out
    code = confining.refusal(request, token.impersonation)
    return None if code is None else partial(answers.refused, code=code)


def _leaves_admin(request: HttpRequest) -> bool:
    """Say whether a browser has sent the form by which a site of the admin signs out, and not from another site."""
    if confining.is_safe(request) or not getattr(request, "csrf_processing_done", False):
        return False
    return not _is_programs(request) and confining.admin_to_leave(request) is not None


def _sign_out(request: HttpRequest) -> HttpResponse | None:
    """Sign out whom the site would not, for it does so for those alone whom it lets in; answer as it does."""
    site: Any = confining.admin_to_leave(request)
    if site.has_permission(request):
        return None
    logout(request)
    return HttpResponseRedirect(reverse("admin:index", current_app=site.name))


def _is_stray(secret: str | None, stage: Stage) -> bool:
    return secret is not None and (stage.row is None or secret != bound.secret_of(stage.row.pk))


def _is_programs(request: HttpRequest) -> bool:
    """Say whether a program's credential came: no session is asked beside it, and no form has to do with it."""
    token = state_of(request).known
    return token is not None and token.is_program


def _is_refused_form(request: HttpRequest, stage: Stage) -> bool:
    # Views that are exempt have refusals of their own: those of a form that was made just now are theirs.
    if getattr(request, "csrf_processing_done", False) or _is_programs(request):
        return False
    return _is_stray(bound.of_form(request), stage)


def _mark(request: HttpRequest, stage: Stage, response: Any) -> None:
    said = stage.said
    if said == request.COOKIES.get(MARKER):
        return
    where = {"path": django_settings.SESSION_COOKIE_PATH, "domain": django_settings.SESSION_COOKIE_DOMAIN}
    same_site: Any = django_settings.SESSION_COOKIE_SAMESITE
    if said is not None:
        secure = django_settings.SESSION_COOKIE_SECURE
        response.set_cookie(MARKER, said, httponly=True, secure=secure, samesite=same_site, **where)
    else:
        response.delete_cookie(MARKER, samesite=same_site, **where)
