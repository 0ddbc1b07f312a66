"""That the fuzzing of documents can fail."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.urls import path

from tests.contrib.fuzzing import statuses

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def halves(request):
    return HttpResponse(str(10 // int(request.GET.get("by", "1"))))


urlpatterns = [path("halves/", halves)]
BY = {"name": "by", "in": "query", "required": True, "schema": {"type": "integer", "minimum": 1, "maximum": 2}}


def document(**schema):
    parameter = BY | {"schema": BY["schema"] | schema}
    operation = {"parameters": [parameter], "responses": {"200": {"description": "A number."}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Halves", "version": "1"},
        "paths": {"/halves/": {"get": operation}},
    }


def test_statuses__tells_of_a_5xx():
    assert statuses(document(), {}) == statuses(document(), {})
    assert set(statuses(document(), {})) == {("GET /halves/", 200)}
    with pytest.raises(AssertionError, match="by=0"):
        statuses(document(minimum=0), {})
