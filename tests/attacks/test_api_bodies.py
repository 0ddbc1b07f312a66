"""Bodies that are no JSON, sent to the API by whoever has a session: the check for CSRF reads them before anybody."""

from __future__ import annotations

import pytest
from django.test.client import FakePayload

from sessionauth.models import APIKey
from sessionauth.testing import AuthClient
from tests.views.api.asking import ROOT, csrf_token

pytestmark = pytest.mark.django_db

URLS = ["tests.account_urls", "tests.contrib.rest_framework.credential_urls", "tests.contrib.ninja.credential_urls"]
PATHS = ["keys/", "tokens/revoke-all/", "token/revoke/", "token/rotate/", "token/", "token/refresh/"]
MULTIPART, FORM = "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"
FIELD = 'Content-Disposition: form-data; name="csrfmiddlewaretoken"'


class Broken(FakePayload):
    def read(self, size=None):
        raise OSError("gone")


@pytest.fixture(params=URLS)
def browser(request, make_user, settings):
    settings.ROOT_URLCONF = request.param
    client = AuthClient(enforce_csrf_checks=True)
    client.force_login(make_user("alice"))
    return client


def send(browser, path, body, content_type, headers, **extra):
    answer = browser.post(ROOT + path, body, content_type=content_type, headers=headers, **extra)
    assert answer.get("Content-Type") == "application/problem+json", answer
    assert answer["Cache-Control"] == "no-store"
    assert not APIKey.objects.exists()
    return answer.status_code


@pytest.mark.parametrize("path", PATHS)
def test_multipart__is_refused_wherever_the_csrf_token_stands(path, browser):
    header = csrf_token(browser)
    body = f"--x\r\n{FIELD}\r\n\r\n{header['X-CSRFToken']}\r\n--x--\r\n"
    for headers in (header, {}):
        assert send(browser, path, body, MULTIPART, headers) in (400, 415)


@pytest.mark.parametrize("content_type", [MULTIPART, FORM, "application/json", "text/plain", ""])
@pytest.mark.parametrize("path", ["keys/", "token/", "token/refresh/"])
def test_ten_megabytes__are_refused_by_what_they_are(path, content_type, browser):
    for headers in (csrf_token(browser), {}):
        assert send(browser, path, b"a" * 10_000_000, content_type, headers) in (400, 403, 413, 415)


@pytest.mark.parametrize("content_type", [MULTIPART, FORM, "application/json", "text/plain"])
@pytest.mark.parametrize("path", ["keys/", "token/", "token/refresh/"])
def test_a_body_that_breaks_off__is_no_error(path, content_type, browser):
    for headers in (csrf_token(browser), {}):
        broken = {"wsgi.input": Broken(b"--x"), "CONTENT_LENGTH": "9"}
        assert send(browser, path, b"", content_type, headers, **broken) in (400, 403, 415)
