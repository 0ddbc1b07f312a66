"""The API of keys and tokens as views of REST framework: `include("sessionauth.contrib.rest_framework.urls")`.

They are those of `sessionauth.api_urls`, at the same addresses and under the same names, with the project's throttles
before them. Who may do what is decided as there, so that the project's permissions are not asked.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.decorators import login_not_required
from django.http.response import HttpResponseBase
from django.urls import URLPattern
from rest_framework.request import Request
from rest_framework.views import APIView

from sessionauth import api_urls, confinement
from sessionauth.contrib.recognising import accept, recognise
from sessionauth.contrib.rest_framework.authentication import RequestAuthentication
from sessionauth.paths import WAY_IN
from sessionauth.user_token import UserToken
from sessionauth.views.page import outside_transactions


class OwnRules(RequestAuthentication):
    """Recognises everybody, restricted credentials too, and leaves it to the view what they may."""

    sessionauth_confines = False

    def authenticate(self, request: Request) -> tuple[Any, UserToken] | None:
        """Return who came in. What is wrong with a credential is told by the view."""
        inner = request._request
        self._vary(request, lazy=False)
        token = accept(inner, recognise(inner))
        if not token.is_program:
            self._vary(request, lazy=True)
        return (token.user, token) if token.is_authenticated else None


class CredentialView(APIView):  # type: ignore[misc]
    """A coat over one plain view."""

    authentication_classes: ClassVar = [OwnRules]
    permission_classes: ClassVar[list[Any]] = []
    #: `sessionauth.openapi.paths()` describes them.
    schema = None
    plain: ClassVar[Any]

    def perform_authentication(self, request: Request) -> None:
        """Look who came in, unless the view asks for nobody."""
        if request.method not in getattr(self, WAY_IN):
            super().perform_authentication(request)

    def answer(self, request: Request, **captured: Any) -> HttpResponseBase:
        """Return the answer of the plain view."""
        response: HttpResponseBase = self.plain(request._request, **captured)
        return response


setattr(CredentialView, confinement.MARK, True)


def _dressed(plain: Any) -> Any:
    names = [name for name in ("get", "post", "patch", "delete") if hasattr(plain.view_class, name)]
    body = {
        "plain": staticmethod(plain),
        "__doc__": plain.view_class.__doc__,
        WAY_IN: plain.view_class.sessionauth_way_in,
    } | {mark: True for mark in confinement.OF_IMPERSONATION if confinement.is_marked(plain, mark)}
    view: Any = type(plain.view_class.__name__, (CredentialView,), body | dict.fromkeys(names, CredentialView.answer))
    return login_not_required(outside_transactions(view.as_view()))


app_name = api_urls.app_name
urlpatterns = [URLPattern(one.pattern, _dressed(one.callback), name=one.name) for one in api_urls.urlpatterns]
