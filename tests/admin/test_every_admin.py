"""Every admin of the app: what nobody does by hand, and acts that are for those alone who hold their permission."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import RequestFactory

from sessionauth.models import AccessToken, APIKey
from tests.admin.asking import grant

pytestmark = pytest.mark.django_db

MODELS = list(apps.get_app_config("sessionauth").get_models())
#: What the acts on each need, but for seeing the rows.
ACTS = {
    "loginsession": {"sign_out": "change_loginsession"},
    "remembertoken": {"forget": "change_remembertoken"},
    "loginthrottle": {"unlock": "change_loginthrottle"},
    "impersonation": {"end_impersonations": "end_impersonation"},
    "apikey": {"rotate_chosen": "rotate_apikey", "revoke_chosen": "change_apikey"},
    "accesstoken": {"rotate_chosen": "rotate_accesstoken", "revoke_chosen": "change_accesstoken"},
    "impersonationtoken": {"revoke_chosen": "change_impersonationtoken"},
    "authevent": {},
}


def asked(user):
    request = RequestFactory().get("/")
    request.user = user
    return request


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.model_name)
def test_admin__is_there_searched_filtered_and_for_those_who_may(model, make_user):
    shown, name = admin.site._registry[model], model._meta.model_name
    root = asked(make_user("root", is_staff=True, is_superuser=True))
    assert shown.get_search_fields(root)
    assert shown.get_list_filter(root)
    assert shown.show_full_result_count is False
    assert set(ACTS[name]) == set(shown.get_actions(root))
    assert not shown.has_delete_permission(root)
    if model not in (APIKey, AccessToken):
        assert not shown.has_add_permission(root)
        assert not shown.has_change_permission(root)
    assert not shown.has_view_permission(asked(make_user("staff", is_staff=True)))
    viewer = grant(make_user("viewer", is_staff=True), f"view_{name}")
    assert shown.has_view_permission(asked(viewer))
    assert set(shown.get_actions(asked(viewer))) == set()
    for number, (act, permission) in enumerate(ACTS[name].items()):
        user = grant(make_user(f"user{number}", is_staff=True), f"view_{name}", permission)
        assert set(shown.get_actions(asked(user))) == {act}
