"""The way of a person through the pages, whatever the user model and whatever keeps the sessions."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth import get_user_model

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.account_urls"), pytest.mark.every_project]


def test_a_way_through_the_pages(client, make_user, password, mailoutbox):
    alice = make_user("alice")
    name = alice.get_username()
    assert client.post("/account/login/", {"username": name, "password": "wrong"}).status_code == 200
    right = {"username": name, "password": password, "remember": "on"}
    assert client.post("/account/login/", right).status_code == 302
    told = client.get("/account/session/").json()
    assert (told["user"]["id"], told["state"]) == (str(alice.pk), "fresh")
    assert client.post("/account/confirm/", {"password": password}).status_code == 302
    assert "This one" in client.get("/account/devices/").text
    new = {"new_password1": "another horse entirely", "new_password2": "another horse entirely"}
    assert client.post("/account/password/", {"old_password": password, **new}).status_code == 302
    assert client.get("/account/session/").json()["user"]["id"] == str(alice.pk)
    assert client.post("/account/devices/all/end/").status_code == 302
    assert client.get("/account/session/").json()["user"] is None
    address = getattr(alice, get_user_model().get_email_field_name())
    client.post("/account/password/reset/", {"email": address})
    form = client.get(re.search(r"http://testserver(/\S+)", mailoutbox[-1].body)[1])["Location"]
    assert client.post(form, dict.fromkeys(new, password)).status_code == 302
    assert client.post("/account/login/", right).status_code == 302


def test_a_way_through_keys_and_tokens(client, make_user, password):
    alice = make_user("alice")
    client.post("/account/login/", {"username": alice.get_username(), "password": password})
    fields = {"name": "Nightly", "kind": "key", "lifetime": "7", "access": "all"}
    fields["_ticket"] = re.search(r'name="_ticket" value="([^"]+)"', client.get("/account/keys/new/").text)[1]
    secret = re.search(r"sa_key_\w{38}", client.post("/account/keys/new/", fields).text)[0]
    assert client.post("/account/keys/new/", fields).status_code == 409
    assert "Nightly" in client.get("/account/keys/").text
    api, json = "/api/auth/", "application/json"
    assert client.get(f"{api}token/", headers={"x-api-key": secret}).json()["user"]["id"] == str(alice.pk)
    told = client.post(f"{api}token/", {"username": alice.get_username(), "password": password}, json).json()
    told = client.post(f"{api}token/refresh/", {"refresh_token": told["refresh_token"]}, json).json()
    mine = {"authorization": f"Bearer {told['access_token']}"}
    key = client.get(f"{api}keys/", headers=mine).json()["keys"][0]
    assert client.delete(f"{api}keys/{key['id']}/", headers=mine).status_code == 204
    assert client.get(f"{api}token/", headers={"x-api-key": secret}).status_code == 401
    assert client.post(f"{api}token/revoke/", {}, json, headers=mine).status_code == 204
    assert client.get(f"{api}token/", headers=mine).status_code == 401


def anybody(request, *, actor, target):
    return True


def test_a_way_there_and_back_as_somebody_else(client, make_user, settings, password):
    place = settings.MIDDLEWARE.index("sessionauth.middleware.AuthenticationMiddleware") + 1
    ours = "sessionauth.impersonation.middleware.ImpersonationMiddleware"
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:place], ours, *settings.MIDDLEWARE[place:]]
    settings.SESSIONAUTH_IMPERSONATION_GUARDS = [f"{__name__}.anybody"]
    alice, bob, why = make_user("alice"), make_user("bob"), {"reason": "ticket 7", "next": "/untouched/"}
    client.post("/account/login/", {"username": alice.get_username(), "password": password})
    for path, names in (
        (f"/account/impersonate/{bob.pk}/", {}),
        ("/account/impersonate/", {"user": bob.get_username()}),
    ):
        assert client.get(path).status_code == 200
        assert client.post(path, {**why, **names}).status_code == 303
        assert client.get("/account/session/").json()["user"]["id"] == str(bob.pk)
        assert client.post("/account/impersonation/extend/", {"reason": "still"}).status_code == 303
        assert client.post("/account/impersonation/stop/")["Location"] == "/untouched/"
        assert client.get("/account/session/").json()["user"]["id"] == str(alice.pk)
    for key in ("0", "x", "987654321", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "9" * 400, "%00"):
        assert client.get(f"/account/impersonate/{key}/").status_code == 404
