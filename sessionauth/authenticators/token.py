"""Our secrets in an Authorization header: `Bearer` and schemes of a project's own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.http import HttpRequest

from sessionauth import http
from sessionauth.authenticators.base import BRAND, Claim, CredentialAuthenticator, PresentedSecret


class TokenAuthenticator(CredentialAuthenticator):
    """Reads `<keyword> <secret>` from a header."""

    name = "token"

    def __init__(
        self,
        *,
        keyword: str = "Token",
        header: str = "Authorization",
        claim: Claim = BRAND,
        realm: str | None = None,
        name: str | None = None,
    ) -> None:
        """Configure the carrier.

        `keyword` is the scheme, compared without regard to case. `header` is where it stands. `claim` and `realm` are
        CredentialAuthenticator's, and `name` is what `auth.method` says.
        """
        super().__init__(claim=claim, realm=realm)
        self.keyword, self.header = keyword, header
        self.name = name or self.name
        self.carriers: Collection[str] = (header,)

    @property
    def places(self) -> Collection[str]:  # type: ignore[override]
        """See BaseAuthenticator."""
        return (http.place(self.header),)

    def extract(self, request: HttpRequest) -> PresentedSecret | None:
        """Return the secret if it is ours. A bare scheme is not."""
        scheme, secret = http.authorization(request, self.header)
        if scheme != self.keyword.lower() or not secret:
            return None
        return PresentedSecret(secret) if self.claims(secret) else None

    def challenge(self, request: HttpRequest, error: Mapping[str, str]) -> str | None:
        """Return `<keyword> realm="…"` as in RFC 6750 section 3; None for a header that is not the standard one."""
        if self.header.lower() != "authorization":
            return None
        return http.challenge(self.keyword, {"realm": self.realm, **error})

    def openapi(self) -> dict[str, dict[str, Any]]:
        """Return an apiKey scheme: OpenAPI knows no schemes of one's own."""
        described = f"`{self.keyword} <secret>`"
        return {f"{self.name}Auth": {"type": "apiKey", "in": "header", "name": self.header, "description": described}}


class BearerAuthenticator(TokenAuthenticator):
    """Reads `Authorization: Bearer <secret>` (RFC 6750)."""

    name = "bearer"

    def __init__(self, *, claim: Claim = BRAND, realm: str | None = None, name: str | None = None) -> None:
        """See TokenAuthenticator."""
        super().__init__(keyword="Bearer", claim=claim, realm=realm, name=name)

    def openapi(self) -> dict[str, dict[str, Any]]:
        """Return the standard scheme."""
        return {"bearerAuth": {"type": "http", "scheme": "bearer"}}
