"""An exception handler that answers as the rest of sessionauth does: problem+json, with a code for programs."""

from __future__ import annotations

from typing import Any

from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler as framework_handler

from sessionauth import refusals
from sessionauth.contrib.rest_framework.exceptions import Denied, Nobody
from sessionauth.exceptions import LoginDenied, NotAuthenticated


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Answer `exc` by RFC 9457: type, title, status, code and detail, and `errors` of what did not validate.

    For REST_FRAMEWORK["EXCEPTION_HANDLER"]. What REST framework would not answer is not answered here either. Where the
    client asked for a page, as the browsable API does, the same stands on it.
    """
    exc = _ours(exc, context)
    response: Response | None = framework_handler(exc, context)
    if response is None:
        return None
    response.data = problem(exc, response)
    if getattr(getattr(context.get("request"), "accepted_renderer", None), "format", "json") == "json":
        response.content_type = "application/problem+json"
    if response.status_code in (401, 403, 429):
        response["Cache-Control"] = "no-store"
    return response


def problem(exc: Exception, response: Response) -> dict[str, Any]:
    """Return the document that tells what `exc`, which REST framework answered by `response`, was."""
    status, data = response.status_code, response.data
    is_sentence = isinstance(data, dict) and set(data) == {"detail"} and isinstance(data["detail"], str)
    codes = exc.get_codes() if isinstance(exc, exceptions.APIException) else None
    title = refusals.title(status)
    code = codes if isinstance(codes, str) else title.lower().replace(" ", "_")
    told = {"type": "about:blank", "title": title, "status": status, "code": code}
    told["detail"] = data["detail"] if is_sentence else title
    return told | ({} if is_sentence else {"errors": data}) | getattr(exc, "extra", {})


def _ours(exc: Exception, context: dict[str, Any]) -> Exception:
    """Return the exception of REST framework that says what one of ours does; `exc` if it is none of ours."""
    if isinstance(exc, LoginDenied) and exc.public:
        return Denied(exc)
    if not isinstance(exc, NotAuthenticated):
        return exc
    request = context.get("request")
    return Nobody([] if request is None else refusals.challenges_for(request._request, {}))
