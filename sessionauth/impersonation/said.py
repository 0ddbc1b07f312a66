"""What somebody says who impersonates: why, and by which ticket; as the settings want it, and as it is kept."""

from __future__ import annotations

import re

from django.utils.translation import gettext, ngettext

from sessionauth.conf import settings
from sessionauth.exceptions import ImpersonationDenied
from sessionauth.models.impersonation import REASON_LENGTH, REFERENCE_LENGTH

#: Between a reason that was chosen and one's own words.
JOINT = ": "


def reason(given: str) -> str:
    """Return `given` as it is kept, "" where nobody is asked. Raises ImpersonationDenied with the code "reason"."""
    asked, words = settings.IMPERSONATION_REASON, _words(given)
    if asked == "off" or (asked == "optional" and not words):
        return ""
    if not words:
        raise ImpersonationDenied("reason", gettext("Please say why."))
    if settings.IMPERSONATION_REASON_CHOICES:
        _refuse_other_than_chosen(words)
    elif len(words) < (least := settings.IMPERSONATION_REASON_MIN_LENGTH):
        message = ngettext(
            "Please say why in at least %(number)d character.",
            "Please say why in at least %(number)d characters.",
            least,
        )
        raise ImpersonationDenied("reason", message % {"number": least})
    return words[:REASON_LENGTH]


def joined(choice: str, words: str) -> str:
    """Return a reason that was chosen, with one's own words after it."""
    return JOINT.join(filter(None, (choice, words)))


def reference(given: str) -> str:
    """Return `given` as it is kept, "" where nobody is asked. Raises ImpersonationDenied with the code "reference"."""
    asked, words = settings.IMPERSONATION_REFERENCE, _words(given)[:REFERENCE_LENGTH]
    if asked == "off" or (asked == "optional" and not words):
        return ""
    if not words:
        raise ImpersonationDenied("reference", gettext("Please give a reference."))
    pattern = settings.IMPERSONATION_REFERENCE_PATTERN
    if pattern is not None and not re.fullmatch(pattern, words):
        raise ImpersonationDenied("reference", gettext("This is no reference as they are written here."))
    return words


def _refuse_other_than_chosen(words: str) -> None:
    if not any(words == choice or words.startswith(choice + JOINT) for choice in settings.IMPERSONATION_REASON_CHOICES):
        raise ImpersonationDenied("reason", gettext("Please choose one of the reasons."))


def _words(given: str) -> str:
    # PostgreSQL takes no NUL.
    return given.replace("\0", "").strip()
