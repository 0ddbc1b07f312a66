"""The parts that OpenAPI documents of our addresses are put together from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sessionauth.problems import TITLES

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
BOOLEAN: Schema = {"type": "boolean"}
NUMBER: Schema = {"type": "integer"}
MOMENT: Schema = {"type": "string", "format": "date-time"}
PASSWORD: Schema = {"type": "string", "format": "password", "writeOnly": True}
SECRET: Schema = {"type": "string", "format": "password"}
TEXTS: Schema = {"type": "array", "items": TEXT}


def maybe(what: str) -> Schema:
    """Return the schema of what may be null: 3.0 and 3.1 spell that differently, so its type is left open."""
    return {"description": what}


def members(optional: dict[str, Schema] | None = None, /, **required: Schema) -> Schema:
    """Return the schema of an object."""
    schema: Schema = {"type": "object", "properties": required | (optional or {})}
    return schema | ({"required": list(required)} if required else {})


PROBLEM = members(type=TEXT, title=TEXT, status=NUMBER, code=TEXT, detail=TEXT)


def operation(
    summary: str,
    answer: Schema | None,
    body: dict[str, Any] | None = None,
    *,
    status: str = "200",
    refused: Sequence[str] = ("401", "403"),
    tag: str = "sign in",
    **more: Any,
) -> dict[str, Any]:
    """Return one operation.

    `answer` is the schema of what comes back with `status`, None for an empty 204; `refused` are the further statuses,
    and `more` is put in as it is.
    """
    told: dict[str, dict[str, Any]] = {"204": {"description": "Done."}}
    if answer is not None:
        told = {status: {"description": "Done.", "content": {"application/json": {"schema": answer}}}}
    for code in {*refused, *(("400", "413", "429") if body else ())}:
        told[code] = {"description": TITLES[int(code)], "content": {"application/problem+json": {"schema": PROBLEM}}}
    described: dict[str, Any] = {"summary": summary, "responses": dict(sorted(told.items())), "tags": [tag], **more}
    return described | ({"requestBody": body} if body else {})


def body_of(schema: Schema, *types: str) -> dict[str, Any]:
    """Return the body of a request, JSON and in the further `types`."""
    content = {kind: {"schema": schema} for kind in ("application/json", *types)}
    return {"required": "required" in schema, "content": content}


def number_in_path(name: str = "id") -> dict[str, Any]:
    """Return the parameter of an address with a number in it."""
    return {"name": name, "in": "path", "required": True, "schema": NUMBER}
