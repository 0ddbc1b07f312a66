"""The mixin for user models, and how to address a user that has it not."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models
from django.utils.functional import SimpleLazyObject

from sessionauth import alogout_everywhere, logout_everywhere
from sessionauth.base_user import SessionAuthUserMixin, display_name
from sessionauth.models import LoginSession
from sessionauth.signals import logged_out_everywhere
from tests.project.run import run_in_project


class Named:
    def __init__(self, **answers):
        for name, answer in answers.items():
            setattr(self, name, lambda answer=answer: answer)

    def __str__(self):
        return "str"


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        (Named(get_display_name="D", get_full_name="F"), "D"),
        (Named(get_display_name=""), ""),
        (Named(get_full_name="F", get_short_name="S"), "F"),
        (Named(get_full_name=" ", get_short_name="S"), "S"),
        (Named(get_username="U"), "U"),
        (Named(), "str"),
        (None, ""),
    ],
)
def test_display_name__is_the_first_there_is(user, expected):
    assert display_name(user) == expected


CODE = """
from django.contrib.auth import get_user_model
from django.test import Client
from sessionauth.models import LoginSession

Person = get_user_model()
ada = Person.objects.create_user("ada@example.org", "secret")
{body}
"""


def in_project(body):
    """Run `body` where the user model is built on the mixin, and return what it printed."""
    told = run_in_project(CODE.format(body=body), "tests.project.settings_uuid", migrate=True)
    assert told.stderr == ""
    return told.stdout.split()


@pytest.mark.once
def test_mixin__names_and_hashes():
    body = """
from django.contrib.auth.base_user import AbstractBaseUser
import uuid
print(ada.get_id() == str(ada.pk), isinstance(ada.pk, uuid.UUID), ada.get_display_name(), ada.get_scopes())
print(ada.get_hashed_password() == ada.password)
print(ada.get_session_auth_hash() == AbstractBaseUser.get_session_auth_hash(ada))
print(list(ada.get_session_auth_fallback_hash()))
settings.SECRET_KEY_FALLBACKS = ["old" * 20]
before = [ada.get_session_auth_hash(), *ada.get_session_auth_fallback_hash()]
ada.session_identity = "x"
after = [ada.get_session_auth_hash(), *ada.get_session_auth_fallback_hash()]
print(len(set(before + after)))
ada.pk = None
try:
    ada.get_id()
except ValueError:
    print("ValueError")
"""
    assert in_project(body) == ["True", "True", "ada@example.org", "[]", "True", "True", "[]", "4", "ValueError"]


@pytest.mark.once
def test_mixin__logout_everywhere_rotates_the_identity_and_ends_all():
    body = """
from asgiref.sync import async_to_sync
browser = Client()
for act in (ada.logout_everywhere, async_to_sync(ada.alogout_everywhere)):
    browser.force_login(Person.objects.get())
    print(browser.get("/whoami/").json()["user"])
    before = ada.session_identity
    act()
    print(before != ada.session_identity == Person.objects.get().session_identity, len(ada.session_identity))
    print(browser.get("/whoami/").json()["user"])
print(LoginSession.objects.filter(revoked_at=None).count())
"""
    once = ["ada@example.org", "True", "32", "None"]
    assert in_project(body) == [*once, *once, "0"]


@pytest.mark.django_db
@pytest.mark.parametrize("act", [logout_everywhere, async_to_sync(alogout_everywhere)], ids=["sync", "async"])
def test_logout_everywhere__works_without_the_mixin(act, make_user, client):
    alice = make_user("alice")
    client.force_login(alice)
    told = []

    def hear(sender, user, reason, **kwargs):
        told.append((sender, user, reason))

    logged_out_everywhere.connect(hear)
    try:
        act(SimpleLazyObject(lambda: alice), "lost")
    finally:
        logged_out_everywhere.disconnect(hear)
    assert told == [(get_user_model(), alice, "lost")]  # the model, not the type of a lazy `request.user`
    assert set(LoginSession.objects.values_list("revoked_reason", flat=True)) == {"lost"}


def test_mixin__is_abstract_and_adds_one_field():
    assert SessionAuthUserMixin._meta.abstract
    assert [field.name for field in SessionAuthUserMixin._meta.local_fields] == ["session_identity"]
    assert issubclass(SessionAuthUserMixin, models.Model)
    assert not issubclass(SessionAuthUserMixin, AbstractBaseUser)
