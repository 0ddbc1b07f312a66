"""All keys, or all tokens, of whoever asks: listed, issued, renamed, rotated, revoked one by one or all at once."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_variables

from sessionauth.authenticators import get_auth
from sessionauth.credentials.issuing import issue
from sessionauth.credentials.listing import rename
from sessionauth.credentials.revoking import revoke_all
from sessionauth.credentials.rotating import rotate
from sessionauth.models.base import NAME_LENGTH
from sessionauth.views.api import rules
from sessionauth.views.api.base import ApiView
from sessionauth.views.api.reading import LONGEST_OVERLAP, MEMBERS, boolean, invalid, members, span, text, wanted
from sessionauth.views.owned import KINDS, REVOKED, lasting_of, moment, rows_of, told
from sessionauth.views.page import json

#: How many are told at once, and at most.
PAGE, MOST = 100, 1000


class KindView(ApiView):
    """Base of the addresses of one `kind`, "token" or "key"."""

    kind = "token"


class CredentialsView(KindView):
    """All of one kind."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """List them, the newest first.

        `limit` says how many at once, and `before` which one to go on from: the `next` of the answer before. `ended`
        lists revoked and expired ones as well.
        """
        auth = rules.manager(request)
        limit = _number(request, "limit", PAGE, MOST)
        is_all = request.GET.get("ended") in ("1", "true")
        rows = rows_of(auth.user, self.kind) if is_all else lasting_of(auth.user, self.kind)
        if "before" in request.GET:
            rows = rows.filter(pk__lt=_number(request, "before", 0))
        found = list(rows[: limit + 1])
        for row in found:
            row.user = auth.user
        page = [told(row, rules.own(auth)) for row in found[:limit]]
        return json({f"{self.kind}s": page, "next": found[limit - 1].pk if len(found) > limit else None})

    @sensitive_variables("secret", "document")
    def post(self, request: HttpRequest) -> HttpResponse:
        """Issue one, and answer with it and its `secret`, this once."""
        auth, parent = rules.issuer(request)
        fields = wanted(members(request, MEMBERS), auth.user)
        row, secret = issue(KINDS[self.kind], user=auth.user, parent=parent, **fields)
        document = told(row) | {"secret": secret}
        answer = json(document, status=201)
        answer.headers["Location"] = f"{request.path}{row.pk}/"
        return answer


class CredentialView(KindView):
    """One of them."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Tell of it; its secret is known to nobody."""
        auth, row = rules.visible(request, self.kind, pk)
        return json(told(row, rules.own(auth)))

    def patch(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take a new `name`; nothing else of it can be changed."""
        row = rules.renamable(request, self.kind, pk)
        given = members(request, {"name"})
        if "name" not in given:
            raise invalid("name", gettext("This is missing."))
        rename(row, text(given["name"], "name", NAME_LENGTH))
        return json(told(row))

    def delete(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Revoke it for good; one that was revoked before stays so."""
        _, row = rules.visible(request, self.kind, pk)
        row.revoke(REVOKED)
        return HttpResponse(status=204)


class RotateOneView(KindView):
    """Puts another in the place of one of them."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take `overlap`, how many seconds the old secret stays good; answer with the new one, this once."""
        return rotated(request, rules.rotatable(request, self.kind, pk))


class RevokeAllView(KindView):
    """Revokes all of one kind."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Take `keep_current`, by default true: whether the credential that asks is left; tell how many there were."""
        auth = rules.manager(request, fresh=True)
        given = members(request, {"keep_current"})
        keep = rules.own(auth) if boolean(given.get("keep_current", True), "keep_current") else None
        return json({"revoked": revoke_all(auth.user, kinds=[KINDS[self.kind].kind], keep=keep, reason=REVOKED)})


@sensitive_variables("secret")
def rotated(request: HttpRequest, row: Any) -> HttpResponse:
    """Put another in the place of `row`, and answer with it, its secret, and how long the old one stays good."""
    given = members(request, {"overlap"})
    overlap = span(given["overlap"], "overlap", LONGEST_OVERLAP) if "overlap" in given else None
    asking = rules.own(get_auth(request))  # a program's own keeps its end: else it would go on and on
    new, secret = rotate(row, overlap=overlap, parent=asking)
    row.refresh_from_db(fields=["expires_at", "ends_at"])
    document = told(new) | {"secret": secret, "replaces": {"id": row.pk, "expires_at": moment(row.end)}}
    return json(document, status=201)


def _number(request: HttpRequest, name: str, default: int, most: int = 2**63 - 1) -> int:
    value = request.GET.get(name, "")
    if name not in request.GET:
        return default
    if not (value.isascii() and value.isdigit() and len(value) < 20 and 0 < int(value) <= most):
        raise invalid(name, gettext("This must be a number from 1 to %(most)d.") % {"most": most})
    return int(value)
