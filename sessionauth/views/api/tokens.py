"""The credential of the request itself: to obtain one for a password, refresh it, ask who it is, rotate and end it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_variables

from sessionauth.credentials.issuing import issue_login_token
from sessionauth.credentials.refreshing import refresh
from sessionauth.exceptions import InvalidCredential
from sessionauth.forms import verify
from sessionauth.guards import secrets
from sessionauth.login import LoginManager
from sessionauth.models.base import NAME_LENGTH
from sessionauth.request_state import state_of
from sessionauth.views.api import rules
from sessionauth.views.api.base import ApiView, Refused, caller, refuse
from sessionauth.views.api.credentials import rotated
from sessionauth.views.api.reading import grantable, members, parameters, text
from sessionauth.views.owned import REVOKED, moment, told
from sessionauth.views.page import json, problem_of

#: No account has a longer name, and none is looked up by one.
LONGEST_NAME = 254


class RefreshView(ApiView):
    """Gives a new token for a refresh token, which is good for one (RFC 6749 section 6).

    It takes no identity from anything else, and sets nothing in a browser: there is nothing here to forge.
    """

    sessionauth_way_in: ClassVar[frozenset[str]] = frozenset({"POST"})

    @sensitive_variables("given")
    def post(self, request: HttpRequest) -> HttpResponse:
        """Take `refresh_token`; answer with a new token and a new refresh token."""
        given = parameters(request)
        if given.get("grant_type", "refresh_token") != "refresh_token":
            raise _unsupported()
        return refreshed(request, given)


class TokenView(RefreshView):
    """Gives a token for a name and a password, and tells whose credential a request carries.

    The password is checked by `manager` behind the guards, as on the login page, but nobody is signed in: no session
    and no cookie comes of it. Neither is one looked at: whoever asks is who the password says, so that another site
    can make a browser ask, and has made it do nothing. Whoever asks people for a second factor leaves this address out,
    or gives it a `manager` whose guards ask for that as well.
    """

    #: Who checks the password: `TokenView.as_view(manager=LoginManager(guards=[…]))` asks further guards here.
    manager = LoginManager()

    def get(self, request: HttpRequest) -> HttpResponse:
        """Tell who the request is and what its credential may do."""
        auth = caller(request)
        row = rules.own(auth)
        return json(
            {
                "user": {"id": str(auth.user_id), "display_name": auth.display_name} if auth.has_user else None,
                "method": auth.method,
                "scopes": auth.scopes,
                "credential": None if row is None else told(row, row),
            }
        )

    @sensitive_variables("given", "user")
    def post(self, request: HttpRequest) -> HttpResponse:
        """Take `username` and `password`, and if so wished `scopes` (or OAuth's `scope`) and a `name` for lists.

        With `grant_type` "refresh_token" it is the address to refresh at as well, as OAuth's clients expect.
        """
        given = parameters(request)
        grant = given.get("grant_type", "password")
        if grant == "refresh_token":
            return refreshed(request, given)
        if grant != "password":
            raise _unsupported()
        user = self.prove(request, given)
        scopes = _scopes(given)
        fields: dict[str, Any] = {} if scopes is None else {"scopes": grantable(scopes, user)}
        if "name" in given:
            fields["name"] = text(given["name"], "name", NAME_LENGTH)
        return granted(*issue_login_token(user, request=request, **fields))

    @sensitive_variables("given", "user")
    def prove(self, request: HttpRequest, given: dict[str, Any]) -> Any:
        """Return whom the password proves. Raises Refused: the same for unknown, inactive and wrong."""
        named = self.manager.gather(
            text(_needed(given, "username"), "username", LONGEST_NAME), text(_needed(given, "password"), "password"), {}
        )
        user, denial = verify(self.manager, request, named)
        state_of(request).denied = None  # told here: the middleware need not put an answer of its own in its place
        if denial is not None and denial.public:
            raise Refused(problem_of(denial))
        if user is None:
            raise _invalid_grant(gettext("The name or the password is wrong."))
        return user


class RevokeView(ApiView):
    """Ends the credential that comes with the request, as signing out does for a browser."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """End it, and what could be refreshed from it."""
        members(request, ())
        rules.current(caller(request)).revoke(REVOKED)
        return HttpResponse(status=204)


class RotateView(ApiView):
    """Puts another in the place of the credential that comes with the request, of whichever kind."""

    @sensitive_variables("secret")
    def post(self, request: HttpRequest) -> HttpResponse:
        """Take `overlap`, how many seconds the old secret stays good; answer with the new one, this once."""
        return rotated(request, rules.current(caller(request)))


@sensitive_variables("given", "secret")
def refreshed(request: HttpRequest, given: dict[str, Any]) -> HttpResponse:
    """Answer with a new token for the refresh token in `given`; wrong ones are counted by address, as keys are."""
    secret = text(_needed(given, "refresh_token"), "refresh_token")
    try:
        return granted(*refresh(secret, request=request))
    except InvalidCredential as failure:
        denial = secrets.too_many(request, failure)
        if denial is not None:
            raise Refused(problem_of(denial)) from None
        raise _invalid_grant(gettext("The refresh token is not valid.")) from None


@sensitive_variables("secret", "refresh_secret")
def granted(row: Any, secret: str, refresh_secret: str | None) -> HttpResponse:
    """Return the answer with a new token; see granted_document()."""
    return json(granted_document(row, secret, refresh_secret))


@sensitive_variables("secret", "refresh_secret", "document")
def granted_document(row: Any, secret: str, refresh_secret: str | None) -> dict[str, Any]:
    """Return the document of RFC 6749 section 5.1, with the moment of the end beside the seconds until then."""
    document: dict[str, Any] = {"access_token": secret, "token_type": "Bearer"}
    if row.end is not None:
        left = (row.end - timezone.now()).total_seconds()
        document |= {"expires_in": max(0, round(left)), "expires_at": moment(row.end)}
    if refresh_secret is not None:
        document["refresh_token"] = refresh_secret
    if row.scopes is not None:
        document["scope"] = " ".join(row.scopes)
    return document


def _scopes(given: dict[str, Any]) -> Any:
    """Return what is asked for, as a list; OAuth has the names in one text."""
    asked = given.get("scopes", given.get("scope"))
    return asked.split() if isinstance(asked, str) else asked


def _needed(given: dict[str, Any], name: str) -> Any:
    if name not in given:
        raise refuse(400, "invalid_request", gettext("%(name)s is missing.") % {"name": name})
    return given[name]


def _invalid_grant(says: str) -> Refused:
    return refuse(400, "invalid_grant", says)


def _unsupported() -> Refused:
    return refuse(400, "unsupported_grant_type", gettext("This grant type is not supported here."))
