"""The active authenticators as OpenAPI security schemes, for whatever writes the document."""

from __future__ import annotations

import re
from typing import Any

from sessionauth.authenticators import active


def security_schemes() -> dict[str, dict[str, Any]]:
    """Return `components.securitySchemes`: one for each way in, with the real names of cookie, header and parameter.

    Names are put into the letters that OpenAPI allows; of two authenticators of one name the second is numbered.
    """
    schemes: dict[str, dict[str, Any]] = {}
    for authenticator in active():
        for name, scheme in authenticator.openapi().items():
            schemes.setdefault(_free(re.sub(r"[^a-zA-Z0-9._-]+", "-", name), scheme, schemes), scheme)
    return schemes


def security_requirements() -> list[dict[str, list[str]]]:
    """Return `security`: any one of the schemes is enough."""
    return [{name: []} for name in security_schemes()]


def _free(name: str, scheme: dict[str, Any], taken: dict[str, dict[str, Any]]) -> str:
    """Return `name`, with a number if another scheme has it."""
    candidate, number = name, 1
    while taken.get(candidate, scheme) != scheme:
        number += 1
        candidate = f"{name}{number}"
    return candidate
