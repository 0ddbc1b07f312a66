"""Customers, their invoices and the lines on them."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone

from invoices.querysets import InvoiceQuerySet


class Customer(models.Model):
    """A company that gets invoices; whoever signs in for it is its `user`."""

    name = models.CharField(max_length=120)
    city = models.CharField(max_length=80, blank=True)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="customer"
    )
    #: The partner that sent this customer to us: the user who stands for its system, see partner.py.
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="sent_customers"
    )

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Invoice(models.Model):
    """What a customer is asked to pay."""

    class Status(models.TextChoices):
        """How far an invoice has come."""

        DRAFT = "draft", "Draft"
        SENT = "sent", "Sent"
        PAID = "paid", "Paid"

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="invoices")
    status = models.CharField(max_length=5, choices=Status.choices, default=Status.DRAFT)
    issued = models.DateField(default=timezone.localdate)
    due = models.DateField()

    objects: ClassVar = InvoiceQuerySet.as_manager()

    class Meta:
        ordering = ("-issued", "-pk")

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        """Return the address of its page."""
        return reverse("invoices:detail", args=[self.pk])

    @property
    def number(self) -> str:
        """The number printed on the invoice."""
        return f"INV-{self.pk:04}"

    @property
    def state(self) -> str:
        """The status, or `overdue`, which follows from the date and is stored nowhere."""
        if self.status == self.Status.SENT and self.due < timezone.localdate():
            return "overdue"
        return str(self.status)


class Line(models.Model):
    """One line of an invoice."""

    invoice = models.ForeignKey(Invoice, models.CASCADE, related_name="lines")
    description = models.CharField(max_length=200)
    quantity = models.PositiveIntegerField(default=1, validators=[MinValueValidator(1), MaxValueValidator(9999)])
    unit_price = models.DecimalField(max_digits=9, decimal_places=2, validators=[MinValueValidator(Decimal(0))])

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.description

    @property
    def amount(self) -> Decimal:
        """What this line adds to the total."""
        return self.quantity * self.unit_price
