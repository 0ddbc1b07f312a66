"""Keys and tokens as they are sent, and two ways to ask."""

from __future__ import annotations

from sessionauth.models import AccessToken, APIKey
from tests.asking import Sent, ask

NOTHING = Sent()


def key(user, scopes=None, **fields):
    return Sent({"X-Api-Key": APIKey.objects.issue(user=user, scopes=scopes, **fields)[1]})


def token(user, scopes=None, **fields):
    return Sent({"Authorization": f"Bearer {AccessToken.objects.issue(user=user, scopes=scopes, **fields)[1]}"})


CARRIERS = {"key": key, "token": token}


def both(path, sent=NOTHING, method="GET", **options):
    """Ask under WSGI and ASGI, assert that both answer alike, and return the answer."""
    answers = {way: ask(way, path, sent, method, **options) for way in ("wsgi", "asgi")}
    seen = {(answer.status, answer.header("WWW-Authenticate"), answer.body) for answer in answers.values()}
    assert len(seen) == 1, (path, seen)
    return answers["wsgi"]
