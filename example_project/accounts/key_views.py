"""The page on which one issues and revokes one's own keys and tokens."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.crypto import get_random_string
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms import KeyForm
from accounts.models import User
from sessionauth.decorators import auth_method_required, login_required
from sessionauth.models import AbstractCredential, AccessToken, APIKey

HEADERS = {"token": "Authorization: Bearer ", "key": "X-Api-Key: "}
TICKETS = "key_form_tickets"
MODELS: dict[str, type[AccessToken] | type[APIKey]] = {"token": AccessToken, "key": APIKey}


# A key must not be able to make further keys: only a person in a browser may.
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@auth_method_required("session")
@never_cache
@sensitive_variables("secret")
def keys(request: HttpRequest) -> HttpResponse:
    """List one's keys and tokens, and issue new ones.

    A new secret is shown in the answer to the POST itself: it is in no URL, no message and no cookie, and once the page
    is gone nobody can have it again. Each form issues once: reloading that answer sends it again, and is told so.
    """
    form = KeyForm(request.POST if request.method == "POST" else None)
    context: dict[str, object] = {"form": form}
    if form.is_valid() and not _take_ticket(request):
        form.add_error(None, "Already issued: this form was sent before. Send it again for one more.")
    if form.is_valid():
        kind = form.cleaned_data["kind"]
        issued, secret = MODELS[kind].objects.issue(
            user=request.user, name=form.cleaned_data["name"], scopes=form.granted, expires_at=form.expires_at
        )
        context = {"form": KeyForm(), "issued": issued, "secret": secret, "header": HEADERS[kind]}
    context |= {"credentials": _credentials(request.user), "ticket": _new_ticket(request)}
    return render(request, "accounts/keys.html", context, status=422 if form.errors else 200)


@require_POST
@login_required
@auth_method_required("session")
def revoke(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """End one of one's own keys or tokens; another's looks like one that does not exist."""
    try:
        credential = MODELS[kind].objects.get(pk=pk, user=request.user)
    except (KeyError, AccessToken.DoesNotExist, APIKey.DoesNotExist):
        raise Http404 from None
    credential.revoke("revoked by its owner")
    return redirect("accounts:keys")


def _new_ticket(request: HttpRequest) -> str:
    # Several, for forms in several tabs.
    ticket = get_random_string(22)
    request.session[TICKETS] = [*request.session.get(TICKETS, []), ticket][-10:]
    return ticket


def _take_ticket(request: HttpRequest) -> bool:
    tickets, ticket = request.session.get(TICKETS, []), request.POST.get("ticket")
    request.session[TICKETS] = [other for other in tickets if other != ticket]
    return ticket in tickets


def _credentials(user: User | AnonymousUser) -> list[tuple[str, AbstractCredential]]:
    found = [(kind, row) for kind, model in MODELS.items() for row in model.objects.filter(user=user)]
    return sorted(found, key=lambda pair: pair[1].created_at, reverse=True)[:20]
