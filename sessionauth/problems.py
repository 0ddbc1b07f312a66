"""Refusals for programs: problem+json (RFC 9457), built once for each thing that is refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from http.client import responses
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpResponse

#: Titles are HTTP's own words and stay untranslated: programs read them.
TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    410: "Gone",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    429: "Too Many Requests",
    503: "Service Unavailable",
}


def problem(status: int, code: str, detail: str, challenges: Sequence[str] = (), **extra: Any) -> HttpResponse:
    """Return problem+json (RFC 9457), never to be stored.

    `code` is a word for programs, `detail` a sentence for people, `challenges` go into WWW-Authenticate and `extra`
    members into the document.
    """
    body = _document(status, code, detail) if not extra else _dumped(_members(status, code, detail) | extra)
    response = HttpResponse(body, status=status, content_type="application/problem+json")
    response["Cache-Control"] = "no-store"
    if challenges:
        response["WWW-Authenticate"] = ", ".join(challenges)
    return response


@lru_cache(maxsize=256)
def _document(status: int, code: str, detail: str) -> bytes:
    """Return the document of a refusal that says nothing else: there are few, and they are told often."""
    return _dumped(_members(status, code, detail))


def _dumped(members: dict[str, Any]) -> bytes:
    return json.dumps(members, cls=DjangoJSONEncoder).encode()


def _members(status: int, code: str, detail: str) -> dict[str, Any]:
    return {"type": "about:blank", "title": title(status), "status": status, "code": code, "detail": detail}


def title(status: int) -> str:
    """Return what HTTP calls `status`; a guard's own exception may have any."""
    return TITLES.get(status) or responses.get(status, "Refused")
