"""An API of Ninja with each of its ways to authenticate, alone and in both orders."""

from __future__ import annotations

from typing import Any

from allauth.headless.contrib.ninja.security import x_session_token_auth
from asgiref.sync import sync_to_async
from django.contrib.auth import authenticate
from django.http import HttpRequest
from ninja import NinjaAPI
from ninja.security import APIKeyHeader, APIKeyQuery, HttpBasicAuth, HttpBearer, django_auth, django_auth_superuser
from rest_framework.authtoken.models import Token

GOOD_KEY = "ninja-knows-this-key"


class Bearer(HttpBearer):
    def authenticate(self, request: HttpRequest, token: str) -> Any:
        return Token.objects.filter(key=token).first()


class ABearer(HttpBearer):
    async def authenticate(self, request: HttpRequest, token: str) -> Any:
        return await sync_to_async(Token.objects.filter(key=token).first)()


class Key(APIKeyHeader):
    param_name = "X-Api-Key"

    def authenticate(self, request: HttpRequest, key: str | None) -> str | None:
        return key if key == GOOD_KEY else None


class QueryKey(APIKeyQuery):
    param_name = "api_key"

    def authenticate(self, request: HttpRequest, key: str | None) -> str | None:
        return key if key == GOOD_KEY else None


class Basic(HttpBasicAuth):
    def authenticate(self, request: HttpRequest, username: str, password: str) -> Any:
        return authenticate(request, username=username, password=password)


api = NinjaAPI(urls_namespace="ninja", docs_url=None)


def told(request: HttpRequest) -> dict[str, Any]:
    auth = request.auth  # type: ignore[attr-defined]
    return {
        "auth": str(auth),
        "kind": auth.__class__.__name__,
        "user": str(request.user),
    }


WAYS: dict[str, Any] = {
    "session": django_auth,
    "superuser": django_auth_superuser,
    "bearer": Bearer(),
    "key": Key(),
    "query": QueryKey(),
    "basic": Basic(),
    "allauth": x_session_token_auth,
    "session-first": [django_auth, Bearer(), Key()],
    "session-last": [Bearer(), Key(), Basic(), django_auth],
}


def _add(name: str, auth: Any) -> None:
    for method in (api.get, api.post):
        method(f"/{name}", auth=auth, url_name=name)(told)


for _name, _auth in WAYS.items():
    _add(_name, _auth)


@api.get("/none", auth=None)
def none(request: HttpRequest) -> dict[str, Any]:
    return {"user": str(request.user), "auth": hasattr(request, "auth") and type(request.auth).__name__ == "Token"}


@api.get("/async", auth=[ABearer()])
async def asynchronous(request: HttpRequest) -> dict[str, Any]:
    return {"auth": str(request.auth), "user": str(await request.auser())}  # type: ignore[attr-defined]
