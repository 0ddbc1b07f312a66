"""URLs of a project that takes the API of keys and tokens as operations of Ninja."""

from __future__ import annotations

from django.urls import path
from ninja import NinjaAPI

from sessionauth.contrib.ninja import RequestAuth, install
from sessionauth.contrib.ninja.router import router
from tests.account_urls import urlpatterns as others

api = install(NinjaAPI(auth=RequestAuth(fresh=True), urls_namespace="credentials"))
api.add_router("", router)
urlpatterns = [path("api/auth/", api.urls), *others]
