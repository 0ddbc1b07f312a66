"""What the app tells the project. Signals report; they never decide."""

from __future__ import annotations

from django.dispatch import Signal

#: A request's user was loaded. Sender: the user's class.
#: Arguments: `request`, `user` (None for a key without a user), `auth` (the UserToken), `method` (as `auth.method`).
user_loaded = Signal()

#: A request was refused because nobody was there. Sender: None. Arguments: `request`, `reason`.
auth_required = Signal()

#: A credential of ours was presented and not accepted. Sender: the authenticator's class.
#: Arguments: `request`, `failure` (the InvalidCredential with its code), `method`.
credential_rejected = Signal()

#: A credential was issued. Sender: its model. Arguments: `credential`.
credential_issued = Signal()

#: A credential was revoked. Sender: its model. Arguments: `credential`, `reason`.
credential_revoked = Signal()

#: A user is to be signed out of every browser. Sender: the user's class. Arguments: `user`, `reason`.
#: Sent by `SessionAuthUserMixin.logout_everywhere()`, which stands below what keeps the sessions and cannot call it.
logged_out_everywhere = Signal()
