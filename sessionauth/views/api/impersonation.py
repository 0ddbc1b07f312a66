"""A token with which a client of somebody's acts as another user: obtained, looked at, ended."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_variables

from sessionauth.authenticators import get_auth
from sessionauth.exceptions import ImpersonationDenied
from sessionauth.impersonation import rules as who_may
from sessionauth.impersonation import said, tokens
from sessionauth.models.base import NAME_LENGTH
from sessionauth.models.impersonation import REASON_LENGTH, REFERENCE_LENGTH
from sessionauth.views.api import rules
from sessionauth.views.api.base import ApiView, Refused, refuse
from sessionauth.views.api.reading import boolean, invalid, members, text, texts
from sessionauth.views.api.tokens import granted_document
from sessionauth.views.impersonation import facts, targets
from sessionauth.views.impersonation.page import FIELDS
from sessionauth.views.page import json

#: The texts that a request may bring, and how long each may be.
TEXTS = {
    "user": 254,
    "reason": REASON_LENGTH,
    "details": REASON_LENGTH,
    "reference": REFERENCE_LENGTH,
    "name": NAME_LENGTH,
}
MEMBERS = frozenset({*TEXTS, "write", "scopes"})


class ImpersonationView(ApiView):
    """Gives a person, who has just signed in, a token to act as another; tells of it and ends it.

    Whoever comes with the token may look at it and end it, and nothing else here.
    """

    # It does not end what goes on in the session; and what was sent as somebody else begins nothing as oneself.
    sessionauth_about_impersonation = True

    def get(self, request: HttpRequest) -> HttpResponse:
        """Tell who acts as whom by the token that came, or by the person's own."""
        auth = get_auth(request)
        row = auth.impersonation if auth.is_impersonating else tokens.running(rules.person(request).user)
        return json(_told(auth.actor, row))

    @sensitive_variables("given", "issued", "secret")
    def post(self, request: HttpRequest) -> HttpResponse:
        """Take `user`, a name or key, `reason`, `reference`, and if so wished `write`, `scopes` and `name`.

        The token is in the answer, this once.
        """
        auth = rules.person(request)
        if not tokens.are_on() or not who_may.may_begin(auth.user):
            raise _nobody()
        given = members(request, MEMBERS)
        words = {name: text(given.get(name, ""), name, longest) for name, longest in TEXTS.items()}
        target = targets.by_words(request, words["user"])
        try:
            issued, secret = tokens.issue(
                request,
                target,
                reason=said.joined(words["reason"], words["details"]),
                reference=words["reference"],
                write=boolean(given.get("write", False), "write"),
                scopes=texts(given["scopes"], "scopes") if "scopes" in given else None,
                name=words["name"],
            )
        except ImpersonationDenied as denial:
            raise _refused(request, denial) from None
        document = granted_document(issued, secret, None)
        return json(document | {"impersonation": _told(auth.user, issued.impersonation)}, status=201)

    def delete(self, request: HttpRequest) -> HttpResponse:
        """End the token that came, or the person's own; who has none has none afterwards, too."""
        auth = get_auth(request)
        row = auth.impersonation if auth.is_impersonating else tokens.running(rules.person(request).user)
        if row is not None:
            row.end("released")
        return HttpResponse(status=204)


def _told(actor: Any, row: Any) -> dict[str, Any]:
    if row is None:
        return {"active": False}
    return {
        "active": True,
        "actor": facts.person(actor),
        "target": facts.person(row.target),
        "mode": str(row.mode),
        "started_at": row.started_at.isoformat(),
        "expires_at": row.expires_at.isoformat(),
        "seconds_left": facts.left(row.expires_at),
        "idle_seconds_left": facts.idle_left(row),
    }


def _nobody() -> Refused:
    """Return the one answer for who is not there, who is not for you, and where nobody may act as anybody."""
    return refuse(404, "not_found", gettext("There is nobody here whom you could act as."))


def _refused(request: HttpRequest, denial: ImpersonationDenied) -> Refused:
    if denial.code == "stale":
        return Refused(rules.stale(request))
    if denial.code in FIELDS:
        return invalid(denial.code, str(denial.public))
    return refuse(denial.status, denial.code, str(denial.public)) if denial.says_why else _nobody()
