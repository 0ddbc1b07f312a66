"""Credentials and sign-ins of users who are gone: our foreign keys have no constraint in the database."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model

from sessionauth.models import AccessToken, APIKey, LoginSession

pytestmark = pytest.mark.django_db


def delete_behind_our_back(user):
    get_user_model()._base_manager.filter(pk=user.pk)._raw_delete(using="default")


@pytest.mark.parametrize("model", [APIKey, AccessToken])
def test_secret_of_a_user_who_is_gone__is_refused_and_never_a_key_of_nobody(client, make_user, model):
    user = make_user("alice")
    _, secret = model.objects.issue(user=user)
    delete_behind_our_back(user)
    assert client.get("/whoami/", headers={"x-api-key": secret}).status_code == 401


def test_key_of_nobody__is_still_good(client, db):
    _, secret = APIKey.objects.issue(name="cron")
    assert client.get("/whoami/", headers={"x-api-key": secret}).json() == {"user": None}


def test_session_of_a_user_who_is_gone__is_nobodys(client, make_user):
    user = make_user("alice")
    client.force_login(user)
    delete_behind_our_back(user)
    assert client.get("/whoami/").json() == {"user": None}


def test_deleting_a_user__takes_their_records_along(make_user):
    user = make_user("alice")
    APIKey.objects.issue(user=user)
    AccessToken.objects.issue(user=user)
    LoginSession.objects.create(user=user, sid="x")
    user.delete()
    assert [model.objects.count() for model in (APIKey, AccessToken, LoginSession)] == [0, 0, 0]
