"""What an invoice must be, for the page and for the API alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.forms import BaseFormSet, formset_factory

from invoices.models import Customer, Invoice, Line

if TYPE_CHECKING:
    InvoiceFormBase = forms.ModelForm[Invoice]
    LineFormBase = forms.ModelForm[Line]
else:
    InvoiceFormBase = LineFormBase = forms.ModelForm


class InvoiceForm(InvoiceFormBase):
    """The head of an invoice."""

    customer = forms.ModelChoiceField(Customer.objects.all(), empty_label="Choose a customer")

    class Meta:
        model = Invoice
        fields = ("customer", "due")
        widgets = {"due": forms.DateInput({"type": "date"}, format="%Y-%m-%d")}
        labels = {"due": "Due on"}


class LineForm(LineFormBase):
    """One line of an invoice."""

    class Meta:
        model = Line
        fields = ("description", "quantity", "unit_price")
        labels = {"unit_price": "Price each"}


LineFormSet: type[BaseFormSet[LineForm]] = formset_factory(
    LineForm, extra=3, max_num=20, absolute_max=20, validate_max=True
)


class SearchForm(forms.Form):
    """Which customers to show."""

    q = forms.CharField(label="Name, place or e-mail address", max_length=100, required=False)


def save_invoice(head: InvoiceForm, lines: list[LineForm]) -> Invoice:
    """Save a valid head and its valid lines, or nothing at all. Raises ValidationError without any line."""
    written = [form for form in lines if form.has_changed()]
    if not written:
        raise ValidationError("An invoice needs at least one line.", code="no_lines")
    with transaction.atomic():
        invoice = head.save()
        for form in written:
            form.instance.invoice = invoice
            form.save()
    return invoice
