"""The customers and invoices with which the demo begins."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from django.db import transaction

from accounts.models import User
from invoices.models import Customer, Invoice, Line

#: (customer, place) — Alice's company first, then two that the partner sent, then others.
CUSTOMERS = (
    ("Aster & Daughters", "Bristol"),
    ("Briar Bakery", "Leeds"),
    ("Clover Cycles", "Utrecht"),
    ("Fennel Film Lab", "Porto"),
    ("Harebell Hostel", "Galway"),
)

#: (customer, status, issued how many days ago, due how many days after, lines of description, quantity, price)
INVOICES: tuple[tuple[int, str, int, int, tuple[tuple[str, int, str], ...]], ...] = (
    (0, "paid", 96, 30, (("Website care, quarter", 1, "450.00"),)),
    (1, "paid", 88, 14, (("Order system, set-up", 1, "1250.00"), ("Training, half a day", 2, "320.00"))),
    (2, "paid", 75, 14, (("Workshop calendar", 1, "980.00"),)),
    (4, "paid", 69, 14, (("Booking page", 1, "1480.00"), ("Photographs", 12, "18.50"))),
    (3, "sent", 52, 30, (("Film scanning portal, first half", 1, "2400.00"),)),
    (0, "sent", 47, 14, (("Newsletter, design and dispatch", 3, "145.00"),)),
    (1, "paid", 40, 14, (("Order system, care", 3, "95.00"),)),
    (2, "sent", 12, 30, (("Spare parts shop", 1, "1890.00"), ("Payment set-up", 1, "240.00"))),
    (0, "sent", 9, 30, (("Website care, quarter", 1, "450.00"), ("Accessibility review", 1, "380.00"))),
    (4, "sent", 6, 14, (("Booking page, care", 6, "85.00"),)),
    (3, "draft", 2, 30, (("Film scanning portal, second half", 1, "2400.00"),)),
    (1, "draft", 1, 14, (("Allergen labels", 40, "4.25"),)),
)


@transaction.atomic
def write_ledger(*, alice: User, partner: User, today: date) -> None:
    """Write customers and invoices, unless there are some.

    `alice` is the first customer, `partner` the user who stands for the system that sent the next two. Dates are
    counted back from `today`.
    """
    customers = [Customer.objects.get_or_create(name=name, defaults={"city": city})[0] for name, city in CUSTOMERS]
    Customer.objects.filter(pk=customers[0].pk, user=None).update(user=alice)
    Customer.objects.filter(pk__in=[customer.pk for customer in customers[1:3]], sent_by=None).update(sent_by=partner)
    if Invoice.objects.exists():
        return
    for place, status, age, days, lines in INVOICES:
        issued = today - timedelta(days=age)
        invoice = Invoice.objects.create(
            customer=customers[place], status=status, issued=issued, due=issued + timedelta(days=days)
        )
        for description, quantity, price in lines:
            Line.objects.create(invoice=invoice, description=description, quantity=quantity, unit_price=Decimal(price))
