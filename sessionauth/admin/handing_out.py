"""How a new secret is shown: once, in the answer to the form that made it, and to whom."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_variables

from sessionauth.access import unconfirmed
from sessionauth.authenticators import get_auth
from sessionauth.conf import settings
from sessionauth.models import AbstractCredential


def unready(request: HttpRequest) -> HttpResponse | None:
    """Return what is answered to who must first prove who they are; None for who may see a secret now.

    Raises PermissionDenied for programs and for who impersonates somebody: what they do is not done by the user. A
    fresh login is asked for where there is a page to confirm it, SESSIONAUTH_CONFIRM_URL, and a login of ours behind
    the request.
    """
    auth = get_auth(request)
    if auth.is_program or auth.is_impersonating:
        raise PermissionDenied(gettext("This needs a person who has just signed in."))
    return unconfirmed(request)


def unready_to_end(request: HttpRequest) -> HttpResponse | None:
    """Return what is answered to who must prove who they are before they end what is others', by our settings."""
    return unready(request) if settings.ADMIN_FRESH else None


@sensitive_variables("secret", "context")
def show(model_admin: Any, request: HttpRequest, row: AbstractCredential, secret: str, **words: Any) -> HttpResponse:
    """Return the page that shows `secret`, never to be stored.

    An answer to a POST, not a redirect: what is carried to the next page in a message or a session lies about there.
    `words` go to the template.
    """
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": gettext("New secret"),
        "subtitle": str(row),
        "original": row,
        "secret": secret,
        "has_view_permission": model_admin.has_view_permission(request, row),
        "is_popup": "_popup" in request.POST,
        **words,
    }
    request.current_app = model_admin.admin_site.name
    response = TemplateResponse(request, "sessionauth/admin/secret.html", context)
    add_never_cache_headers(response)
    return response
