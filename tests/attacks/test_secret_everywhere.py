"""Looks everywhere for the secrets that were made: they are shown once, where they were asked for, and never again."""

from __future__ import annotations

import logging
import pickle
import threading
from contextlib import ExitStack

import django
import pytest
from django.apps import apps
from django.contrib.admin.sites import site
from django.core import mail, serializers
from django.core.cache import caches
from django.db import connection
from django.db.backends.signals import connection_created
from django.http import HttpResponse
from django.test import Client
from django.urls import path, reverse
from django.utils.log import AdminEmailHandler

from sessionauth import crypto, get_auth
from sessionauth.credentials.issuing import issue_login_token
from sessionauth.credentials.refreshing import refresh
from sessionauth.credentials.rotating import rotate
from sessionauth.models import AccessToken, APIKey, CredentialManager
from sessionauth.models.base import AbstractCredential
from tests.asking import Sent, ask
from tests.project.urls import urlpatterns as project

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls(__name__)]


def use(request):
    return HttpResponse(get_auth(request).display_name)


def fail(request):
    auth = get_auth(request)
    raise RuntimeError(f"failed for {auth} {auth.credential} {request.user}")


def issuing(request):
    APIKey.objects.issue(user=get_auth(request).user)


def rotating(request):
    rotate(get_auth(request).credential)


def refreshing(request):
    refresh(request.headers["X-Refresh-Token"])


ACTS = {"fail": fail, "issue": issuing, "rotate": rotating, "refresh": refreshing}
urlpatterns = [*project, path("use/", use), *(path(f"{name}/", view) for name, view in ACTS.items())]


@pytest.fixture(autouse=True)
def _reporting(settings):
    """A site that tells its administrators all it can of an error, and logs every statement."""
    settings.ADMINS = ["a@example.org"] if django.VERSION >= (6, 0) else [("admin", "a@example.org")]
    settings.SESSIONAUTH_KEY_CACHE = "default"
    settings.SESSIONAUTH_KEY_PEPPERS = {"2026": "p" * 32, "": ""}
    handler = logging.getLogger("django.request")
    mailing = AdminEmailHandler(include_html=True)
    handler.addHandler(mailing)
    yield
    handler.removeHandler(mailing)


@pytest.fixture
def heard(caplog):
    """Everything that is logged, statements too."""
    caplog.set_level(logging.DEBUG)
    with ExitStack() as stack:
        stack.callback(setattr, connection, "force_debug_cursor", connection.force_debug_cursor)
        connection.force_debug_cursor = True
        yield lambda: "".join(f"{line.getMessage()}{line.__dict__!r}" for line in caplog.records)


def bodies(secrets):
    """Return what must be nowhere: the secrets, and the random part of each on its own."""
    return {part for secret in secrets for part in (secret, secret.rpartition("_")[2], secret.rpartition("_")[2][:32])}


def mailed():
    """Return all mails as they are read: on the wire their lines are broken in the middle of a word."""
    return "".join(f"{one.subject}{one.body}{one.alternatives}" for one in mail.outbox)


def rows():
    """Return every row of every table as text."""
    return "".join(serializers.serialize("json", model._base_manager.all()) for model in apps.get_models())


def cached():
    """Return everything that the caches hold."""
    found = []
    for cache in caches.all():
        inside = cache._cache
        if hasattr(inside, "get_client"):
            client = inside.get_client()
            found += [repr((key, client.get(key))) for key in client.keys("*") if client.type(key) == b"string"]
        else:
            found += [repr(item) for item in inside.items()]
    return "".join(found)


def admin_pages(make_user):
    """Return every page of the admin that shows a credential, with its headers and cookies."""
    client = Client()
    client.force_login(make_user("root", is_staff=True, is_superuser=True))
    pages = []
    for model in (APIKey, AccessToken):
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        assert site.is_registered(model)
        urls = [reverse(f"{name}_changelist"), reverse(f"{name}_changelist") + "?q=sa_"]
        for row in model.objects.all():
            urls += [reverse(f"{name}_{page}", args=[row.pk]) for page in ("change", "history", "delete")]
        for url in urls:
            response = client.get(url)
            assert response.status_code in (200, 302, 403), url
            pages.append(f"{url}{response.headers}{response.cookies}{response.content.decode()}")
    return "".join(pages)


