"""Issues, lists, rotates and revokes API keys."""

from __future__ import annotations

from sessionauth.management.credential_command import CredentialCommand
from sessionauth.models import APIKey


class Command(CredentialCommand):
    """`manage.py sessionauth_apikey`."""

    help = (
        "Issues, lists, rotates and revokes API keys: of a user's program, of a service that acts for nobody, or of a "
        "model of your own. The secret goes to standard output alone and is shown once; all else that is said goes to "
        "standard error."
    )
    model = APIKey
    examples = """\
    examples:
      manage.py sessionauth_apikey create --user deploy --name "CI" --scope invoices:read --expires 90d
      manage.py sessionauth_apikey create --name "Metrics" --scope metrics:write --network 192.0.2.0/24 | pbcopy
      manage.py sessionauth_apikey create --model organisations.OrganisationKey --set organisation=3 --read-only
      manage.py sessionauth_apikey list --active --expiring 14d
      manage.py sessionauth_apikey list --unused 90d --limit 0 --json
      manage.py sessionauth_apikey rotate 12 --overlap 1d > new.key
      manage.py sessionauth_apikey revoke 12 13 --reason "found in a repository"
      manage.py sessionauth_apikey revoke --user deploy
    """
