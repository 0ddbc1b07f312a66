"""What every address of the API has in common: JSON alone, never stored, forged or rolled back."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import View

from sessionauth import confinement, http, impersonators, refusals
from sessionauth.authenticators import get_auth
from sessionauth.exceptions import CredentialConflict, InvalidCredential
from sessionauth.user_token import UserToken
from sessionauth.views.csrf import csrf_failed
from sessionauth.views.json_body import WrongBody, form_of
from sessionauth.views.page import outside_transactions


class Refused(Exception):
    """The request is not done, and `response` says why."""

    def __init__(self, response: HttpResponseBase) -> None:
        super().__init__(response.status_code)
        self.response = response


def refuse(status: int, code: str, detail: str, **extra: Any) -> Refused:
    """Return what to raise for an answer of problem+json; the arguments are those of `refusals.problem()`."""
    return Refused(refusals.problem(status, code, detail, **extra))


def not_found() -> Refused:
    """Return what to raise for what is not there, or another's: nobody can tell these apart."""
    return refuse(404, "not_found", gettext("There is no such key or token."))


def conflict(reason: CredentialConflict) -> Refused:
    """Return what to raise for what cannot be done as things are: a limit is reached, another was faster."""
    return refuse(reason.status, reason.code, str(reason.public))


def wrong(error: ValidationError) -> Refused:
    """Return what to raise for fields that the model refuses."""
    errors = error.message_dict if hasattr(error, "error_dict") else {"non_field_errors": error.messages}
    return refuse(400, "invalid", gettext("Some of it is wrong or missing."), errors=errors)


def _unmarked(request: HttpRequest) -> HttpResponse:
    """Stand for a view that is not exempt."""
    raise NotImplementedError


class _Csrf(CsrfViewMiddleware):
    def _reject(self, request: HttpRequest, reason: str) -> Any:
        return reason


class ApiView(View):
    """Base of the addresses of the API.

    All of them decide themselves who may come: they are open to restricted credentials, and no policy or middleware
    asks for a login in their place. What an ambient credential (a session, Basic) changes needs the CSRF token,
    whatever the middleware; a credential in a header of its own is freed from that.
    """

    #: With which methods this is a way in: nobody's identity is asked for, and a wrong credential that comes along
    #: does not stop the request (see `paths.WAY_IN`).
    sessionauth_way_in: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """Return the view."""
        return login_not_required(csrf_exempt(outside_transactions(super().as_view(**initkwargs))))

    @method_decorator(sensitive_post_parameters())
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer, whatever goes wrong with a problem document, and never for a cache to keep."""
        try:
            if request.method not in self.sessionauth_way_in:
                must_not_be_forged(request)
            response = super().dispatch(request, *args, **kwargs)
        except (Refused, WrongBody) as refused:
            response = refused.response
        except CredentialConflict as reason:
            response = conflict(reason).response
        except ValidationError as error:
            response = wrong(error).response
        except InvalidCredential as failure:  # it ended while it asked
            response = refusals.invalid(request, failure)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Pragma"] = "no-cache"  # RFC 6749 section 5.1
        return response

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Name the methods that there are."""
        answer = refusals.problem(405, "method_not_allowed", gettext("This address does not do that."))
        answer.headers["Allow"] = ", ".join(self._allowed_methods())  # type: ignore[attr-defined]
        return answer


setattr(ApiView, confinement.MARK, True)


def must_not_be_forged(request: HttpRequest) -> None:
    """Raise Refused for what another site may have made a browser send in the name of whoever is signed in to it."""
    if request.method in http.READING or not get_auth(request).is_authenticated:
        return
    form_of(request)  # there the check looks for the token, and it may be none at all
    check = _Csrf(lambda request: HttpResponse())
    check.process_request(request)
    if check.process_view(request, _unmarked, (), {}) is not None:
        raise Refused(csrf_failed(request))


def caller(request: HttpRequest) -> UserToken:
    """Return who asks. Raises Refused for nobody, and for whoever acts as somebody else."""
    auth = get_auth(request)
    if not auth.is_authenticated:
        raise Refused(refusals.unauthorized(request, as_page=False))
    if auth.is_impersonating:
        raise Refused(impersonators.refuse(request, as_page=False))
    return auth
