"""The secrets that the curl lines are made with."""

from __future__ import annotations

from dataclasses import dataclass, fields

PARTNER = "northwind"
PARTNER_PATH = "/api/partner"

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, repr=False)
class Secrets:
    """One of each kind, known only to the process that issued them."""

    label: str
    alice_token: str
    sam_token: str
    read_key: str
    truncated_key: str
    mistyped_key: str
    sam_read_key: str
    root_key: str
    root_read_key: str
    service_key: str
    expired_key: str
    revoked_key: str
    unknown_key: str
    login_token: str
    refresh_token: str
    rotating_key: str
    leaving_key: str
    issuing_key: str
    session: str
    ended_session: str
    partner: Headers
    partner_late: Headers

    @classmethod
    def placeholders(cls) -> Secrets:
        """Return words in capitals in the place of secrets, for a page that must not show any."""
        words = {field.name: field.name.upper() for field in fields(cls) if field.type == "str"}
        signature = (("X-Partner", PARTNER), ("X-Partner-Timestamp", "NOW"), ("X-Partner-Signature", "HMAC"))
        return cls(**words, partner=signature, partner_late=signature)
