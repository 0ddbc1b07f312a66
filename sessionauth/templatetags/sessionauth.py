"""`{% load sessionauth %}`: a button to sign out with, warnings, the banner of impersonation, spans of time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.template.context import Context, RequestContext
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext, ngettext

from sessionauth import refusals
from sessionauth.authenticators import get_auth
from sessionauth.conf import settings
from sessionauth.impersonation import banner, rules
from sessionauth.sessions.timeouts import seconds_left

register = template.Library()

#: A span, and what it is called; the larger one is taken from two of it on.
HOUR, MINUTE = 3600, 60


@register.inclusion_tag("sessionauth/parts/logout_button.html", takes_context=True)
def logout_button(context: RequestContext, label: str = "", css_class: str = "", next: str = "") -> dict[str, Any]:
    """Show a form with one button that signs out; a link could not, for no GET does.

    `label` is what stands on it, `css_class` the class of the button, and `next` where to go afterwards. It is empty
    where the logout page is not among the URLs.
    """
    try:
        action = reverse("sessionauth:logout")
    except NoReverseMatch:
        action = ""
    return {
        "action": action,
        "label": label or gettext("Sign out"),
        "css_class": css_class,
        "next": next,
        "csrf_token": context.get("csrf_token"),
    }


@register.simple_tag(takes_context=True)
def login_url(context: RequestContext) -> str:
    """Return where one signs in: LOGIN_URL, or that of the area in SESSIONAUTH_LOGIN_URLS."""
    return refusals.login_url_for(context.request)


@register.inclusion_tag("sessionauth/parts/session_warning.html", takes_context=True)
def session_warning(context: RequestContext, minutes: int = 10) -> dict[str, Any]:
    """Show a note when the session ends in less than `minutes`, however busy it is; nothing otherwise.

    It leads to the confirm page, from where the time begins again. When an idle session ends a page cannot know that
    is not asked for: scripts ask `session/`.
    """
    _, left = seconds_left(context.request)
    try:
        confirm_url = resolve_url(settings.CONFIRM_URL)
    except NoReverseMatch:
        confirm_url = ""
    is_due = left is not None and left < minutes * MINUTE
    return {"left": int(left or 0) if is_due else None, "confirm_url": confirm_url, "back": context.request.path}


@register.simple_tag(takes_context=True)
def impersonation_banner(context: Context) -> SafeString:
    """Show who acts as whom, how far and for how long yet, with a button to stop; nothing where nobody does.

    Asks nobody who the request is, so that it may stand in the template of every page.
    """
    return banner.render(context.get("request"))


@register.filter
def can_impersonate(request: HttpRequest | None, target: Any) -> bool:
    """Say whether whoever is there may impersonate `target`: `{% if request|can_impersonate:user %}`.

    It asks the guards. Who signed in too long ago may, once they have confirmed that it is them.
    """
    if not request:  # a template without one
        return False
    auth = get_auth(request)
    if not auth.has_user or auth.is_program or auth.is_impersonating:
        return False
    return rules.allows(request, auth.user, target)


@register.filter
def in_words(seconds: int) -> str:
    """Return a span of time as somebody would say it, rounded up."""
    if seconds >= 2 * HOUR:
        hours = -(-seconds // HOUR)
        return ngettext("%(number)d hour", "%(number)d hours", hours) % {"number": hours}
    if seconds >= 2 * MINUTE:
        minutes = -(-seconds // MINUTE)
        return ngettext("%(number)d minute", "%(number)d minutes", minutes) % {"number": minutes}
    return ngettext("%(number)d second", "%(number)d seconds", seconds) % {"number": seconds}


@register.filter
def ago(moment: datetime) -> str:
    """Return how long ago `moment` was, in its largest unit; within the last minute it was just now."""
    if (timezone.now() - moment).total_seconds() < MINUTE:
        return gettext("just now")
    return gettext("%(span)s ago") % {"span": timesince(moment, depth=1)}
