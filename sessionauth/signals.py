"""What the app tells the project. Signals report; they never decide, but for `impersonation_starting`."""

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

#: The secret of a credential was found where it should not be, and the credential was revoked. Sender: its model.
#: Arguments: `credential`, `url` (where it was found, perhaps empty), `source` (who found it: "scan", or as the partner
#: says).
credential_leaked = Signal()

#: Another credential has come in the place of one. Sender: its model.
#: Arguments: `credential` (the old one, which may be good for a while yet), `successor`.
credential_rotated = Signal()

#: A token was got with the refresh token of another. Sender: its model. Arguments: `credential` (the old one, which has
#: ended), `successor`.
credential_refreshed = Signal()

#: A refresh token came that had been used before: all tokens of its login have ended. Sender: its model.
#: Arguments: `request` (the one under way, None outside of any), `user`, `credential` (the token it belonged to).
credential_stolen = Signal()

#: One signed-in browser was signed out from outside: by another browser of its user, an administrator, a command.
#: Sender: LoginSession. Arguments: `session` (the row), `reason`.
session_revoked = Signal()

#: A user is to be signed out of every browser. Sender: the user's class. Arguments: `user`, `reason`, `credentials`
#: (whether their keys and tokens are to end as well, and not only the tokens that are bound to a login).
#: Sent by `SessionAuthUserMixin.logout_everywhere()`, which stands below what keeps the sessions and cannot call it.
logged_out_everywhere = Signal()

#: A login was refused by a guard. Sender: None. Arguments: `request`, `identity` (the name as posted, perhaps empty),
#: `user` (None for an unknown account) and `reason` (the exception).
login_denied = Signal()

#: Failures one after the other locked an account, or a name that nobody has. Sender: None.
#: Arguments: `request`, `user` (None for such a name), `failures`, `until` (None: until somebody unlocks it).
account_locked = Signal()

#: Somebody proved again who they are. Sender: the user's class. Arguments: `request`, `user`, `method`.
login_confirmed = Signal()

#: A login is too old for what was asked. Sender: None. Arguments: `request`, `reason`.
reauthentication_required = Signal()

#: A session came from another browser or network. Sender: the user's class.
#: Arguments: `request`, `user`, `mode` ("basic": it is stale now; "strong": it has ended).
session_protected = Signal()

#: A remembered browser was let in again. Sender: the user's class. Arguments: `request`, `user`, `token`.
remember_token_used = Signal()

#: A remember cookie came that had been used before, or was forged. Sender: the user's class.
#: Arguments: `request`, `user`, `token`.
remember_token_stolen = Signal()

#: Somebody is about to impersonate. Sender: Impersonation. A receiver that raises PermissionDenied forbids it.
#: Arguments: `request`, `actor`, `target`, `reason` (why, in the actor's words).
impersonation_starting = Signal()

#: Somebody has begun to impersonate. Sender: Impersonation. Arguments: `request`, `impersonation` (the row).
impersonation_started = Signal()

#: An impersonation goes further or lasts longer than before. Sender: Impersonation.
#: Arguments: `request`, `impersonation` (the row), `change` ("upgraded" or "extended"), `reason` (why, perhaps empty).
impersonation_changed = Signal()

#: An impersonation has ended. Sender: Impersonation.
#: Arguments: `request` (the one under way, None outside of any), `impersonation` (the row), `reason`.
impersonation_ended = Signal()

#: Somebody was not let impersonate. Sender: Impersonation.
#: Arguments: `request`, `actor`, `target` (None for nobody), `reason` (the ImpersonationDenied).
impersonation_denied = Signal()
