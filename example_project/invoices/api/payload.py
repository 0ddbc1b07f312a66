"""From the body of a request to a saved invoice, with a clear answer to everything that is not one."""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.http.request import UnreadablePostError

from invoices.api.problems import Problem
from invoices.forms import InvoiceForm, LineForm, save_invoice
from invoices.models import Invoice

MAX_LINES = 20


def read_json(request: HttpRequest) -> dict[str, Any]:
    """Return the JSON object in the body. Raises Problem for a body that is anything else."""
    if request.content_type != "application/json":
        raise Problem(415, "Send a JSON object with Content-Type: application/json.")
    try:
        text = request.body.decode("utf-8")
    except UnicodeDecodeError:
        raise Problem(400, "The body is not UTF-8.") from None
    except RequestDataTooBig:
        raise Problem(413, "The body is too large.") from None
    except UnreadablePostError:
        raise Problem(400, "The body ended too early.") from None
    return _parse(text)


def _parse(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text, parse_constant=_refuse)
        # A lone half of a surrogate pair is legal in JSON and can be stored nowhere.
        json.dumps(document, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        raise Problem(400, "The body is not valid JSON.") from None
    if not isinstance(document, dict):
        raise Problem(400, "The body must be a JSON object.")
    return document


def _refuse(name: str) -> None:
    raise ValueError(name)


def create_invoice(document: dict[str, Any]) -> Invoice:
    """Save the invoice that `document` describes. Raises Problem that names every wrong field."""
    lines = document.get("lines")
    if not isinstance(lines, list) or not 0 < len(lines) <= MAX_LINES or not all(isinstance(e, dict) for e in lines):
        raise Problem(400, "Some fields are wrong.", errors={"lines": [f"A list of 1 to {MAX_LINES} objects."]})
    head = InvoiceForm(_texts(document, InvoiceForm))
    forms = [LineForm(_texts(line, LineForm)) for line in lines]
    errors: dict[str, Any] = dict(head.errors)
    for place, form in enumerate(forms):
        errors.update({f"lines.{place}.{field}": messages for field, messages in form.errors.items()})
    if errors:
        raise Problem(400, "Some fields are wrong.", errors=errors)
    return save_invoice(head, forms)


def _texts(values: dict[str, Any], form: type[InvoiceForm | LineForm]) -> dict[str, str]:
    """Return the fields of `form` as text, which is what a form reads; what is neither text nor a whole number is
    left out, and missed by the form: 1.1 is not 1.1 in JSON, so prices come as text.
    """
    return {
        name: str(value)
        for name in form.base_fields
        if isinstance(value := values.get(name), str | int) and not isinstance(value, bool)
    }
