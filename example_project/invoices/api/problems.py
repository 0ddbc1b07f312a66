"""How the API says no: `application/problem+json`, RFC 9457."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.http import JsonResponse


class Problem(Exception):
    """Something about the request that the client can mend; a view raises it and `api_view` answers it."""

    def __init__(self, status: int, detail: str, *, errors: Mapping[str, Any] | None = None) -> None:
        """Say what is wrong.

        `status` is the HTTP status, `detail` a sentence for the developer of the client, and `errors` says which field
        is wrong and why.
        """
        super().__init__(detail)
        self.status, self.detail, self.errors = status, detail, errors

    def response(self) -> JsonResponse:
        """Return the answer to send."""
        extra = {} if self.errors is None else {"errors": self.errors}
        return problem(self.status, HTTPStatus(self.status).phrase, self.detail, **extra)


def problem(status: int, title: str, detail: str, **extra: Any) -> JsonResponse:
    """Return a problem document; `extra` are further members of it."""
    document = {"type": "about:blank", "title": title, "status": status, "detail": detail, **extra}
    return JsonResponse(document, status=status, content_type="application/problem+json")
