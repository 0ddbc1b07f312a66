"""APIs of Ninja with our classes in every place where they may stand, each operation sync and async. A URLconf."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from django.urls import path
from ninja import NinjaAPI, Router
from ninja.decorators import decorate_view
from ninja.security import HttpBearer, django_auth

from sessionauth import aget_auth, get_auth
from sessionauth.contrib.ninja import (
    AccessTokenAuth,
    APIKeyAuth,
    CredentialRateThrottle,
    RequestAuth,
    Scope,
    SessionAuth,
    install,
)
from sessionauth.decorators import scope_required
from sessionauth.exceptions import InactiveUser, NotAuthenticated, TooManyAttempts

VIEW, DELETE = "auth.view_user", "auth.delete_user"
METHODS = ("get", "post", "put", "patch", "delete")


class Foreign(HttpBearer):
    """Lets every bearer in that says so, as somebody whom only Ninja knows."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        return "foreign" if token == "let-me-in" else None


def told(request: HttpRequest) -> dict[str, Any]:
    auth = get_auth(request)
    face = getattr(request, "auth", None)
    return {
        "user": request.user.get_username(),
        "auth": auth.method,
        "face": getattr(face, "method", str(face)),
        "is_same": face is auth,
    }


async def atold(request: HttpRequest) -> dict[str, Any]:
    auth = await aget_auth(request)
    face = getattr(request, "auth", None)
    user = await request.auser()
    assert user.get_username() == request.user.get_username()
    return {
        "user": user.get_username(),
        "auth": auth.method,
        "face": getattr(face, "method", str(face)),
        "is_same": face is auth,
    }


WAYS: dict[str, Any] = {
    "token": AccessTokenAuth(),
    "key": APIKeyAuth(),
    "session": SessionAuth(),
    "request": RequestAuth(),
    "scope": Scope(VIEW),
    "both": Scope(VIEW, DELETE),
    "any": Scope([[DELETE], [VIEW]]),
    "by-method": Scope({"GET": VIEW, "POST": DELETE}),
    "token-scope": AccessTokenAuth(VIEW),
    "session-first": [SessionAuth(), AccessTokenAuth()],
    "session-last": [AccessTokenAuth(), SessionAuth()],
    "session-then-token-scope": [SessionAuth(), AccessTokenAuth(VIEW)],
    "django-token-scope": [django_auth, AccessTokenAuth(VIEW)],
    "token-scope-then-session": [AccessTokenAuth(VIEW), SessionAuth()],
    "foreign-first": [Foreign(), SessionAuth()],
    "foreign-last": [SessionAuth(), Foreign()],
    "fresh": RequestAuth(fresh=True),
    "fresh-hour": SessionAuth(fresh=3600, methods=["password"]),
    "own": RequestAuth(not_impersonating=True),
    "none": None,
    "django": django_auth,
    "django-scope": [django_auth, Scope(VIEW)],
    "scope-django": [Scope(VIEW), django_auth],
    "foreign-scope": [Foreign(), Scope(VIEW)],
    "token-then-scope": [AccessTokenAuth(), Scope(VIEW)],
    "only-foreign": Foreign(),
}


def add(api: Any, name: str, auth: Any) -> None:
    for method in METHODS:
        own = f"{method}-{name}"
        getattr(api, method)(f"/sync/{name}", auth=auth, url_name=own, operation_id=own)(told)
        getattr(api, method)(f"/async/{name}", auth=auth, url_name=f"a{own}", operation_id=f"a{own}")(atold)


def with_desk(api: Any, view: Any, prefix: str, *more: str) -> None:
    """Add one path whose methods have nothing in common; `more` are those with another function."""
    for method, auth in {
        "get": Scope(VIEW),
        "post": None,
        "put": django_auth,
        "patch": [django_auth, Scope(VIEW)],
        "delete": Scope(DELETE),
    }.items():
        own = f"{prefix}-{method}-desk"
        add_one = getattr(api, method)(f"/{prefix}/desk", auth=auth, url_name=own, operation_id=own)
        add_one(told if method in more else view)


api = install(NinjaAPI(urls_namespace="ours", docs_url=None))
for _name, _auth in WAYS.items():
    add(api, _name, _auth)
with_desk(api, told, "sync")
with_desk(api, atold, "async")
with_desk(api, atold, "mixed", "get", "put")


@api.get("/sync/decorated", auth=None)
@decorate_view(scope_required(VIEW))
def decorated(request: HttpRequest) -> dict[str, Any]:
    return told(request)


@api.get("/async/decorated", auth=None)
@decorate_view(scope_required(VIEW))
async def adecorated(request: HttpRequest) -> dict[str, Any]:
    return await atold(request)


@api.get("/sync/inside", auth=django_auth)
@scope_required(VIEW)
def inside(request: HttpRequest) -> dict[str, Any]:
    return told(request)


@api.get("/async/inside", auth=django_auth)
@scope_required(VIEW)
async def ainside(request: HttpRequest) -> dict[str, Any]:
    return await atold(request)


@api.api_operation(["GET", "POST"], "/sync/several", auth=Scope({"GET": VIEW}))
def several(request: HttpRequest) -> dict[str, Any]:
    return told(request)


for _kind, _view in {"sync": told, "async": atold}.items():
    for _name, _auth in {"throttled": RequestAuth(), "open": None}.items():
        _own = f"{_kind}-{_name}"
        _rate = CredentialRateThrottle("2/d")
        api.get(f"/{_kind}/{_name}", auth=_auth, throttle=_rate, url_name=_own, operation_id=_own)(_view)

RAISED: dict[str, Exception] = {
    "not-authenticated": NotAuthenticated(),
    "too-many": TooManyAttempts(),
    "inactive": InactiveUser(),
}


def raising(error: Exception, *, is_async: bool) -> Any:
    def fail(request: HttpRequest) -> None:
        raise error

    async def afail(request: HttpRequest) -> None:
        raise error

    return afail if is_async else fail


for _name, _error in RAISED.items():
    for _kind in ("sync", "async"):
        _own = f"{_kind}-{_name}"
        api.post(f"/{_kind}/{_name}", auth=None, url_name=_own, operation_id=_own)(
            raising(_error, is_async=_kind == "async")
        )


def teapot(request: HttpRequest, reason: str) -> StreamingHttpResponse:
    """Answer who is nobody, for the project."""
    return StreamingHttpResponse(iter([b"{"]), status=418, content_type="application/problem+json")


#: The API states a scope; a router and its operations say otherwise.
stated = install(NinjaAPI(urls_namespace="stated", docs_url=None, auth=Scope(VIEW)))
loose, strict = Router(auth=None), Router()
for _prefix, _router in {"loose": loose, "strict": strict}.items():
    for _kind, _view in {"sync": told, "async": atold}.items():
        for _name, _options in {
            "inherits": {},
            "none": {"auth": None},
            "django": {"auth": django_auth},
            "own": {"auth": Scope(DELETE)},
        }.items():
            _own = f"{_prefix}-{_kind}-{_name}"
            _router.get(f"/{_kind}/{_name}", url_name=_own, operation_id=_own, **_options)(_view)
stated.add_router("/loose", loose)
stated.add_router("/strict", strict)

#: One that was not given to install().
bare = NinjaAPI(urls_namespace="bare", docs_url=None)
for _name, _auth in WAYS.items():
    add(bare, _name, _auth)

urlpatterns = [path("api/", api.urls), path("stated/", stated.urls), path("bare/", bare.urls)]
