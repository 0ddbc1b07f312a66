"""Acting as somebody else in a test, as the real thing would."""

from __future__ import annotations

from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.test.client import RequestFactory

from sessionauth.conf import load
from sessionauth.exceptions import ImpersonationDenied
from sessionauth.impersonation import beginning, rules, service
from sessionauth.impersonation.middleware import ImpersonationMiddleware, begin
from sessionauth.impersonation.stage import MARKER
from sessionauth.models import Impersonation

Mode = Impersonation.Mode


def impersonate(
    client: Any, target: Any, *, reason: str = "a test", reference: str = "", write: bool = False
) -> Impersonation:
    """Have whoever is signed in with `client` act as `target` from its next request on, and return the row.

    `client` is any of Django's test clients or ours, sync or async. Everything is asked that is asked of a person, the
    guards and whether the login is fresh. `reason` and `reference` are those of impersonation.service.start(). `write`
    is True for one that may change things, which the actor needs the permission for.

    Raises ImpersonationDenied, and ImproperlyConfigured where ImpersonationMiddleware is not in MIDDLEWARE.
    """
    if not any(_is_ours(path) for path in django_settings.MIDDLEWARE):
        raise ImproperlyConfigured("impersonate() needs ImpersonationMiddleware in MIDDLEWARE.")
    request = _request(client)
    begin(request)
    row = service.start(request, target, reason=reason, reference=reference)
    if write and row.is_read_only:
        _upgrade(request, row)
    request.session.save()
    client.cookies[django_settings.SESSION_COOKIE_NAME] = str(request.session.session_key)
    client.cookies[MARKER] = str(row.pk)
    return row


async def aimpersonate(client: Any, target: Any, **options: Any) -> Impersonation:
    """See impersonate()."""
    return await sync_to_async(impersonate)(client, target, **options)


def _upgrade(request: HttpRequest, row: Impersonation) -> None:
    if not rules.may_write(row.actor):
        row.end("released")
        raise ImpersonationDenied("write", beginning.ONLY_LOOKS)
    row.change(mode=Mode.WRITE)


def _is_ours(path: str) -> bool:
    found = load(path)
    return isinstance(found, type) and issubclass(found, ImpersonationMiddleware)


def _request(client: Any) -> HttpRequest:
    # By the client's own address and browser, which its login may be bound to.
    extra = {name: value for name, value in client.defaults.items() if name.isupper()}
    request: HttpRequest = RequestFactory().get("/", **extra)
    request.COOKIES = {name: morsel.value for name, morsel in client.cookies.items()}
    request.session = client.session
    return request
