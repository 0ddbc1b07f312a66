"""Figures about invoices. No view here asks for a login: the path is protected in the settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from invoices.models import Invoice
from sessionauth import aget_auth, get_auth


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the chart; `percent` is its length."""

    state: str
    count: int
    total: Decimal
    percent: int


def figures(request: HttpRequest) -> HttpResponse:
    """Show what the invoices one may see sum up to."""
    invoices = Invoice.objects.visible_to(get_auth(request)).with_total()
    return render(request, "reports/figures.html", {"bars": _bars(invoices)})


async def live(request: HttpRequest) -> HttpResponse:
    """Show the same figures, from an asynchronous view."""
    auth = await aget_auth(request)
    visible = await Invoice.objects.avisible_to(auth)
    bars = _bars([invoice async for invoice in visible.with_total()])
    allowed = await auth.ahas_scope("invoices:write")
    context = {"bars": bars, "name": auth.display_name, "may_write": allowed, "moment": timezone.now()}
    # The template asks for permissions, which are read from the database: that belongs in a thread.
    return await sync_to_async(render)(request, "reports/live.html", context)


def explained(request: HttpRequest) -> HttpResponse:
    """Explain the figures to everybody."""
    return render(request, "reports/help.html")


def _bars(invoices: Sequence[Any] | Any) -> list[Bar]:
    sums: dict[str, list[Decimal]] = {"draft": [], "sent": [], "overdue": [], "paid": []}
    for invoice in invoices:
        sums[invoice.state].append(invoice.total)
    totals = {state: sum(amounts, Decimal(0)) for state, amounts in sums.items()}
    longest = max(totals.values()) or Decimal(1)
    return [Bar(state, len(sums[state]), total, int(100 * total / longest)) for state, total in totals.items()]
