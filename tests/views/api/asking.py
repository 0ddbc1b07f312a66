"""Asks the API as a program does: a header, a JSON body, no cookies."""

from __future__ import annotations

from typing import Any

from django.test import Client

ROOT = "/api/auth/"
JSON = "application/json"


def ask(
    method: str, path: str, body: Any = None, *, secret: str | None = None, client: Any = None, **extra: Any
) -> Any:
    """Return the answer to `method` on `path` below the API; `client` is somebody with cookies."""
    headers = dict(extra.pop("headers", {}))
    if secret is not None:
        headers["Authorization"] = f"Bearer {secret}"
    client = client or Client(enforce_csrf_checks=True)
    call = getattr(client, method)
    if method == "get":
        return call(ROOT + path, body, headers=headers, **extra)
    extra.setdefault("content_type", JSON)
    return call(ROOT + path, {} if body is None else body, headers=headers, **extra)


def csrf_token(client: Any) -> dict[str, str]:
    """Return the header that a single-page application sends with its cookies."""
    return {"X-CSRFToken": client.get("/account/session/").json()["csrf_token"]}
