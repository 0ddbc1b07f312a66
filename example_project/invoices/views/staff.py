"""The desk of colleagues: what is open, and who the customers are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.decorators import permission_required
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.functional import cached_property
from django.views.decorators.http import require_POST
from django.views.generic import ListView

from invoices.forms import SearchForm
from invoices.models import Customer, Invoice
from sessionauth.decorators import login_required
from sessionauth.mixins import LoginRequiredMixin

if TYPE_CHECKING:
    CustomerListView = ListView[Customer]
else:
    CustomerListView = ListView

# Django's own decorator: permissions work as ever. raise_exception, because whoever is signed in and lacks the
# permission is not helped by signing in again.
may_change = permission_required("invoices.change_invoice", raise_exception=True)


@login_required
@may_change
def desk(request: HttpRequest) -> HttpResponse:
    """Show what has to be done."""
    invoices = Invoice.objects.with_total().order_by("due", "pk").select_related("customer")
    today = timezone.localdate()
    context = {
        "overdue": invoices.overdue(today),
        "sent": invoices.unpaid().filter(due__gte=today),
        "drafts": invoices.filter(status=Invoice.Status.DRAFT),
    }
    return render(request, "staff/desk.html", context)


@require_POST
@login_required
@may_change
def send(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a draft to its customer."""
    return _move(pk, Invoice.Status.DRAFT, Invoice.Status.SENT)


@require_POST
@login_required
@may_change
def mark_paid(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that a sent invoice was paid."""
    return _move(pk, Invoice.Status.SENT, Invoice.Status.PAID)


def _move(pk: int, before: str, after: str) -> HttpResponse:
    get_object_or_404(Invoice, pk=pk)
    # Conditional, so that a form sent twice changes nothing the second time.
    Invoice.objects.filter(pk=pk, status=before).update(status=after)
    return redirect("staff:desk")


class CustomerList(LoginRequiredMixin, PermissionRequiredMixin, CustomerListView):
    """Find a customer: where support begins."""

    permission_required = "invoices.view_customer"
    template_name = "staff/customers.html"
    context_object_name = "customers"

    def get_queryset(self) -> QuerySet[Customer]:
        """Return the customers that match the search, with their open invoices counted."""
        found = Customer.objects.select_related("user")
        if self.search.is_valid() and (words := self.search.cleaned_data["q"]):
            found = found.filter(Q(name__icontains=words) | Q(city__icontains=words) | Q(user__email__icontains=words))
        return found.annotate(open=Count("invoices", filter=Q(invoices__status=Invoice.Status.SENT)))[:50]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the search form."""
        return super().get_context_data(search=self.search, **kwargs)

    @cached_property
    def search(self) -> SearchForm:
        """The search as it was typed."""
        return SearchForm(self.request.GET)