def test_secret__is_nowhere_after_it_was_made(make_user, heard):
    alice, secrets = make_user("alice"), []
    key, secret = APIKey.objects.issue(user=alice, name="desk")
    secrets.append(secret)
    secrets.append(rotate(key)[1])
    _, token_secret, refresh_secret = issue_login_token(alice)
    secrets += [token_secret, refresh_secret]
    _, *more = refresh(refresh_secret)
    secrets += more
    answers = []
    for number, one in enumerate([*secrets, *secrets]):
        header = {"X-Api-Key": one} if number % 2 else {"Authorization": f"Bearer {one}"}
        for where in ("/use/", "/fail/"):
            answers.append(ask(("wsgi", "asgi")[number % 2], where, Sent(header)))
    assert {200, 401, 500} == {answer.status for answer in answers}
    assert len(mail.outbox) >= 6
    mails = mailed()
    every = [*APIKey.objects.all(), *AccessToken.objects.all()]
    texts = {
        "rows": rows(),
        "log": heard(),
        "mails": mails,
        "answers": repr(answers),
        "caches": cached(),
        "admin": admin_pages(make_user),
        "objects": "".join(f"{row!r}{row}{row.__dict__}{pickle.dumps(row)!r}" for row in every),
    }
    assert "sessionauth:key:" in texts["caches"]
    assert "sa_key_…" in texts["admin"]
    found = {place for place, text in texts.items() for one in bodies(secrets) if one in text}
    assert found == set()
    digests = {row.digest for row in every} | {row.refresh_digest for row in every if isinstance(row, AccessToken)} - {
        None
    }
    assert [place for place in ("mails", "answers", "admin") for one in digests if one in texts[place]] == []


@pytest.fixture
def closing():
    """Close what other threads opened: under ASGI Django writes its report in one, and reprs ask the database."""
    here, opened = threading.get_ident(), []

    def note(connection, **kwargs):
        if threading.get_ident() != here:
            opened.append(connection.connection)

    connection_created.connect(note)
    yield
    connection_created.disconnect(note)
    for one in opened:
        one.close()


@pytest.mark.usefixtures("closing")
@pytest.mark.parametrize("way", ["wsgi", "asgi"])
@pytest.mark.parametrize("where", sorted(ACTS))
def test_error_report__of_an_act_that_failed_halfway_has_no_secret(where, way, make_user, monkeypatch, heard):
    made = []
    real = crypto.new_secret
    alice = make_user("alice")
    key, secret = APIKey.objects.issue(user=alice)
    refresh_secret = issue_login_token(alice)[2]

    def new_secret(*args):
        made.append(real(*args))
        return made[-1]

    def broken(self, **kwargs):
        raise RuntimeError("the database is gone")

    monkeypatch.setattr(crypto, "new_secret", new_secret)
    monkeypatch.setattr(AbstractCredential, "save", broken)
    answer = ask(way, f"/{where}/", Sent({"X-Api-Key": secret, "X-Refresh-Token": refresh_secret}))
    assert answer.status == 500
    assert bool(made) == (where != "fail")
    assert "Traceback" in mailed()
    monkeypatch.undo()
    for one in bodies([secret, refresh_secret, *made]):
        assert one not in mailed()
        assert one not in heard()
        assert one not in rows()


@pytest.mark.parametrize("header", ["X-Api-Key", "Authorization"])
def test_error_report__of_a_lookup_that_failed_has_no_secret(header, make_user, monkeypatch, heard):
    def broken(*args, **kwargs):
        raise RuntimeError("the database is gone")

    _, secret = APIKey.objects.issue(user=make_user("alice"))
    monkeypatch.setattr(CredentialManager, "_found", broken)
    value = secret if header == "X-Api-Key" else f"Bearer {secret}"
    assert ask("wsgi", "/use/", Sent({header: value})).status == 500
    for one in bodies([secret]):
        assert one not in mailed()
        assert one not in heard()
