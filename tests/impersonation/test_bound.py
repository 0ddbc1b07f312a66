"""CSRF secrets that are known as those of an impersonation."""

from __future__ import annotations

import uuid

import pytest
from django.middleware.csrf import CSRF_ALLOWED_CHARS, CSRF_SECRET_LENGTH, _get_new_csrf_string, get_token

from sessionauth.impersonation import bound

pytestmark = pytest.mark.once

KEY = uuid.uuid4()


def test_secret__is_one_of_django_s():
    secret = bound.secret_of(KEY)
    assert len(secret) == CSRF_SECRET_LENGTH
    assert set(secret) <= set(CSRF_ALLOWED_CHARS)


def test_secret__follows_from_the_impersonation_and_the_secret_key(settings):
    secret = bound.secret_of(KEY)
    assert bound.secret_of(KEY) == secret != bound.secret_of(uuid.uuid4())
    settings.SECRET_KEY = "another"
    assert bound.secret_of(KEY) != secret
    assert not bound.is_bound(secret)


def test_is_bound():
    assert bound.is_bound(bound.secret_of(KEY))
    assert not any(bound.is_bound(_get_new_csrf_string()) for _ in range(100))


@pytest.mark.parametrize("secret", [None, "", "ä" * 32, "a" * 31, "a" * 33, "a" * 10_000, "\0" * 32, 7])
def test_is_bound__nothing_that_is_none(secret):
    assert not bound.is_bound(secret)


def form(rf, **fields):
    request = rf.post("/", fields)
    assert request.POST is not None
    return request


def test_of_form__masked_in_the_form_or_in_the_header(rf):
    made = rf.get("/")
    bound.put(made, KEY)
    token = get_token(made)
    assert bound.of_form(form(rf, csrfmiddlewaretoken=token))
    assert bound.of_form(rf.post("/", headers={"X-CSRFToken": token}))
    assert bound.of_form(rf.post("/", headers={"X-CSRFToken": bound.secret_of(KEY)}))
    assert not bound.of_form(rf.post("/"))


@pytest.mark.parametrize("token", ["ä" * 64, "a" * 64, "a" * 63, "-" * 64, "\0" * 64])
def test_of_form__what_is_no_token(rf, token):
    assert not bound.of_form(form(rf, csrfmiddlewaretoken=token))


def test_of_form__reads_no_body(rf):
    request = rf.post("/", {"csrfmiddlewaretoken": bound.secret_of(KEY)})
    assert not bound.of_form(request)
    assert request.read()
