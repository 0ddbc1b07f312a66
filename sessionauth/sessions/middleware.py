"""Django's SessionMiddleware for those who run under ASGI."""

from __future__ import annotations

from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings as django_settings
from django.contrib.sessions.middleware import SessionMiddleware as DjangosSessionMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase


class SessionMiddleware(DjangosSessionMiddleware):
    """Stands in place of Django's, and decides as that does, by its own code.

    Django sends both of its steps through a thread on each request under ASGI, whether there is anything to wait for or
    not. Here only saving a session is. Under WSGI it is Django's.
    """

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        self.process_request(request)
        response: Any = await self.get_response(request)  # type: ignore[misc]
        if _is_saved(request):
            return await sync_to_async(self.process_response)(request, response)
        return self.process_response(request, response)


def _is_saved(request: HttpRequest) -> bool:
    """Say whether Django may save the session, for which it may load it first. No I/O."""
    session = getattr(request, "session", None)
    return django_settings.SESSION_SAVE_EVERY_REQUEST or getattr(session, "modified", False)
