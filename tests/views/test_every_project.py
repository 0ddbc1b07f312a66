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
