"""Where the pages are, and what people do on them."""

from __future__ import annotations

import re

from django.contrib.auth.models import Permission

from sessionauth.models import Impersonation

AUTHENTICATION = "sessionauth.middleware.AuthenticationMiddleware"
IMPERSONATION = "sessionauth.impersonation.middleware.ImpersonationMiddleware"
STATUS, STOP = "/account/impersonation/", "/account/impersonation/stop/"
EXTEND, UPGRADE = "/account/impersonation/extend/", "/account/impersonation/upgrade/"
ENDED, BY_NAME = "/account/impersonation/ended/", "/account/impersonate/"
WHY = {"reason": "ticket 7"}
HTML, JSON = {"accept": "text/html"}, {"accept": "application/json"}


def permit(user, *names):
    user.user_permissions.add(*Permission.objects.filter(codename__in=names))


def of(user):
    return f"/account/impersonate/{user.pk}/"


def begin(client, user, query="", **more):
    answer = client.post(of(user) + query, {**WHY, **more})
    assert answer.status_code == 303, answer.content
    return Impersonation.objects.get(ended_at=None)


def who(client):
    return client.get("/whoami/").json()["user"]


def end_of(row):
    row.refresh_from_db()
    return row.end_reason


def token_on(client, address):
    return re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', client.get(address).text)[1]
