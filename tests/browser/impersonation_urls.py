"""A small site for support: a list of customers, and a page of a customer's own with a form on it."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template import engines
from django.urls import include, path

from sessionauth.decorators import login_required
from tests.project.urls import urlpatterns as others

CUSTOMERS = """<!doctype html><html lang="en"><title>Customers</title><main><h1>Customers</h1><ul>
{% for user in users %}<li>
<a href="{% url 'sessionauth:impersonate' user.pk %}?next={{ request.get_full_path|urlencode }}">See as {{ user }}</a>
</li>{% endfor %}</ul></main></html>"""
NOTE = """<!doctype html><html lang="en"><title>Note</title><main><h1>Note of {{ request.user }}</h1>
<p>{{ request.session.note|default:"none" }}</p>
<form method="post">{% csrf_token %}<label>Note <input name="note"></label><button>Save</button></form>
<a href="{% url 'sessionauth:impersonation' %}">Who am I?</a></main></html>"""


def _page(request: HttpRequest, template: str, **context: object) -> HttpResponse:
    return HttpResponse(engines["django"].from_string(template).render(context, request))


@login_required
def customers(request: HttpRequest) -> HttpResponse:
    found = get_user_model().objects.filter(username__startswith=request.GET.get("q", ""), is_staff=False)
    return _page(request, CUSTOMERS, users=found)


@login_required
def note(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        request.session["note"] = request.POST["note"]
        return HttpResponseRedirect(request.path)
    return _page(request, NOTE)


urlpatterns = [
    path("customers/", customers),
    path("note/", note, name="note"),
    path("account/", include("sessionauth.urls")),
    *others,
]
