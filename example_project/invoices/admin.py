"""Customers and invoices in the stock admin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin

from invoices.models import Customer, Invoice, Line

if TYPE_CHECKING:
    CustomerBase = admin.ModelAdmin[Customer]
    InvoiceBase = admin.ModelAdmin[Invoice]
    LineBase = admin.TabularInline[Line, Invoice]
else:
    CustomerBase = InvoiceBase = admin.ModelAdmin
    LineBase = admin.TabularInline


class LineInline(LineBase):
    """The lines, edited on the page of their invoice."""

    model = Line
    extra = 1


class CustomerAdmin(CustomerBase):
    """Customers by name."""

    list_display = ("name", "city", "user")
    list_select_related = ("user",)
    search_fields = ("name", "city")


class InvoiceAdmin(InvoiceBase):
    """Invoices, newest first."""

    list_display = ("__str__", "customer", "status", "issued", "due")
    list_filter = ("status",)
    list_select_related = ("customer",)
    inlines = (LineInline,)


admin.site.register(Customer, CustomerAdmin)
admin.site.register(Invoice, InvoiceAdmin)
