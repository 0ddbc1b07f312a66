"""The view that signs in, behind django-ratelimit, by address and by name."""

from __future__ import annotations

from django.conf import settings
from django.urls import path
from django_ratelimit.decorators import ratelimit

from benchmarks.kits import base, logins

RATE = getattr(settings, "BENCH_RATE", "1000000/h")
by_name = ratelimit(key="post:username", rate=RATE, method="POST", block=True)
by_address = ratelimit(key="ip", rate="1000000/h", method="POST", block=True)

urlpatterns = [*base.urlpatterns, path("sign-in/", by_address(by_name(logins.sign_in)))]
CASES = logins.CASES
