"""A shop with a button, and the admin of those who buy there."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import include, path
from django.utils.html import escape

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title></head>
<body><main><h1>{{ request.user }}'s shop</h1><form method="post">{% csrf_token %}<button>Buy</button></form></main>
</body></html>"""


LONG = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Long</title>
<meta name="viewport" content="width=device-width"></head>
<body><main><h1>{{ request.user }}'s list</h1>{% for n in "x"|rjust:200 %}<p>Line</p>{% endfor %}</main>
</body></html>"""
TAGGED = """{% load sessionauth %}<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Tagged</title></head>
<body>{% impersonation_banner %}<main><h1>{{ request.user }}'s page</h1></main></body></html>"""


def shown(template: str) -> Callable[[HttpRequest], HttpResponse]:
    return lambda request: HttpResponse(engines["django"].from_string(template).render({}, request))


def shop(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return HttpResponse(f"<p>{escape(request.user)} bought</p>")
    return shown(PAGE)(request)


urlpatterns = [
    path("admin/", admin.site.urls),
    path("account/", include("sessionauth.urls")),
    path("shop/", shop, name="shop"),
    path("long/", shown(LONG)),
    path("tagged/", shown(TAGGED)),
]
