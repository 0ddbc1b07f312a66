"""Which invoices somebody may see, and what they sum up to."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import DecimalField, F, Sum
from django.db.models.functions import Coalesce

from sessionauth import UserToken

if TYPE_CHECKING:
    from invoices.models import Invoice  # noqa: F401 - names the type below

SEES_ALL = "invoices.view_customer"
MONEY: DecimalField[Decimal, Decimal] = DecimalField(max_digits=14, decimal_places=2)


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    """Questions about many invoices at once."""

    def visible_to(self, auth: UserToken) -> Self:
        """Return the invoices that `auth` may see, whoever or whatever is behind it.

        Whether it may see invoices at all is the question of scopes, asked before: customers see their own, colleagues
        who may see customers see all, and so does a service's key, which acts for nobody and was given its scopes.
        """
        return self._visible(auth, all_customers=auth.user.has_perm(SEES_ALL))

    async def avisible_to(self, auth: UserToken) -> Self:
        """See visible_to()."""
        return self._visible(auth, all_customers=await auth.user.ahas_perm(SEES_ALL))

    def _visible(self, auth: UserToken, *, all_customers: bool) -> Self:
        if not auth.is_authenticated:
            return self.none()
        if auth.user.is_anonymous or all_customers:
            return self.all()
        return self.filter(customer__user=auth.user)

    def with_total(self) -> Self:
        """Add `total`, the sum of an invoice's lines, in the same query."""
        amount = F("lines__quantity") * F("lines__unit_price")
        return self.annotate(total=Coalesce(Sum(amount, output_field=MONEY), Decimal(0), output_field=MONEY))

    def newest_first(self) -> Self:
        """Return them in the order of lists; `Meta.ordering` does not hold where a query sums up."""
        return self.order_by("-issued", "-pk")

    def unpaid(self) -> Self:
        """Return what was sent and not yet paid."""
        return self.filter(status="sent")

    def overdue(self, today: date) -> Self:
        """Return what should have been paid before `today`."""
        return self.unpaid().filter(due__lt=today)
