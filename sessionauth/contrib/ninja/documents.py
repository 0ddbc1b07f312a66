"""The OpenAPI document of an API: our classes with the real names of header and cookie, and their scopes."""

from __future__ import annotations

import copy
from typing import Any

from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from sessionauth.authenticators import active
from sessionauth.authenticators.base import CredentialAuthenticator
from sessionauth.contrib.ninja.auth import RequestAuth
from sessionauth.openapi import parameters
from sessionauth.problems import TITLES
from sessionauth.views.documents import PROBLEM

REFUSALS = (401, 403)


class Document(OpenAPISchema):
    """Ninja's document, in which each of our classes stands for all the ways in that it takes.

    Ninja knows one scheme for each class, and no scopes.
    """

    def methods(self, operations: list[Any]) -> dict[str, Any]:
        """Return the operations of one path by method, each with what that method asks for."""
        found: dict[str, Any] = super().methods(operations)
        for operation in operations:
            for method in operation.methods:
                if method.lower() in found and any(isinstance(one, RequestAuth) for one in operation.auth_callbacks):
                    found[method.lower()] = self._with_ours(found[method.lower()], operation, method)
        return found

    def operation_security(self, operation: Operation) -> list[dict[str, Any]] | None:
        """Return what other classes ask for."""
        foreign = copy.copy(operation)
        foreign.auth_callbacks = [one for one in operation.auth_callbacks if not isinstance(one, RequestAuth)]
        security: list[dict[str, Any]] | None = super().operation_security(foreign)
        return security

    def _with_ours(self, details: dict[str, Any], operation: Operation, method: str) -> dict[str, Any]:
        ways: list[Any] = [one for one in operation.auth_callbacks if isinstance(one, RequestAuth)]
        asked = [requirement for way in ways for requirement in self._asked(way, method)]
        refused = {status: _refused(status) for status in REFUSALS if str(status) not in map(str, details["responses"])}
        security = asked + details.get("security", [])
        ours = {"security": security, "responses": {**details["responses"], **refused}}
        if any(map(_is_open, ways)):
            ours["parameters"] = [*details.get("parameters", []), *parameters().values()]
        if len(operation.methods) > 1:  # Ninja gives all of them the same, and ids are to be unique
            ours["operationId"] = f"{details['operationId']}_{method.lower()}"
        return {**details, **ours}

    def _asked(self, way: RequestAuth, method: str) -> list[dict[str, list[str]]]:
        """Return what `way` asks for by `method`: any one of its schemes, with the scopes of any one alternative."""
        schemes = way.schemes()
        self.securitySchemes.update(schemes)
        alternatives = [()] if way.requirement is None else way.requirement.alternatives(method)
        return [{name: list(scopes)} for scopes in alternatives for name in schemes]


def _is_open(way: RequestAuth) -> bool:
    """Say whether a key or token gets in by `way`, also as somebody else."""
    return not way.not_impersonating and any(
        isinstance(one, CredentialAuthenticator) and way.reads(one) for one in active()
    )


def _refused(status: int) -> dict[str, Any]:
    return {"description": TITLES[status], "content": {"application/problem+json": {"schema": PROBLEM}}}
