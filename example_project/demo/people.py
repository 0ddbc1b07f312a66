"""The people of the demo. Their passwords are public, so they belong on no machine that others can reach."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to sign in as. `group` gives the permissions; `task` says what they can show you."""

    name: str
    email: str
    password: str
    group: str
    task: str
    is_staff: bool = False
    is_superuser: bool = False

    @property
    def is_colleague(self) -> bool:
        """Whether they work here."""
        return self.group != "Customers"


ALICE = Person("Alice Aster", "alice@desk.example", "quiet-river-51", "Customers", "a customer: her own invoices")
SAM = Person("Sam Sorrel", "sam@desk.example", "bright-copper-62", "Staff", "staff: all invoices, the admin", True)
SUE = Person("Sue Sage", "sue@desk.example", "gentle-harbour-73", "Support", "support: looks, and acts as a customer")
ROOT = Person("Root Rowan", "root@desk.example", "solid-granite-84", "Staff", "may do everything", True, True)

PEOPLE = (ALICE, SAM, SUE, ROOT)

#: What each group may do, with the invoices and as a customer.
GROUPS: dict[str, tuple[str, ...]] = {
    "Customers": ("view_invoice",),
    "Staff": (
        *("view_invoice", "add_invoice", "change_invoice", "view_line", "add_line", "change_line", "delete_line"),
        *("view_customer", "add_customer", "change_customer"),
        *("impersonate", "impersonate_write"),
    ),
    "Support": ("view_invoice", "view_customer", "impersonate"),
}
