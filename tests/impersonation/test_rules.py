"""Who may impersonate whom: the matrix is the specification."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import AnonymousUser, Permission
from django.core.exceptions import PermissionDenied

from sessionauth.exceptions import ImpersonationDenied
from sessionauth.impersonation import rules
from tests.impersonation.conftest import Browser

pytestmark = pytest.mark.django_db

TARGETS = ("regular", "staff", "superuser", "inactive", "self")
#: Who may impersonate whom, by actor; columns as in TARGETS.
MATRIX = {
    "anonymous": (False, False, False, False, False),
    "regular": (False, False, False, False, False),
    "staff": (False, False, False, False, False),
    "impersonate": (True, False, False, False, False),
    "impersonate + impersonate_write": (True, False, False, False, False),
    "impersonate + impersonate_staff": (True, True, False, False, False),
    "impersonate_staff": (False, False, False, False, False),
    "impersonate_write": (False, False, False, False, False),
    "inactive superuser": (False, False, False, False, False),
    "superuser": (True, True, False, False, False),
}
CASES = [(actor, target, may) for actor, row in MATRIX.items() for target, may in zip(TARGETS, row, strict=True)]
FIELDS = {
    "staff": {"is_staff": True},
    "superuser": {"is_staff": True, "is_superuser": True},
    "inactive": {"is_active": False},
    "inactive superuser": {"is_superuser": True, "is_active": False},
}


def give(user, *codenames):
    found = Permission.objects.filter(content_type__app_label="sessionauth", codename__in=codenames)
    assert len(found) == len(codenames)
    user.user_permissions.set(found)


@pytest.fixture
def people(make_user):
    def find(actor, target):
        if actor == "anonymous":
            acting = AnonymousUser()
        else:
            acting = make_user("actor", **FIELDS.get(actor, {}))
            if "impersonate" in actor:
                give(acting, *actor.split(" + "))
        return acting, acting if target == "self" else make_user("target", **FIELDS.get(target, {}))

    return find


@pytest.fixture(params=["sync", "async"])
def allows(request):
    return rules.allows if request.param == "sync" else async_to_sync(rules.aallows)


@pytest.fixture(params=["sync", "async"])
def check(request):
    return rules.check if request.param == "sync" else async_to_sync(rules.acheck)


@pytest.fixture
def root(make_user):
    return make_user("root", is_superuser=True)


def refusal(check, rf, actor, target):
    with pytest.raises(ImpersonationDenied) as caught:
        check(rf.get("/"), actor, target)
    return caught.value


@pytest.mark.parametrize(("actor", "target", "may"), CASES)
def test_matrix(allows, rf, people, actor, target, may):
    assert allows(rf.get("/"), *people(actor, target)) is may


@pytest.mark.usefixtures("_site")
@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("actor", [actor for actor in MATRIX if actor not in {"anonymous", "inactive superuser"}])
def test_matrix__by_a_request(make_user, people, actor, is_async):
    acting, _ = people(actor, "self")
    for place, target in enumerate(TARGETS):
        chosen = acting if target == "self" else make_user(f"target{place}", **FIELDS.get(target, {}))
        browser = Browser(is_async)
        browser.client.force_login(acting, "django.contrib.auth.backends.ModelBackend")
        expected = (200, chosen.get_username()) if MATRIX[actor][place] else (403, acting.get_username())
        assert (browser.start(chosen).status_code, browser.who()["user"]) == expected, target


@pytest.mark.usefixtures("_site")
@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("actor", ["anonymous", "inactive superuser"])
def test_matrix__by_a_request_of_nobody(people, actor, is_async):
    acting, target = people(actor, "regular")
    browser = Browser(is_async)
    if actor != "anonymous":
        browser.client.force_login(acting, "django.contrib.auth.backends.ModelBackend")
    assert browser.start(target).status_code == 403
    assert browser.who()["user"] is None


def test_matrix__superusers_among_themselves_if_so_set(allows, rf, people, settings):
    settings.SESSIONAUTH_IMPERSONATION_SUPERUSERS = True
    assert allows(rf.get("/"), *people("superuser", "superuser"))


def test_matrix__a_superuser_of_nobody_else_even_if_so_set(allows, rf, people, settings):
    settings.SESSIONAUTH_IMPERSONATION_SUPERUSERS = True
    assert not allows(rf.get("/"), *people("impersonate + impersonate_staff", "superuser"))


@pytest.mark.parametrize(
    ("actor", "written"),
    [("impersonate", False), ("impersonate + impersonate_write", True), ("superuser", True), ("staff", False)],
)
def test_may_write(people, actor, written):
    acting, _ = people(actor, "regular")
    assert rules.may_write(acting) is written


# ---- the floor


def yes(request, *, actor, target):
    return True


async def ayes(request, *, actor, target):
    return True


def no(request, *, actor, target):
    return False


async def ano(request, *, actor, target):
    return False


def truthy(request, *, actor, target):
    return "no"


def silent(request, *, actor, target):
    return None


def explains(request, *, actor, target):
    raise PermissionDenied("Not on Sundays.")


async def aexplains(request, *, actor, target):
    raise PermissionDenied("Not on Sundays.")


def fails(request, *, actor, target):
    raise ZeroDivisionError


HERE = f"{__name__}."


@pytest.mark.parametrize("target", ["superuser", "inactive", "self"])
@pytest.mark.parametrize("guard", ["yes", "ayes"])
def test_floor__no_guard_loosens_it(allows, rf, people, settings, target, guard):
    settings.SESSIONAUTH_IMPERSONATION_GUARDS = [HERE + guard]
    assert not allows(rf.get("/"), *people("superuser", target))


def test_floor__without_any_guard(allows, rf, people, settings):
    settings.SESSIONAUTH_IMPERSONATION_GUARDS = []
    assert not allows(rf.get("/"), *people("regular", "superuser"))


def test_floor__the_switch(check, rf, root, make_user, settings):
    settings.SESSIONAUTH_IMPERSONATION_ENABLED = False
    assert refusal(check, rf, root, make_user()).code == "disabled"


@pytest.mark.parametrize("target", [None, AnonymousUser(), "alice"])
def test_floor__nobody_is_no_target(check, rf, root, target):
    assert refusal(check, rf, root, target).code == "unknown"


def test_floor__somebody_unsaved_is_no_target(check, rf, root, django_user_model):
    assert refusal(check, rf, root, django_user_model()).code == "unknown"


# ---- guards


@pytest.mark.parametrize("guard", ["yes", "ayes"])
def test_guards__that_agree(allows, rf, root, make_user, settings, guard):
    settings.SESSIONAUTH_IMPERSONATION_GUARDS = [HERE + guard]
    assert allows(rf.get("/"), root, make_user())


@pytest.mark.parametrize("guard", ["no", "ano", "silent", "truthy"])
@pytest.mark.parametrize("place", [0, 1])
def test_guards__one_that_does_not_is_enough(check, rf, root, make_user, settings, guard, place):
    guards = [HERE + "yes", HERE + "ayes"]
    guards.insert(place, HERE + guard)
    settings.SESSIONAUTH_IMPERSONATION_GUARDS = guards
    denial = refusal(check, rf, root, make_user())
    assert (denial.code, denial.guard) == ("guard", HERE + guard)
    assert str(denial) == f"guard: {HERE}{guard}"


@pytest.mark.parametrize("guard", ["explains", "aexplains"])
def test_guards__may_say_why(check, rf, root, make_user, settings, guard):
    settings.SESSIONAUTH_IMPERSONATION_GUARDS = [HERE + guard]
    assert refusal(check, rf, root, make_user()).public == "Not on Sundays."


def test_guards__one_that_fails_has_refused(check, rf, root, make_user, settings, caplog):
    settings.SESSIONAUTH_IMPERSONATION_GUARDS = [HERE + "fails"]
    assert refusal(check, rf, root, make_user()).code == "failed"
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize(("target", "may"), [({}, True), ({"is_staff": True}, False)])
def test_not_staff(allows, rf, root, make_user, settings, target, may):
    settings.SESSIONAUTH_IMPERSONATION_GUARDS = ["sessionauth.impersonation.rules.not_staff"]
    assert allows(rf.get("/"), root, make_user(**target)) is may


@pytest.mark.parametrize(("actor", "may"), [("superuser", True), ("staff", False)])
def test_superusers_only(allows, rf, people, settings, actor, may):
    settings.SESSIONAUTH_IMPERSONATION_GUARDS = ["sessionauth.impersonation.rules.superusers_only"]
    assert allows(rf.get("/"), *people(actor, "regular")) is may


@pytest.mark.parametrize(("held", "may"), [(["impersonate"], True), (["impersonate", "view_authevent"], False)])
def test_no_privilege_gain(allows, rf, people, settings, held, may):
    settings.SESSIONAUTH_IMPERSONATION_GUARDS = ["sessionauth.impersonation.rules.no_privilege_gain"]
    actor, target = people("impersonate", "regular")
    give(target, *held)
    assert allows(rf.get("/"), actor, target) is may


# ---- the users' own say


@pytest.mark.parametrize("name", ["can_impersonate", "can_be_impersonated"])
@pytest.mark.parametrize("answer", [True, False, None])
def test_users__have_a_say(allows, rf, root, make_user, monkeypatch, name, answer):
    monkeypatch.setattr(type(root), name, lambda self, other: answer, raising=False)
    assert allows(rf.get("/"), root, make_user()) is (answer is True)


def test_users__are_told_whom(allows, rf, root, make_user, monkeypatch):
    alice, asked = make_user(), []
    monkeypatch.setattr(type(root), "can_impersonate", lambda *who: asked.append(who) or True, raising=False)
    monkeypatch.setattr(type(root), "can_be_impersonated", lambda *who: asked.append(who) or True, raising=False)
    assert allows(rf.get("/"), root, alice)
    assert asked == [(root, alice), (alice, root)]


def test_users__cannot_loosen_the_floor(allows, rf, people, monkeypatch):
    actor, target = people("superuser", "inactive")
    monkeypatch.setattr(type(actor), "can_impersonate", lambda self, other: True, raising=False)
    assert not allows(rf.get("/"), actor, target)
