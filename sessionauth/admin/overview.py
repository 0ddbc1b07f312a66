"""The security overview: one page of what somebody should know, or look at, today."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext

from sessionauth.admin import charts, figures
from sessionauth.credentials.rows import every_model
from sessionauth.models import Impersonation, LoginSession, LoginThrottle


def show(model_admin: Any, request: HttpRequest) -> HttpResponse:
    """Show the page to whoever may look at events; of other records what they may look at.

    `model_admin` is that of the events, on the site that the page is part of.
    """
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    site = model_admin.admin_site
    logins = figures.logins()
    models = sorted(every_model(), key=lambda model: str(model._meta.verbose_name_plural).casefold())
    context = {
        **site.each_context(request),
        "title": gettext("Security overview"),
        "opts": model_admin.opts,
        "has_view_permission": True,
        "logins": logins,
        "chart": charts.of_days(logins.days),
        "sessions": figures.active_sessions() if _may_see(site, request, LoginSession) else None,
        "locked": _locked(site._registry[LoginThrottle]) if _may_see(site, request, LoginThrottle) else None,
        "impersonations": figures.impersonations() if _may_see(site, request, Impersonation) else None,
        "keys": [figures.keys(model) for model in models if _may_see(site, request, model)],
        "unused_days": figures.UNUSED_DAYS,
        "expiring_days": figures.EXPIRING_DAYS,
    }
    request.current_app = site.name
    return TemplateResponse(request, "sessionauth/admin/overview.html", context)


def _locked(model_admin: Any) -> dict[str, Any]:
    """Return who is kept out, as the admin of the counters calls them."""
    locked = figures.locked()
    return {"amount": locked.amount, "rows": [(row, model_admin.owner(row)) for row in locked.rows]}


def _may_see(site: Any, request: HttpRequest, model: Any) -> bool:
    shown = site._registry.get(model)
    return shown is not None and bool(shown.has_view_permission(request))
