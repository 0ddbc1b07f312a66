"""Our secrets in a header of their own or, where a project insists, in the query string."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.http import HttpRequest

from sessionauth import http
from sessionauth.authenticators.base import BRAND, Claim, CredentialAuthenticator, PresentedSecret
from sessionauth.exceptions import SeveralCredentials


class APIKeyAuthenticator(CredentialAuthenticator):
    """Reads a secret from `X-Api-Key` or another header, and from the query string if told to."""

    name = "api_key"

    def __init__(
        self,
        *,
        header: str = "X-Api-Key",
        query_param: str | None = None,
        claim: Claim = BRAND,
        realm: str | None = None,
    ) -> None:
        """Configure the carrier.

        `header` is where the secret stands. `query_param` also reads it from the URL, which ends up in logs, histories
        and Referer headers: off by default, never freed from CSRF checks, and told by a check. `claim` and `realm` are
        CredentialAuthenticator's.
        """
        super().__init__(claim=claim, realm=realm)
        self.header, self.query_param = header, query_param
        self.carriers = (header,)

    @property
    def places(self) -> Collection[str]:  # type: ignore[override]
        """See BaseAuthenticator."""
        return (http.place(self.header),) if self.query_param is None else (http.place(self.header), "QUERY_STRING")

    def extract(self, request: HttpRequest) -> PresentedSecret | None:
        """Return the secret if it is ours. Raises SeveralCredentials for two different ones."""
        value = http.header(request, self.header).strip(" \t")
        found = [PresentedSecret(value)] if value else []
        if self.query_param is not None and request.META.get("QUERY_STRING"):
            found += [PresentedSecret(value, "query") for value in request.GET.getlist(self.query_param) if value]
        if not found:
            return None
        ours = [one for one in found if self.claims(one.secret)]
        if any(one != ours[0] for one in ours):
            raise SeveralCredentials
        return ours[0] if ours else None

    def frees_from_csrf(self, credential: PresentedSecret) -> bool:
        """Say whether it came in the header: any site can make a browser follow a link with a key in it."""
        return credential.carrier == "header"

    def challenge(self, request: HttpRequest, error: Mapping[str, str]) -> str | None:
        """Return `ApiKey realm="…"`, which is no registered scheme: it tells a developer which header is missing."""
        return http.challenge("ApiKey", {"realm": self.realm, "header": self.header, **error})

    def openapi(self) -> dict[str, dict[str, Any]]:
        """Return the scheme of the header, and of the query string if it is on."""
        schemes = {"apiKeyAuth": {"type": "apiKey", "in": "header", "name": self.header}}
        if self.query_param is not None:
            schemes["apiKeyQueryAuth"] = {"type": "apiKey", "in": "query", "name": self.query_param}
        return schemes
