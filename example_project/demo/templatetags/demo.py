"""`{% load demo %}`: what only a demo shows on its pages."""

from __future__ import annotations

from django import template
from django.conf import settings

from demo.people import PEOPLE, Person

register = template.Library()


@register.simple_tag
def people(area: str = "") -> tuple[Person, ...]:
    """Return the accounts whose passwords are public, for the sign-in page of an area; none outside a demo."""
    return tuple(person for person in PEOPLE if settings.SHOW_PASSWORDS and (area != "staff" or person.is_colleague))


@register.simple_tag
def shows_mails() -> bool:
    """Say whether mails are kept in files, to be read on a page."""
    return bool(settings.SHOW_PASSWORDS)
