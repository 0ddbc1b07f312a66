"""Who a line of any log is about."""

from __future__ import annotations

import json
import logging

import pytest
from django.http import HttpResponse
from django.urls import path

from sessionauth.audit import JSONFormatter
from sessionauth.impersonation.service import current_impersonation
from sessionauth.logs import WHO, WhoFilter
from sessionauth.testing import AuthClient, impersonate
from tests.impersonation import site
from tests.project.run import run_in_project

logger = logging.getLogger("tests.shop")


def sold(request):
    looked = request.GET.get("look") == "1" and request.user.is_authenticated
    logger.warning("sold, %s", looked)
    return HttpResponse("ok")


def broken(request):
    assert request.user.is_authenticated
    raise ValueError("out of stock")


urlpatterns = [path("sold/", sold), path("broken/", broken), *site.urlpatterns]


@pytest.fixture
def lines(caplog, monkeypatch):
    """Return what the filter says of each line of a logger."""
    caplog.handler.addFilter(who := WhoFilter())
    yield lambda name="tests.shop": [
        tuple(getattr(line, one) for one in WHO) for line in caplog.records if line.name == name
    ]
    caplog.handler.removeFilter(who)


@pytest.fixture
def acting(make_user, settings):
    """A browser in which root acts as Alice."""
    settings.ROOT_URLCONF = __name__
    place = settings.MIDDLEWARE.index("sessionauth.middleware.AuthenticationMiddleware") + 1
    ours = "sessionauth.impersonation.middleware.ImpersonationMiddleware"
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:place], ours, *settings.MIDDLEWARE[place:]]
    root, alice = make_user("root", is_superuser=True), make_user("alice")
    client = AuthClient()
    client.force_login(root, fresh=True)

    def begin():
        return root, alice, impersonate(client, alice)

    return client, begin


@pytest.mark.django_db
def test_who__is_said_of_every_line(acting, lines):
    client, begin = acting
    client.get("/sold/?look=1")
    root, alice, row = begin()
    client.get("/sold/?look=1")
    assert lines() == [(str(root.pk), None, None), (str(alice.pk), str(root.pk), str(row.pk))]


@pytest.mark.django_db
def test_who__is_asked_for_no_line(acting, lines, django_assert_num_queries):
    client, _ = acting
    with django_assert_num_queries(0):
        client.get("/sold/")
        logger.warning("nobody's")
    assert lines() == [(None, None, None)] * 2
    assert current_impersonation() is None


@pytest.mark.django_db
def test_who__of_an_error_that_django_tells_when_the_request_is_over(acting, lines):
    client, begin = acting
    root, alice, row = begin()
    client.raise_request_exception = False
    assert client.get("/broken/").status_code == 500
    assert lines("django.request")[-1] == (str(alice.pk), str(root.pk), str(row.pk))


def record(**facts):
    line = logging.LogRecord("shop", logging.INFO, "", 0, "sold", (), None)
    vars(line).update(facts)
    return line


@pytest.mark.once
def test_who__what_a_record_says_of_itself_stays():
    line = record(user_id="7", request=object())
    assert WhoFilter().filter(line)
    assert (line.user_id, line.actor_id, line.impersonation_id) == ("7", None, None)


@pytest.mark.once
def test_json__has_what_was_added():
    line, event = record(), record(event="logged_out", user_id="7")
    assert set(json.loads(JSONFormatter().format(line))) == {"level", "logger", "message"}
    for one in (line, event):
        WhoFilter().filter(one)
    assert set(json.loads(JSONFormatter().format(line))) == {"level", "logger", "message", *WHO}
    assert json.loads(JSONFormatter().format(event))["impersonation_id"] is None


@pytest.mark.once
def test_who__may_stand_in_the_settings():
    logging_setting = {
        "version": 1,
        "filters": {"who": {"()": "sessionauth.logs.WhoFilter"}},
        "handlers": {"all": {"class": "logging.StreamHandler", "filters": ["who"], "formatter": "line"}},
        "formatters": {"line": {"format": "%(message)s by %(user_id)s"}},
        "loggers": {"shop": {"handlers": ["all"]}},
    }
    done = run_in_project("import logging; logging.getLogger('shop').warning('sold')", LOGGING=logging_setting)
    assert done.stderr == "sold by None\n"
