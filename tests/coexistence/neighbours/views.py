"""Views as the documentation of each library writes them; every one answers whom it saw."""

from __future__ import annotations

from typing import Any

from allauth.headless.contrib.rest_framework.authentication import XSessionTokenAuthentication
from django.contrib.auth import aget_user, get_user
from django.contrib.auth.decorators import login_required, permission_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import View
from django.views.decorators.csrf import csrf_exempt, csrf_protect, ensure_csrf_cookie
from django.views.decorators.vary import vary_on_headers
from knox.auth import TokenAuthentication as KnoxAuthentication
from knox.views import LoginView as KnoxLoginView
from oauth2_provider.contrib.rest_framework import OAuth2Authentication
from oauth2_provider.decorators import protected_resource
from rest_framework.authentication import BasicAuthentication, SessionAuthentication, TokenAuthentication
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt.authentication import JWTAuthentication, JWTStatelessUserAuthentication


def told(user: Any) -> dict[str, Any]:
    """Say who `user` is."""
    return {"user": str(user), "pk": user.pk, "known": user.is_authenticated}


@ensure_csrf_cookie
def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"<p>{request.user}</p>")


def untouched(request: HttpRequest) -> HttpResponse:
    return HttpResponse("nobody asked")


async def apage(request: HttpRequest) -> HttpResponse:
    return JsonResponse(told(await request.auser()))


def direct(request: HttpRequest) -> JsonResponse:
    return JsonResponse(told(get_user(request)))


async def adirect(request: HttpRequest) -> JsonResponse:
    return JsonResponse(told(await aget_user(request)))


@login_required
def private(request: HttpRequest) -> JsonResponse:
    return JsonResponse(told(request.user))


@permission_required("auth.view_group", raise_exception=True)
def permitted(request: HttpRequest) -> JsonResponse:
    return JsonResponse(told(request.user))


class PrivateView(LoginRequiredMixin, View):
    def get(self, request: HttpRequest) -> JsonResponse:
        return JsonResponse(told(request.user))


@csrf_exempt
def exempt(request: HttpRequest) -> JsonResponse:
    return JsonResponse(told(request.user))


@csrf_protect
def protected(request: HttpRequest) -> JsonResponse:
    return JsonResponse(told(request.user))


@vary_on_headers("Accept")
def varied(request: HttpRequest) -> JsonResponse:
    return JsonResponse(told(request.user))


def broken(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError(str(request.user))


@protected_resource(scopes=["read"])  # type: ignore[untyped-decorator]
def oauth_protected(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"owner": str(request.resource_owner), "user": str(request.user)})  # type: ignore[attr-defined]


class Answers(APIView):  # type: ignore[misc]
    """A view of REST framework that says whom it saw, inside and on Django's own request."""

    def get(self, request: Request) -> Response:
        auth = type(request.auth).__name__ if request.auth is not None else None
        return Response({**told(request.user), "auth": auth, "inner": str(request._request.user)})

    post = get


def drf(*authenticators: type[Any], permission: type[Any] = IsAuthenticated) -> Any:
    return Answers.as_view(authentication_classes=list(authenticators), permission_classes=[permission])


class KnoxLogin(KnoxLoginView):  # type: ignore[misc]
    authentication_classes = [BasicAuthentication]


class Default(Answers):
    permission_classes = [IsAuthenticated]


DRF_VIEWS = {
    "default": Default.as_view(),
    "open": Answers.as_view(permission_classes=[AllowAny]),
    "none": drf(permission=AllowAny),
    "token": drf(TokenAuthentication),
    "session": drf(SessionAuthentication),
    "basic": drf(BasicAuthentication),
    "jwt": drf(JWTAuthentication),
    "stateless": drf(JWTStatelessUserAuthentication),
    "knox": drf(KnoxAuthentication),
    "oauth": drf(OAuth2Authentication),
    "allauth": drf(XSessionTokenAuthentication),
    "all": drf(
        TokenAuthentication, JWTAuthentication, OAuth2Authentication, SessionAuthentication, BasicAuthentication
    ),
}
