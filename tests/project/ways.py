"""Ways in of a project's own, and views that tell who came in by which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.core import signing
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from sessionauth import InvalidCredential, LoginState, UserToken, aget_auth, get_auth
from sessionauth.authenticators import BaseAuthenticator


def described(auth: UserToken) -> JsonResponse:
    """Tell all of `auth` that a test compares."""
    return JsonResponse(
        {
            "user": auth.user.get_username() or None,
            "state": auth.state.value,
            "method": auth.method,
            "credential": None if auth.credential is None else type(auth.credential).__name__,
            "failure": None if auth.failure is None else auth.failure.code,
        }
    )


def tell(request: HttpRequest) -> JsonResponse:
    """Say who it is."""
    return described(get_auth(request))


async def atell(request: HttpRequest) -> JsonResponse:
    """Say who it is, without leaving the event loop."""
    return described(await aget_auth(request))


def untouched(request: HttpRequest) -> HttpResponse:
    """Ask nothing."""
    return HttpResponse("ok")


async def auntouched(request: HttpRequest) -> HttpResponse:
    """Ask nothing."""
    return HttpResponse("ok")


@csrf_exempt
def unchecked(request: HttpRequest) -> JsonResponse:
    """Say who it is, to a POST of anybody."""
    return described(get_auth(request))


class TicketAuthenticator(BaseAuthenticator):
    """A custom authenticator as the documentation has it: a signed name in a header of its own."""

    name = "ticket"
    ambient = False
    carriers = ("X-Ticket",)

    def extract(self, request: HttpRequest) -> str | None:
        """Return the ticket if it says of itself that it is one."""
        value: str = request.META.get("HTTP_X_TICKET", "")
        return value if value.startswith("ticket:") and value != "ticket:" else None

    def authenticate(self, request: HttpRequest, credential: str) -> UserToken:
        """Return whom the ticket names. Raises InvalidCredential if it is not signed by us, or they may not come."""
        try:
            pk = signing.loads(credential.removeprefix("ticket:"), salt="ticket")
        except signing.BadSignature:
            raise InvalidCredential("malformed") from None
        user = get_user_model()._default_manager.filter(pk=pk, is_active=True).first()
        if user is None:
            raise InvalidCredential("unknown")
        return UserToken(user, LoginState.PROGRAM, self.name)

    def challenge(self, request: HttpRequest, error: Mapping[str, str]) -> str:
        """Return the challenge of a scheme of our own."""
        return "Ticket"


def ticket(user: Any) -> str:
    """Return a ticket for `user`."""
    return "ticket:" + signing.dumps(str(user.pk), salt="ticket")


def gateway(request: HttpRequest) -> Any:
    """Return the user whom a gateway in front names in its header; a name it does not know is refused."""
    name = request.META.get("HTTP_X_GATEWAY_USER", "")
    if not name.startswith("gateway:"):
        return None
    user = get_user_model()._default_manager.filter(username=name.removeprefix("gateway:")).first()
    if user is None:
        raise InvalidCredential("unknown")
    return user


async def agateway(request: HttpRequest) -> Any:
    """See gateway()."""
    name = request.META.get("HTTP_X_GATEWAY_USER", "")
    if not name.startswith("gateway:"):
        return None
    user = await get_user_model()._default_manager.filter(username=name.removeprefix("gateway:")).afirst()
    if user is None:
        raise InvalidCredential("unknown")
    return user
