"""An authenticator that a project wrote, by the protocol."""

from __future__ import annotations

from sessionauth.authenticators import Authenticator
from tests.asking import Sent
from tests.contracts import ExplicitContract
from tests.project import ways


class TestTicket(ExplicitContract):
    entry = "tests.project.ways.TicketAuthenticator"
    method = "ticket"
    vary = frozenset({"x-ticket"})

    def issue(self, user):
        return Sent({"X-Ticket": ways.ticket(user)}), None

    def foreign(self):
        return [Sent({"X-Ticket": value}) for value in ("", "ticket", "ticket:", "other:x")]

    def malformed(self):
        return [Sent({"X-Ticket": value}) for value in ("ticket:x", "ticket:a:b:c", "ticket:é")]

    def unknown(self):
        class Nobody:
            pk = 0

        return Sent({"X-Ticket": ways.ticket(Nobody)})

    def secrets_of(self, sent):
        """What a project's own credential shows in its repr is the project's to say."""
        return []

    def test_is_an_authenticator(self):
        assert isinstance(ways.TicketAuthenticator(), Authenticator)
