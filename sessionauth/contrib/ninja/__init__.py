"""Ninja: authentication classes, confinement, answers, a throttle, and what the document says of all that.

api = install(NinjaAPI(auth=RequestAuth()))

@api.get("/notes", auth=Scope("notes.view_note"))
def notes(request): ...
"""

from __future__ import annotations

from sessionauth import confinement
from sessionauth.contrib.ninja.auth import AccessTokenAuth, APIKeyAuth, RequestAuth, Scope, SessionAuth
from sessionauth.contrib.ninja.installing import install
from sessionauth.contrib.ninja.operations import function_of
from sessionauth.contrib.ninja.reach import admission
from sessionauth.contrib.ninja.throttling import CredentialRateThrottle

confinement.ask(admission)
confinement.look_behind(function_of)

__all__ = [
    "APIKeyAuth",
    "AccessTokenAuth",
    "CredentialRateThrottle",
    "RequestAuth",
    "Scope",
    "SessionAuth",
    "install",
]
