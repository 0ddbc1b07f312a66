"""Issues, lists, rotates and revokes access tokens."""

from __future__ import annotations

from sessionauth.management.credential_command import CredentialCommand
from sessionauth.models import AccessToken


class Command(CredentialCommand):
    """`manage.py sessionauth_token`."""

    help = (
        "Issues, lists, rotates and revokes access tokens, with which programs act for a person. What it issues is "
        "personal: it outlives logins and passwords, until it expires or is revoked. The secret goes to standard "
        "output alone and is shown once; all else that is said goes to standard error."
    )
    model = AccessToken
    examples = """\
    examples:
      manage.py sessionauth_token create --user alice --name "Laptop" --expires 30d
      manage.py sessionauth_token create --user alice --scope invoices:read --read-only --rate 100/m --json
      manage.py sessionauth_token list --user alice@example.org --active
      manage.py sessionauth_token list --unused 90d
      manage.py sessionauth_token rotate 12 --overlap 0s | ssh host "cat > token"
      manage.py sessionauth_token revoke --user alice --reason "left"
      manage.py sessionauth_token revoke --all --no-input
    """
