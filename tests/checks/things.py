"""What dotted paths of the tests lead to: functions, users and authenticators, sound and broken."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser

from sessionauth.authenticators import BaseAuthenticator
from sessionauth.backends import SessionAuthBackend

NUMBER = 5


def of_request(request: Any) -> None: ...


def of_request_and_more(request: Any, more: Any) -> None: ...


def of_nothing() -> None: ...


async def of_request_async(request: Any) -> None: ...


async def of_request_and_more_async(request: Any, more: Any) -> None: ...


class Nobody(AnonymousUser):
    """Needs nothing and is nobody."""


class Choosy(AnonymousUser):
    def __init__(self, mood: str) -> None: ...


class Impostor(AnonymousUser):
    is_authenticated = True


class Sound(BaseAuthenticator):
    name = "sound"
    carriers = ("X-Sound",)

    def __init__(self, *, volume: int = 1) -> None:
        if volume < 0:
            raise ValueError("There is no such volume.")

    def extract(self, request: Any) -> Any: ...
    def authenticate(self, request: Any, credential: Any) -> Any: ...


class OtherSound(Sound):
    """Another class, the same name."""


class Explicit(Sound):
    name = "explicit"
    ambient = False


class ExplicitCookie(Explicit):
    carriers = ("X-Sound", "Cookie")


class ExplicitSomewhere(Explicit):
    carriers = ("*",)


class NoCarriers(Sound):
    carriers = ()


class NoSteps(BaseAuthenticator):
    name = "no steps"


class NoAuthenticator:
    """Has nothing of what is asked."""


class Nameless(Sound):
    name = ""


class BareCarrier(Sound):
    carriers = "X-Sound"


class AsyncSteps(Sound):
    async def extract(self, request: Any) -> Any: ...
    async def authenticate(self, request: Any, credential: Any) -> Any: ...


class Explosive(Sound):
    @property
    def lazy(self) -> bool:  # type: ignore[override]
        raise RuntimeError("bang")


class Unreadable(Explosive):
    __signature__ = "not to be told"


class OwnModelBackend(ModelBackend):
    """Counts as Django's."""


class OwnSessionAuthBackend(SessionAuthBackend):
    """Counts as ours."""


class RulesBackend(ModelBackend):
    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        return False


class SessionMiddleware:
    """A session middleware of a package that does not derive it from Django's."""
