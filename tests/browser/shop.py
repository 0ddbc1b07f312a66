"""A shop with a button, and the admin of those who buy there."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import include, path
from django.utils.html import escape

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title></head>
<body><main><h1>{{ request.user }}'s shop</h1><form method="post">{% csrf_token %}<button>Buy</button></form></main>
</body></html>"""


def shop(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return HttpResponse(f"<p>{escape(request.user)} bought</p>")
    return HttpResponse(engines["django"].from_string(PAGE).render({}, request))


urlpatterns = [
    path("admin/", admin.site.urls),
    path("account/", include("sessionauth.urls")),
    path("shop/", shop, name="shop"),
]
