"""What an actor holds, asked along with the target: the same as has_perm() says, or not asked at all."""

from __future__ import annotations

import itertools

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AbstractUser, Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.test import AsyncClient, Client
from django.utils import timezone

from sessionauth.impersonation import brought, held
from sessionauth.impersonation.rules import IMPERSONATE
from sessionauth.models import Impersonation
from tests.impersonation.conftest import Browser

pytestmark = pytest.mark.django_db


class Wary(ModelBackend):
    """Lets nobody impersonate."""

    def has_perm(self, user_obj, perm, obj=None):
        return perm != "sessionauth.impersonate" and super().has_perm(user_obj, perm, obj)


class Generous(ModelBackend):
    """Has permissions from elsewhere."""

    def get_group_permissions(self, user_obj, obj=None):
        return {"sessionauth.impersonate"}


def permission(name):
    return Permission.objects.get(content_type__app_label="sessionauth", codename=name.split(".")[1])


def told(actor):
    """Return what the query says that `actor` holds."""
    found = get_user_model()._base_manager.filter(pk=actor.pk).annotate(**held.question(actor)).get()
    return held.answer(actor, found)


def test_held__is_what_has_perm_says(rf, make_user, alice):
    """Every permission by oneself, by one group, by two, by both, or not."""
    groups = [Group.objects.create(name=str(n)) for n in range(3)]
    row = Impersonation.objects.create(target=alice, expires_at=timezone.now())
    for n, ways in enumerate(itertools.product(range(4), repeat=3)):
        actor = make_user(f"actor{n}")
        for way, name, group in zip(ways, held.BITS, groups, strict=True):
            if way & 1:
                actor.user_permissions.add(permission(name))
            if way & 2:
                group.permissions.add(permission(name))
                actor.groups.add(group)
        actor = get_user_model().objects.get(pk=actor.pk)
        holds = {name for name in held.BITS if actor.has_perm(name)}
        assert told(actor) == holds
        assert held.answer(actor, held.find(rf.get("/"), row.pk, actor).target) == holds


def test_held__by_one_name_of_two_models_counts_once(make_user):
    """Twice the one bit would be the next: whoever may impersonate would be among those who may impersonate staff."""
    actor, own = make_user("actor"), permission(IMPERSONATE)
    others = ContentType.objects.filter(app_label="sessionauth").exclude(pk=own.content_type_id)
    for kind in others[:2]:
        actor.user_permissions.add(Permission.objects.create(content_type=kind, codename=own.codename))
    actor.user_permissions.add(own)
    assert told(actor) == {IMPERSONATE}


def test_held__is_everything_for_a_superuser(root):
    assert held.question(root) == {}
    assert told(root) == held.ALL


def test_held__of_others_says_nothing(make_user):
    actor, other = make_user("actor"), make_user("other")
    for name in held.BITS:
        other.user_permissions.add(permission(name))
    assert told(actor) == frozenset()


@pytest.mark.parametrize(
    "backends",
    [
        ["tests.impersonation.test_held.Wary"],
        ["tests.impersonation.test_held.Generous", "django.contrib.auth.backends.ModelBackend"],
        ["django.contrib.auth.backends.RemoteUserBackend", "tests.impersonation.test_held.Generous"],
        ["sessionauth.backends.SessionAuthBackend"],
    ],
)
def test_held__is_not_asked_where_others_have_a_say(settings, make_user, backends):
    settings.AUTHENTICATION_BACKENDS = backends
    assert held.question(make_user("actor")) == {}
    assert told(make_user("another")) is None


def test_held__is_not_asked_of_users_with_a_has_perm_of_their_own():
    own = type("Own", (), {"has_perm": lambda *_: True})
    assert held.is_djangos(get_user_model())
    assert not held.is_djangos(own)

    class Mine(AbstractUser):
        def has_perm(self, perm, obj=None):
            return True

        class Meta:
            abstract = True

    assert not held.is_djangos(Mine)


def test_held__is_asked_without_compiling_it_anew(rf, make_user, alice, monkeypatch):
    actor = make_user("actor")
    row = Impersonation.objects.create(target=alice, expires_at=timezone.now())
    held.find(rf.get("/"), row.pk, actor)
    brought.with_actor(row.pk, actor.pk, "sid")
    monkeypatch.setattr(held, "question_of", None)
    monkeypatch.setattr(brought, "question_of", None)
    assert brought.with_actor(row.pk, actor.pk, "sid") is None  # it is not theirs
    assert held.answer(actor, held.find(rf.get("/"), row.pk, actor).target) == frozenset()


def test_held__of_who_comes_without_a_session_is_not_compiled_anew_either(rf, make_user, alice, monkeypatch):
    actor, request = make_user("actor"), rf.get("/")
    actor.user_permissions.add(permission("sessionauth.impersonate"))
    row = Impersonation.objects.create(actor=actor, target=alice, expires_at=timezone.now())

    def ways():
        target = held.named(request, alice.pk, actor)
        return (target, held.answer(actor, target)), held.actor_of(request, row)

    assert held.named(request, 2**70, actor) is None  # in no column
    first = ways()
    monkeypatch.setattr(held, "question_of", None)
    assert ways() == first == ((alice, {"sessionauth.impersonate"}), (actor, {"sessionauth.impersonate"}))
    assert held.named(request, 0, actor) is None


def nobody(request):
    return get_user_model().objects.none()


def test_held__is_of_those_alone_whom_the_queryset_shows(rf, make_user, alice, settings):
    settings.SESSIONAUTH_USER_QUERYSET = f"{__name__}.nobody"
    actor = make_user("actor")
    row = Impersonation.objects.create(actor=actor, target=alice, expires_at=timezone.now())
    assert held.named(rf.get("/"), alice.pk, actor) is None
    assert held.actor_of(rf.get("/"), row) == (None, None)


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_cost__of_nobody_who_impersonates(root, is_async, django_assert_num_queries):
    client = (AsyncClient if is_async else Client)()
    client.force_login(root, "django.contrib.auth.backends.ModelBackend")
    with django_assert_num_queries(0):
        answer = async_to_sync(client.get)("/untouched/") if is_async else client.get("/untouched/")
    assert (answer.status_code, answer.get("Vary"), len(answer.cookies)) == (200, None, 0)


def test_permission__that_is_taken_away_ends_it(make_user, alice):
    actor = make_user("actor")
    actor.user_permissions.add(permission("sessionauth.impersonate"))
    browser = Browser()
    browser.client.force_login(actor, "django.contrib.auth.backends.ModelBackend")
    browser.begin(alice)
    actor.user_permissions.clear()
    browser.get("/who/")
    assert Impersonation.objects.get().end_reason == "permission_lost"
