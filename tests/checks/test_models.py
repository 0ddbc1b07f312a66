"""The user model, and models of credentials. They are made and thrown away again: the checks ask no table."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.apps.registry import Apps
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AbstractUser, Group, User
from django.db import models

from sessionauth.base_user import SessionAuthUserMixin
from sessionauth.checks import models as model_checks
from sessionauth.models import AbstractAPIKey, AbstractCredential, APIKey
from tests.checks.asking import code_of, codes, hint

pytestmark = pytest.mark.once


def model(*bases: type[Any], **members: Any) -> Any:
    """A model that no other test sees, of the members `members`."""
    meta = members.pop("Meta", object)
    options = {"app_label": "somewhere", "apps": Apps()}
    members["Meta"] = type("Meta", (meta,), options)
    return type("Some", bases, {"__module__": __name__, **members})


def to(target: Any, **options: Any) -> models.ForeignKey[Any, Any]:
    return models.ForeignKey(target, models.CASCADE, related_name="+", **options)


def told(messages: Any) -> list[str]:
    return sorted(code_of(message) for message in messages)


class Behind(AbstractBaseUser, SessionAuthUserMixin):
    class Meta:
        abstract = True


class Before(SessionAuthUserMixin, AbstractUser):
    class Meta:
        abstract = True


class Bare(SessionAuthUserMixin):
    class Meta:
        abstract = True


@pytest.mark.parametrize(("user", "expected"), [(Before, []), (User, []), (Behind, ["E080"]), (Bare, ["E080"])])
def test_mixin(user, expected):
    assert told(model_checks.mixin(user)) == expected


def test_mixin__behind_django_s_base_is_never_asked():
    identity = {"password": "", "session_identity": "x"}
    assert Behind.get_session_auth_hash is AbstractBaseUser.get_session_auth_hash
    assert identity.keys() <= {field.name for field in model(Behind, USERNAME_FIELD="id")._meta.fields}


def key(**members: Any) -> Any:
    """A key of its own kind, which is nobody's."""
    return model(AbstractAPIKey, **{"kind": "org", "user_path": None, "Meta": AbstractAPIKey.Meta} | members)


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        (["org", "key"], []),
        (["org", "org"], ["E081"]),
        (["org", "Org"], ["E082"]),
        (["a_b", "", None, 5, "a" * 17], ["E082"] * 5),
    ],
)
def test_kinds(kinds, expected):
    assert told(model_checks.kinds([key(kind=kind) for kind in kinds])) == expected


def test_kinds__none_at_all():
    assert told(model_checks.kinds([model(AbstractCredential, Meta=AbstractCredential.Meta)])) == ["E082"]


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, []),
        ({"user_path": "owner", "owner": to(User)}, []),
        ({"user_path": "entry__user", "entry": to("admin.LogEntry")}, []),
        ({"user_path": "user"}, ["E083"]),
        ({"user_path": "name"}, ["E083"]),
        ({"user_path": "group", "group": to(Group)}, ["E083"]),
        ({"user_path": "entry__action_flag", "entry": to("admin.LogEntry")}, ["E083"]),
        ({"user_path": ""}, ["E083"]),
        ({"user_path": 5}, ["E083"]),
        ({"objects": models.Manager()}, ["E084"]),
        ({"Meta": object}, ["W085"]),
    ],
)
def test_lookup(members, expected):
    own = key(**{name: _of_this_registry(member) for name, member in members.items()})
    assert told(model_checks.lookup(own)) == expected


def _of_this_registry(member: Any) -> Any:
    """Replace a lazy "app.Model" by the model: the registry of a thrown-away model does not know it."""
    if isinstance(member, models.ForeignKey) and isinstance(member.remote_field.model, str):
        return to(apps.get_model(member.remote_field.model))
    return member


def test_credential_models__of_the_project_are_looked_at(monkeypatch):
    monkeypatch.setattr(APIKey, "kind", "pat")
    assert codes() == ["E081"]
    monkeypatch.setattr(APIKey, "kind", "key")
    monkeypatch.setattr(APIKey, "user_path", "owner")
    assert codes() == ["E083"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (["username"], []),
        (("username", "email"), ["W088"]),
        ([], ["E086"]),
        (["usrname"], ["E087"]),
        (["groups"], ["E087"]),
        (["email__iexact"], ["E087"]),
        (["logentry__object_id"], ["E087"]),
    ],
)
def test_login_fields(fields, expected):
    assert codes(SESSIONAUTH_LOGIN_FIELDS=fields) == expected


def test_login_fields__a_misspelt_one_is_guessed():
    assert hint("E087", SESSIONAUTH_LOGIN_FIELDS=["usrname"]).startswith("Did you mean username? ")
    assert hint("E087", SESSIONAUTH_LOGIN_FIELDS=["groups"]).startswith("Name fields of the user model itself")


def test_login_fields__unique_by_a_constraint(monkeypatch):
    constraint = models.UniqueConstraint(fields=["email"], name="unique_email")
    monkeypatch.setattr(get_user_model()._meta, "constraints", [constraint])
    monkeypatch.delitem(get_user_model()._meta.__dict__, "total_unique_constraints", raising=False)
    assert codes(SESSIONAUTH_LOGIN_FIELDS=["username", "email"]) == []
    monkeypatch.delitem(get_user_model()._meta.__dict__, "total_unique_constraints", raising=False)
