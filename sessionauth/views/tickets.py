"""A ticket in each form that shows a secret: reloading the answer sends the form again, and must issue nothing twice.

Nothing is written when the form is shown: the ticket is signed, and the session notes the ones that have been used.
"""

from __future__ import annotations

import time

from django.core import signing
from django.http import HttpRequest
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _

from sessionauth.authenticators import get_auth
from sessionauth.sessions import kept

SALT = "sessionauth.views.ticket"
#: The field of a form that bears it.
FIELD = "_ticket"
SPENT = _("Nothing was issued: this form was sent before, or is too old. Send it again for one more.")
USED = "tickets"
#: Seconds after which a form must be filled in anew.
AGE = 12 * 3600
#: So many are noted; a form older than those is refused, for it may be one that was noted before.
NOTED = 10


def make(request: HttpRequest) -> str:
    """Return a new ticket for the person who is signed in."""
    # As texts they are in the order in which they were made.
    return signing.dumps([_owner(request), f"{time.time_ns():020d}{get_random_string(6)}"], salt=SALT)


def take(request: HttpRequest) -> bool:
    """Use the ticket of a form up, and say whether it was good: made for this person, not long ago, and never used."""
    try:
        owner, number = signing.loads(request.POST.get(FIELD, ""), salt=SALT, max_age=AGE)
    except (signing.BadSignature, ValueError):
        return False
    own = kept.own(request.session)
    used = list(own.get(USED, ()))
    is_old = len(used) >= NOTED and number < used[0]
    if owner != _owner(request) or number in used or is_old:
        return False
    request.session[kept.KEY] = own | {USED: sorted([*used, number])[-NOTED:]}
    return True


def _owner(request: HttpRequest) -> str:
    return str(get_auth(request).user_id)
