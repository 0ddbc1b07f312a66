"""What makes an API answer, and describe itself, as the rest of the app does."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError

from sessionauth.contrib.ninja import answers
from sessionauth.contrib.ninja.documents import Document
from sessionauth.exceptions import LoginDenied, NotAuthenticated


def install(api: NinjaAPI) -> NinjaAPI:
    """Have `api` answer refusals with problem+json and challenges, and describe our classes in full; return it.

    Without it the classes let in and keep out the same people, and Ninja says so in its own words, without a challenge.
    """
    api.add_exception_handler(answers.Refused, answers.handle_refused)
    api.add_exception_handler(NotAuthenticated, answers.handle_not_authenticated)
    api.add_exception_handler(LoginDenied, answers.handle_denied)
    api.add_exception_handler(AuthenticationError, partial(_nobody, api))
    api.get_openapi_schema = partial(_document, api)  # type: ignore[method-assign]
    return api


def _nobody(api: NinjaAPI, request: HttpRequest, error: AuthenticationError | Any) -> HttpResponse:
    """Answer that no way into an operation let somebody in: in our words, if one of them is ours."""
    refuse = answers.remembered(request)
    if refuse is not None:
        return refuse(request)
    return api.on_exception(request, HttpError(error.status_code, str(error)))


def _document(api: NinjaAPI, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None) -> Document:
    return Document(api, api.get_root_path(path_params or {}) if path_prefix is None else path_prefix)
