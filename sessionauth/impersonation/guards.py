"""Further guards to choose from in SESSIONAUTH_IMPERSONATION_GUARDS, for teams, places and consent."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sessionauth import http
from sessionauth.conf import settings
from sessionauth.exceptions import ImpersonationDenied


def same_group(request: HttpRequest, *, actor: Any, target: Any) -> bool:
    """Let only those be impersonated who are in a group (of Django's) with the actor; superusers are in all of them."""
    if getattr(actor, "is_superuser", False):
        return True
    if not hasattr(actor, "groups") or not hasattr(target, "groups"):
        return False
    return bool(target.groups.filter(pk__in=actor.groups.values("pk")).exists())


def allowed_networks(request: HttpRequest, *, actor: Any, target: Any) -> bool:
    """Let people impersonate from SESSIONAUTH_IMPERSONATION_NETWORKS alone; from nowhere while that is empty."""
    address = http.client_ip(request)
    networks = [http.read_network(network) for network in settings.IMPERSONATION_NETWORKS]
    return address is not None and http.is_in(address, networks)


def target_consented(request: HttpRequest, *, actor: Any, target: Any) -> bool:
    """Let only those be impersonated who have agreed, by the attribute that SESSIONAUTH_IMPERSONATION_CONSENT names.

    It is True, or the moment until which they agree; a method is called without arguments. It is asked again at every
    request, so that whoever takes the consent back is alone again. Raises ImpersonationDenied, which says so.
    """
    found: Any = target
    for name in settings.IMPERSONATION_CONSENT.split("."):
        found = getattr(found, name, None)
        if callable(found):
            found = found()
    if found is True or (isinstance(found, datetime) and _is_ahead(found)):
        return True
    raise ImpersonationDenied("consent", _("This user has not agreed to it."))


def _is_ahead(moment: datetime) -> bool:
    return timezone.is_aware(moment) == timezone.is_aware(timezone.now()) and moment > timezone.now()
