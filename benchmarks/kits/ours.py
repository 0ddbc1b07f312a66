"""Our keys and tokens, and somebody who acts as somebody else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from django.contrib.auth.models import Group, Permission
from django.http import HttpRequest, HttpResponse
from django.urls import path

from benchmarks.asking import Ask
from benchmarks.kits import base, logins
from sessionauth import LoginManager, get_auth
from sessionauth.impersonation import service
from sessionauth.models import AccessToken, APIKey


def who(request: HttpRequest) -> HttpResponse:
    """Say whose key it is, by what a cached key knows without the database."""
    return HttpResponse(str(get_auth(request).user_id))


def managed(request: HttpRequest) -> HttpResponse:
    """Sign in by our own manager, as our pages do."""
    token = LoginManager().login(request, request.POST["username"], request.POST["password"])
    return HttpResponse("yes" if token else "no", status=200 if token else 403)


def act_as(request: HttpRequest) -> HttpResponse:
    service.start(request, base.alice())
    return HttpResponse("ok")


urlpatterns = [*logins.urlpatterns, path("who/", who), path("act-as/", act_as), path("managed/", managed)]


def key(path: str = "/whoami/") -> Ask:
    _, secret = APIKey.objects.issue(user=base.alice(), name="desk")
    return Ask(path, base.bearer(secret))


def many() -> Ask:
    """Return the request of a user with a hundred keys."""
    for number in range(99):
        APIKey.objects.issue(user=base.alice("carol"), name=f"key {number}")
    _, secret = APIKey.objects.issue(user=base.alice("carol"), name="desk")
    return Ask("/whoami/", base.bearer(secret), says="carol")


def token() -> Ask:
    _, secret = AccessToken.objects.issue(user=base.alice(), name="desk")
    return Ask("/whoami/", base.bearer(secret), says=base.NAME)


def unknown_key() -> Ask:
    row, secret = APIKey.objects.issue(user=base.alice(), name="gone")
    row.delete()
    return Ask("/whoami/", base.bearer(secret), statuses=(401,))


def managed_login() -> Ask:
    return replace(logins.attempt(base.NAME, base.PASSWORD, 200), path="/managed/")


def support() -> object:
    """Return somebody who may impersonate by their group, as most who do: no superuser."""
    group, _ = Group.objects.get_or_create(name="support")
    group.permissions.set(Permission.objects.filter(codename="impersonate"))
    person = base.alice("support", is_staff=True)
    person.groups.add(group)  # type: ignore[attr-defined]
    return person


def impersonated(actor: Callable[[], object] = support) -> Ask:
    client = base.browser(actor())
    answer = client.post("/act-as/")
    assert answer.status_code == 200, answer.content
    client.get("/whoami/")  # brings the marker, and the secret of forms, as any page does
    cookies = "; ".join(f"{name}={one.value}" for name, one in client.cookies.items())
    return Ask("/whoami/", {"cookie": cookies}, says=base.NAME)


CASES = {
    **logins.CASES,
    "managed_login": managed_login,
    "key": key,
    "token": token,
    "key_of_100": many,
    "cached_key": lambda: key("/who/"),
    "unknown_key": unknown_key,
    "malformed_key": lambda: Ask("/page/", base.bearer("sa_key_notakey"), statuses=(401,)),
    "impersonated": impersonated,
    "impersonated_by_root": lambda: impersonated(lambda: base.alice("root", is_superuser=True, is_staff=True)),
}
