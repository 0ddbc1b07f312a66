"""The endpoints. Who may ask what stands above each function; nothing below it looks at headers or keys."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from invoices.api.payload import create_invoice, read_json
from invoices.api.problems import Problem, problem
from invoices.models import Customer, Invoice
from sessionauth import aget_auth, get_auth
from sessionauth.decorators import auth_method_required, scope_required
from sessionauth.openapi import security_schemes

PAGE = 50


def health(request: HttpRequest) -> HttpResponse:
    """Answer that the site is up, and look at nobody for it."""
    return JsonResponse({"status": "ok"})


def whoami(request: HttpRequest) -> HttpResponse:
    """Tell who this request is; also to nobody."""
    auth = get_auth(request)
    return JsonResponse(
        {
            "authenticated": auth.is_authenticated,
            "user": None if auth.user.is_anonymous else auth.user.email,
            "name": auth.display_name,
            "method": auth.method,
            "state": auth.state.name.lower(),
            "scopes": sorted(auth.scopes),
            "credential": None if auth.credential is None else str(auth.credential),
        }
    )


@scope_required("invoices:read")
def list_invoices(request: HttpRequest) -> HttpResponse:
    """List the newest invoices that this request may see."""
    found = Invoice.objects.visible_to(get_auth(request)).with_total().newest_first().select_related("customer")[:PAGE]
    return JsonResponse({"invoices": [_document(invoice) for invoice in found]})


@scope_required("invoices:write")
def add_invoice(request: HttpRequest) -> HttpResponse:
    """Create an invoice as a draft."""
    invoice = create_invoice(read_json(request))
    made = Invoice.objects.with_total().select_related("customer").get(pk=invoice.pk)
    answer = JsonResponse(_document(made), status=201)
    answer.headers["Location"] = f"{request.path}/{invoice.pk}"
    return answer


@scope_required("invoices:read")
def show_invoice(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one invoice with its lines. One that exists and is another's looks like one that does not."""
    found = Invoice.objects.visible_to(get_auth(request)).with_total().select_related("customer")
    try:
        invoice = found.get(pk=pk)
    except Invoice.DoesNotExist:
        raise Problem(404, "There is no such invoice.") from None
    lines = [
        {"description": line.description, "quantity": line.quantity, "unit_price": str(line.unit_price)}
        for line in invoice.lines.all()
    ]
    return JsonResponse(_document(invoice) | {"lines": lines})


@scope_required("invoices:read")
async def totals(request: HttpRequest) -> HttpResponse:
    """Count the invoices that this request may see, without leaving the event loop."""
    visible = await Invoice.objects.avisible_to(await aget_auth(request))
    return JsonResponse(
        {
            "invoices": await visible.acount(),
            "unpaid": await visible.unpaid().acount(),
            "overdue": await visible.overdue(timezone.localdate()).acount(),
        }
    )


@auth_method_required("partner")
def partner_summary(request: HttpRequest) -> HttpResponse:
    """Tell a partner's system about the customers it sent us. Only its own signature opens this address."""
    auth = get_auth(request)
    sent = Customer.objects.filter(sent_by=auth.user)
    paid = Invoice.objects.filter(customer__in=sent, status=Invoice.Status.PAID)
    return JsonResponse({"partner": auth.display_name, "customers": sent.count(), "paid_invoices": paid.count()})


def openapi(request: HttpRequest) -> HttpResponse:
    """Describe how one may sign in here, in the words of OpenAPI."""
    return JsonResponse({"openapi": "3.1.0", "components": {"securitySchemes": security_schemes()}})


def missing(request: HttpRequest, **captured: Any) -> HttpResponse:
    """Answer for every address of the API that does not exist."""
    return problem(404, "Not found", "The API has no such address.")


def _document(invoice: Any) -> dict[str, Any]:
    return {
        "id": invoice.pk,
        "number": invoice.number,
        "customer": invoice.customer.name,
        "state": invoice.state,
        "issued": invoice.issued.isoformat(),
        "due": invoice.due.isoformat(),
        "total": f"{invoice.total:.2f}",
    }
