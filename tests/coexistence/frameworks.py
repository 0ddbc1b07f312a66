"""Stock views of REST framework and Ninja, as a project has them that never heard of us. A URLconf."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import path
from ninja import NinjaAPI
from ninja.security import HttpBearer, django_auth
from ninja.throttling import AnonRateThrottle, AuthRateThrottle
from rest_framework.authentication import BasicAuthentication, SessionAuthentication, TokenAuthentication
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from sessionauth.decorators import scope_required


class Whoami(APIView):  # type: ignore[misc]
    renderer_classes = [JSONRenderer]
    permission_classes = [AllowAny]

    def get(self, request: Request) -> Response:
        return Response({"user": str(request.user), "auth": str(request.auth)})

    post = get


class Assigned(HttpBearer):
    """Lets every bearer in, as somebody whom only Ninja knows."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        return f"ninja's {token}"


class AsyncAssigned(HttpBearer):
    async def authenticate(self, request: HttpRequest, token: str) -> Any:
        return f"ninja's {token}"


api = NinjaAPI(urls_namespace="frameworks", docs_url=None, openapi_url=None)


def told(request: HttpRequest) -> dict[str, str]:
    return {"user": str(request.user), "auth": str(request.auth)}  # type: ignore[attr-defined]


def throttled(request: HttpRequest) -> dict[str, str]:
    return {"user": str(request.user)}


for name, auth in {
    "bearer": Assigned(),
    "session": django_auth,
    "session-first": [django_auth, Assigned()],
    "session-last": [Assigned(), django_auth],
    "none": None,
}.items():
    api.get(f"/{name}", auth=auth, url_name=f"get-{name}")(told)
    api.post(f"/{name}", auth=auth, url_name=f"post-{name}")(told)


for name, throttle in {"anonymous": AnonRateThrottle("2/m"), "each": AuthRateThrottle("2/m")}.items():
    api.get(f"/throttled-{name}", throttle=throttle, url_name=f"throttled-{name}")(throttled)


@api.post("/async", auth=[AsyncAssigned()])
async def asynchronous(request: HttpRequest) -> dict[str, str]:
    return {"user": str(await request.auser()), "auth": str(request.auth)}  # type: ignore[attr-defined]


def view(*authenticators: type[Any], known: bool = False) -> Any:
    return Whoami.as_view(
        authentication_classes=list(authenticators), permission_classes=[IsAuthenticated if known else AllowAny]
    )


urlpatterns = [
    path("drf/nobody/", view()),
    path("drf/token/", view(TokenAuthentication)),
    path("drf/default/", view(SessionAuthentication, BasicAuthentication)),
    path("drf/known/", view(SessionAuthentication, BasicAuthentication, known=True)),
    path("drf/scoped/", scope_required("auth.view_group")(view(SessionAuthentication, known=True))),
    path("ninja/", api.urls),
]
