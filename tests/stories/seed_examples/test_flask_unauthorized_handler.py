"""Flask-Login's unauthorized_handler: the project's own answer to those who are not let in.

The function gets the request and why it was refused. Where it returns None, the usual answer is given.
"""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.urls import path

from sessionauth.decorators import login_required

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def at_the_door(request, reason):
    if request.path.startswith("/club/"):
        return HttpResponse(f"Members only ({reason}).", status=401)
    return None


@login_required
def inside(request):
    return HttpResponse("inside")


@login_required
async def inside_async(request):
    return HttpResponse("inside")


urlpatterns = [path("club/", inside), path("club/async/", inside_async), path("office/", inside)]


@pytest.fixture(autouse=True)
def project(settings):
    settings.LOGIN_URL = "/hello/"
    settings.SESSIONAUTH_UNAUTHORIZED_HANDLER = f"{__name__}.at_the_door"


@pytest.mark.parametrize("path", ["/club/", "/club/async/"])
def test_its_answer_is_given(client, path):
    refused = client.get(path)
    assert (refused.status_code, refused.content) == (401, b"Members only (anonymous).")


def test_where_it_has_none_the_usual_one_is(client):
    assert client.get("/office/").headers["Location"] == "/hello/?next=/office/"


def test_members_never_meet_it(client, django_user_model):
    client.force_login(django_user_model.objects.create_user("uma"))
    assert client.get("/club/").content == b"inside"
