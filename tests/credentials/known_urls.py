"""Views that tell who came in without asking for more than the key of the user, and one that asks for more."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from sessionauth import aget_auth, get_auth
from sessionauth.decorators import credential_allowed


def _told(auth, user) -> JsonResponse:
    pk, known = (None if key is None else str(key) for key in (user.pk, auth.user_id))
    facts = {"user": known, "is_authenticated": user.is_authenticated, "pk": pk, "method": auth.method}
    return JsonResponse(facts | {"name": auth.credential.name, "scopes": auth.credential.scopes})


def known(request: HttpRequest) -> JsonResponse:
    """Tell who it is."""
    return _told(get_auth(request), request.user)


async def aknown(request: HttpRequest) -> JsonResponse:
    """See known()."""
    return _told(await aget_auth(request), request.user)


def loaded(request: HttpRequest) -> JsonResponse:
    """Tell more of the user than anybody knows without the database."""
    user = request.user
    return JsonResponse({"names": [user.get_username(), user.email, user.first_name, user.is_active]})


async def aloaded(request: HttpRequest) -> JsonResponse:
    """See loaded()."""
    user = await request.auser()
    return JsonResponse({"names": [user.get_username(), user.email, user.first_name, user.is_active]})


urlpatterns = [
    path("known/", csrf_exempt(credential_allowed(known))),
    path("aknown/", csrf_exempt(credential_allowed(aknown))),
    path("loaded/", loaded),
    path("aloaded/", aloaded),
]
