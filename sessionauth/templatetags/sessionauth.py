"""`{% load sessionauth %}`: a button to sign out with, and spans of time in words."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template
from django.template.context import RequestContext
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext, ngettext

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
