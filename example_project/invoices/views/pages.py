"""Invoices as pages: the list, one invoice, a new one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.generic import ListView

from invoices.forms import InvoiceForm, LineFormSet, save_invoice
from invoices.models import Invoice
from invoices.querysets import InvoiceQuerySet
from sessionauth import get_auth
from sessionauth.decorators import login_required, scope_required
from sessionauth.mixins import LoginRequiredMixin, ScopeRequiredMixin

if TYPE_CHECKING:
    InvoiceListView = ListView[Invoice]
else:
    InvoiceListView = ListView


class InvoiceList(LoginRequiredMixin, ScopeRequiredMixin, InvoiceListView):
    """The invoices that one may see; a customer's own, a colleague's all."""

    scope_required = "invoices:read"
    template_name = "invoices/list.html"
    context_object_name = "invoices"
    paginate_by = 10

    def get_queryset(self) -> InvoiceQuerySet:
        """Return what may be seen, cut down to the status asked for if it is one."""
        found = Invoice.objects.visible_to(get_auth(self.request)).with_total().newest_first()
        chosen = found.filter(status=self.status) if self.status else found
        return chosen.select_related("customer")

    @property
    def status(self) -> str:
        """The status asked for in the address, empty for all and for what is none."""
        asked = self.request.GET.get("status", "")
        return asked if asked in Invoice.Status.values else ""

    def paginate_queryset(self, queryset: Any, page_size: int) -> tuple[Any, Any, Any, bool]:
        """Show the nearest page instead of a 404 for a page number that is none."""
        paginator = self.get_paginator(queryset, page_size)
        page = paginator.get_page(self.request.GET.get("page"))
        return paginator, page, page.object_list, page.has_other_pages()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the choices of status."""
        return super().get_context_data(status=self.status, statuses=Invoice.Status.choices, **kwargs)


@login_required
@scope_required("invoices:read")
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one invoice. One that is another's looks like one that does not exist."""
    visible = Invoice.objects.visible_to(get_auth(request)).with_total().select_related("customer")
    return render(request, "invoices/detail.html", {"invoice": get_object_or_404(visible, pk=pk)})


@login_required
@scope_required("invoices:write")
def create(request: HttpRequest) -> HttpResponse:
    """Show the form of a new invoice, and save what it says."""
    data = request.POST if request.method == "POST" else None
    head, lines = InvoiceForm(data), LineFormSet(data, prefix="lines")
    if request.method == "POST" and head.is_valid() & lines.is_valid():
        try:
            return redirect(save_invoice(head, list(lines)))
        except ValidationError as error:
            head.add_error(None, error)
    status = 422 if request.method == "POST" else 200
    return render(request, "invoices/create.html", {"head": head, "lines": lines}, status=status)
