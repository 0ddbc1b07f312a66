"""The API of keys and tokens in a coat of REST framework: everything that holds without it holds."""

from __future__ import annotations

import pytest
from django.db import connections
from django.urls import get_resolver, resolve
from openapi_spec_validator import validate
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from sessionauth.models import APIKey
from sessionauth.openapi import paths
from tests.views.api.asking import ask
from tests.views.api.test_credentials import *  # noqa: F403
from tests.views.api.test_tokens import *  # noqa: F403

pytestmark = [pytest.mark.django_db, pytest.mark.coat, pytest.mark.urls("tests.contrib.rest_framework.credential_urls")]


class Never(BaseThrottle):
    def allow_request(self, request, view):
        return False

    def wait(self):
        return 7


def test_views__are_those_of_rest_framework():
    assert issubclass(resolve("/api/auth/keys/1/rotate/").func.cls, APIView)


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods__are_a_problem_that_names_the_right_ones(method):
    answer = ask(method, "token/")  # of REST framework's own words
    assert (answer.status_code, answer["Allow"]) == (405, "GET, POST, HEAD, OPTIONS")


def test_throttles__of_the_project_come_first(alice, monkeypatch):
    _, secret = APIKey.objects.issue(user=alice)
    monkeypatch.setattr(APIView, "throttle_classes", [Never])
    answer = ask("get", "token/", secret=secret)
    assert (answer.status_code, answer["Retry-After"]) == (429, "7")


def test_permissions__of_the_project_are_not_asked(alice, settings):
    settings.REST_FRAMEWORK = {"DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"]}
    assert api_settings.DEFAULT_PERMISSION_CLASSES
    _, secret = APIKey.objects.issue(user=alice, scopes=[])
    assert ask("get", "token/", secret=secret).status_code == 200


def test_without_the_middleware__it_is_the_same(alice, settings, password):
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if not name.startswith("sessionauth.")]
    row, secret = APIKey.objects.issue(user=alice, scopes=[])
    assert ask("get", "token/", secret=secret).json()["credential"]["id"] == row.pk
    assert ask("get", "keys/", secret=secret).status_code == 403
    assert ask("get", "token/").status_code == 401
    told = ask("post", "token/", {"username": "alice", "password": password}).json()
    assert ask("post", "keys/revoke-all/", secret=told["access_token"]).json() == {"revoked": 1}
    assert ask("get", "token/", secret=secret).status_code == 401


def test_document__names_the_same_addresses():
    assert "/api/auth/keys/{id}/rotate/" in paths()
    validate({"openapi": "3.1.0", "info": {"title": "Desk", "version": "1"}, "paths": paths()})


def test_atomic_requests__none_runs_in_the_transaction_of_its_request():
    found = get_resolver("sessionauth.contrib.rest_framework.urls").url_patterns
    assert all(set(connections) <= pattern.callback._non_atomic_requests for pattern in found)
