"""A JSON body read as the fields of a form."""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, QueryDict, RawPostDataException, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_variables

from sessionauth import refusals

#: What a field of a form can be in JSON; null is a field that was left out.
Fields = dict[str, str | bool]


class WrongBody(Exception):
    """The body is not what a form can be filled in with; `response` says so."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.response: HttpResponse = refusals.problem(status, code, detail)


def is_json(request: HttpRequest) -> bool:
    """Say whether the body is declared to be JSON."""
    return request.content_type == "application/json" or (request.content_type or "").endswith("+json")


@sensitive_variables("document", "name", "value")
def fields_of(request: HttpRequest) -> Fields:
    """Return the members of the JSON object that `request` brings, nothing for an empty body.

    Raises WrongBody for what is no object of strings and booleans. A lone surrogate is refused with them: no form sends
    one, and neither a hash nor a database takes it.
    """
    fields: Fields = {}
    for name, value in object_of(request).items():
        if value is None:
            continue
        if not isinstance(value, str | bool) or not _is_text(name) or not _is_text(value):
            raise WrongBody(400, "invalid_request", gettext("The members of the body are texts or booleans."))
        fields[name] = value
    return fields


@sensitive_variables("document")
def object_of(request: HttpRequest) -> dict[str, Any]:
    """Return the JSON object that `request` brings, an empty one for an empty body. Raises WrongBody for all else."""
    document = _parsed(request)
    if not isinstance(document, dict):
        raise WrongBody(400, "invalid_request", gettext("The body is not a JSON object."))
    return document


def is_storable(document: object) -> bool:
    """Say whether every text in `document` is one that databases take: no lone surrogate, no NUL."""
    left = [document]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            left += [*value, *value.values()]
        elif isinstance(value, list):
            left += value
        elif not _is_text(value) or (isinstance(value, str) and "\0" in value):
            return False
    return True


def is_empty(request: HttpRequest) -> bool:
    """Say whether `request` brings no body. Raises WrongBody for one that cannot be read."""
    try:
        return not request.body
    except RawPostDataException:  # it was read as a form, by whoever looked for the CSRF token
        return False
    except (RequestDataTooBig, UnreadablePostError) as error:
        raise _unreadable(error) from None


def is_empty_form(request: HttpRequest) -> bool:
    """Say whether the body is a multipart form with nothing in it, as Django's test client sends for no data.

    Raises WrongBody for nonsense.
    """
    return request.content_type == "multipart/form-data" and not form_of(request) and not request.FILES


def form_of(request: HttpRequest) -> QueryDict:
    """Return the form that `request` brings, an empty one for a body of another kind. Raises WrongBody for nonsense."""
    try:
        return request.POST
    except (SuspiciousOperation, MultiPartParserError, UnreadablePostError) as error:
        raise _unreadable(error) from None


def _parsed(request: HttpRequest) -> object:
    if is_empty(request):
        return {}
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError):
        raise WrongBody(400, "invalid_request", gettext("The body is not valid JSON.")) from None


def _unreadable(error: Exception) -> WrongBody:
    if isinstance(error, RequestDataTooBig):
        return WrongBody(413, "too_large", gettext("The body is too large."))
    return WrongBody(400, "invalid_request", gettext("The body cannot be read."))


def _is_text(value: object) -> bool:
    return not isinstance(value, str) or not any("\ud800" <= char <= "\udfff" for char in value)
