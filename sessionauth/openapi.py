"""The active authenticators as OpenAPI security schemes, for whatever writes the document."""

from __future__ import annotations

from typing import Any

from sessionauth.authenticators import active


def security_schemes() -> dict[str, dict[str, Any]]:
    """Return `components.securitySchemes`: one for each way in, with the real names of cookie, header and parameter."""
    return {name: scheme for authenticator in active() for name, scheme in authenticator.openapi().items()}


def security_requirements() -> list[dict[str, list[str]]]:
    """Return `security`: any one of the schemes is enough."""
    return [{name: []} for name in security_schemes()]
