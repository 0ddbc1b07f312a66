"""What the admin of users gains, whoever registered it: acting as somebody, signing out everywhere, unlocking."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.sites import all_sites
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.core.signals import request_started
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import get_resolver
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from sessionauth.admin import handing_out
from sessionauth.admin.actions import actions_of, takes_actions
from sessionauth.admin.ending import CARRIED
from sessionauth.admin.impersonate_links import ImpersonateAdminMixin
from sessionauth.credentials.rows import paged
from sessionauth.guards import unlock
from sessionauth.sessions import registry

_lock = threading.Lock()


class UserActs(ImpersonateAdminMixin, admin.ModelAdmin):  # type: ignore[type-arg]
    """The acts; mixed into the class of an admin of users that is registered."""

    def get_actions(self, request: HttpRequest, action_location: Any = None) -> dict[str, Any]:
        """Add ours to those of the list, for whoever may do it to the rows that they are about."""
        actions = actions_of(super().get_actions, request, action_location)
        if not takes_actions(self, request, action_location):
            return actions
        found = {name: act for name, act in ACTS.items() if request.user.has_perm(act.permission)}
        return {name: (act, name, act.short_description) for name, act in found.items()} | actions


def sign_out_everywhere(model_admin: Any, request: HttpRequest, users: QuerySet[Any]) -> HttpResponse | None:
    """Ask once more, then sign the users out of every browser."""
    _allowed(request, sign_out_everywhere)
    if (refusal := handing_out.unready_to_end(request)) is not None:
        return refusal
    if "confirmed" not in request.POST:
        return _asking(model_admin, request, users)
    count = 0
    for user in paged(users):
        registry.logout_everywhere(user, "admin")
        model_admin.log_change(request, user, gettext("Signed out everywhere."))
        count += 1
    told = ngettext("%(count)d user was signed out everywhere.", "%(count)d users were signed out everywhere.", count)
    model_admin.message_user(request, told % {"count": count}, messages.SUCCESS)
    return None


def unlock_users(model_admin: Any, request: HttpRequest, users: QuerySet[Any]) -> HttpResponse | None:
    """Let the users try again at once."""
    _allowed(request, unlock_users)
    if (refusal := handing_out.unready_to_end(request)) is not None:
        return refusal
    count = sum(unlock.unlock(user) for user in paged(users))
    told = ngettext("%(count)d wait or lock was ended.", "%(count)d waits or locks were ended.", count)
    model_admin.message_user(request, told % {"count": count}, messages.SUCCESS if count else messages.WARNING)
    return None


def _act(act: Any, permission: str, words: Any) -> Any:
    act.permission, act.short_description = permission, words
    return act


#: The acts by name; each needs the permission to change the rows that it is about, not the users.
ACTS = {
    "sessionauth_sign_out": _act(sign_out_everywhere, "sessionauth.change_loginsession", _("Sign out everywhere")),
    "sessionauth_unlock": _act(unlock_users, "sessionauth.change_loginthrottle", _("Let them try again now")),
}


def _allowed(request: HttpRequest, act: Any) -> None:
    if not request.user.has_perm(act.permission):
        raise PermissionDenied


def _asking(model_admin: Any, request: HttpRequest, users: QuerySet[Any]) -> HttpResponse:
    count = users.count()
    asked = ngettext(
        "This user is signed out of every browser with its next request, and remembered in none.",
        "These %(count)d users are signed out of every browser with its next request, and remembered in none.",
        count,
    )
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "form": forms.Form(),
        "media": model_admin.media,
        "has_view_permission": model_admin.has_view_permission(request),
        "title": gettext("Sign out everywhere"),
        "asked": asked % {"count": count},
        "names": [str(user) for user in users[:20]],
        "count": count,
        "carried": [(name, value) for name in CARRIED for value in request.POST.getlist(name)],
    }
    request.current_app = model_admin.admin_site.name
    return TemplateResponse(request, "sessionauth/admin/revoke.html", context)


def extend(sites: Iterable[admin.AdminSite] | None = None) -> None:
    """Give the acts to the admin of users on each of `sites`, by default on all there are; again changes nothing.

    The one that is registered stays: its class alone becomes one with ours before it, of the same name. Nothing that
    has been made of it by then, URLs among them, has to be made again.
    """
    with _lock:
        for site in list(all_sites if sites is None else sites):
            shown: Any = site._registry.get(get_user_model())
            if shown is not None and not isinstance(shown, UserActs):
                own = type(shown)
                kept = {name: getattr(own, name) for name in ("__module__", "__qualname__", "__doc__")}
                kept["sessionauth_extends"] = own
                shown.__class__ = type(own.__name__, (UserActs, own), kept)


def at_first_request(**kwargs: Any) -> None:
    """Receive `request_started`, once: by then every app is ready, and sites may have been made in `urls.py`."""
    request_started.disconnect(dispatch_uid=UID)
    with suppress(Exception):  # whatever is wrong with the URLs, Django is about to say so
        get_resolver().url_patterns  # noqa: B018 - reads them
    extend()


UID = "sessionauth.admin.user_acts"


def connect() -> None:
    """Wait for the first request."""
    request_started.connect(at_first_request, weak=False, dispatch_uid=UID)
