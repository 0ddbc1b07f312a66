"""Takes reports of leaked secrets, as GitHub's secret-scanning partner programme sends them.

In the project's URLs, where no middleware asks for a login::

    path("leaks/", LeakView.as_view())
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_variables

from sessionauth import crypto, http, refusals
from sessionauth.conf import settings
from sessionauth.credentials import leaks, partner
from sessionauth.views.page import outside_transactions

LARGEST_BODY = 1024 * 1024
LONGEST_TEXT = 2000
RETRY_AFTER = 60


class Reported(NamedTuple):
    """One secret that was found, where, and by what."""

    secret: str
    type: str
    url: str
    source: str

    def __repr__(self) -> str:
        return f"<Reported {self.type}>"


class LeakView(View):
    """Ends the credentials whose secrets a signed report names.

    The signature is all that counts: no cookie is read, and no login is asked for. Who sends a report twice changes
    nothing. Off, and 404, unless SESSIONAUTH_LEAK_KEYS_URL or SESSIONAUTH_LEAK_KEYS is set.
    """

    http_method_names = ("post", "options")

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """Return the view, outside ATOMIC_REQUESTS: what one secret's row does takes back no other's."""
        return csrf_exempt(login_not_required(outside_transactions(super().as_view(**initkwargs))))

    @method_decorator(never_cache)
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Answer as if it were not there while no reports are taken."""
        if not partner.is_on():
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    @sensitive_variables()
    def post(self, request: HttpRequest) -> HttpResponse:
        """Judge the signature, then end what is named."""
        body = _body(request)
        if body is None:
            return refusals.problem(413, "too_large", gettext("The body is too large."))
        try:
            identifier, signature = (http.header(request, f"Github-Public-Key-{name}") for name in NAMES)
            partner.verify(body, identifier, signature)
        except partner.Unverified:
            return refusals.problem(403, "invalid_signature", gettext("The signature is not valid."))
        except partner.KeysUnavailable:
            problem = refusals.problem(503, "unavailable", gettext("The signature cannot be judged at the moment."))
            problem["Retry-After"] = str(RETRY_AFTER)
            return problem
        return self.answer(body)

    @sensitive_variables()
    def answer(self, body: bytes) -> HttpResponse:
        """Return the answer to a report that is who it says: the same for every secret, unless feedback is wanted."""
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, list):
            return refusals.problem(400, "invalid_request", gettext("The body is no list in JSON."))
        known = {one: _end(one) for one in _reported(document)}
        if not settings.LEAK_FEEDBACK:
            return HttpResponse(status=204)
        return JsonResponse([_feedback(one, is_ours) for one, is_ours in known.items()], safe=False)


NAMES = ("Identifier", "Signature")


def _body(request: HttpRequest) -> bytes | None:
    """Return the body, None if it is too large or did not come in full; what says so beforehand is not read."""
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    if not length.isdecimal() or int(length[:20]) > LARGEST_BODY:
        return None
    try:
        body: bytes = request.body
    except (RequestDataTooBig, UnreadablePostError):
        return None
    return body if len(body) <= LARGEST_BODY else None


@sensitive_variables()
def _reported(document: list[Any]) -> Iterator[Reported]:
    for item in document:
        if isinstance(item, dict) and isinstance(item.get("token"), str):
            yield Reported(item["token"], *(_text(item.get(name)) for name in ("type", "url", "source")))


def _text(value: object) -> str:
    return value[:LONGEST_TEXT] if isinstance(value, str) else ""


@sensitive_variables()
def _end(one: Reported) -> bool:
    """End the credential of `one`; say whether the secret is one that somebody was given here."""
    parsed = crypto.parse(one.secret, settings.KEY_BRAND, settings.KEY_PEPPERS)
    if parsed is None:
        return False
    return leaks.report(parsed, url=one.url, source=one.source) or leaks.find(parsed) is not None


@sensitive_variables()
def _feedback(one: Reported, is_ours: bool) -> dict[str, str]:
    label = "true_positive" if is_ours else "false_positive"
    return {"token_hash": crypto.digest(one.secret), "token_type": one.type, "label": label}
