"""Work done aside of the answer."""

from __future__ import annotations

import threading

import pytest
from django.utils import translation
from django.utils.translation import gettext

from sessionauth import mail


def test_aside__is_done_by_a_thread_of_its_own_in_the_language_of_the_request():
    done = []
    with translation.override("de"):
        assert mail.aside(lambda: done.append((threading.current_thread().name, translation.get_language())))
    mail.drain()
    assert [(name.startswith("sessionauth-mail"), language) for name, language in done] == [(True, "de")]
    assert gettext("Yes") == "Yes"


@pytest.mark.django_db
def test_aside__inside_of_a_transaction_it_is_done_at_once():
    done = []
    mail.aside(lambda: done.append(threading.current_thread()))
    assert done == [threading.current_thread()]


def test_aside__trouble_is_logged_by_its_name_alone(caplog):
    def fail():
        raise RuntimeError("https://desk.example/reset/secret/")

    mail.aside(fail)
    mail.drain()
    assert "RuntimeError" in caplog.text
    assert "secret" not in caplog.text


def test_aside__drops_what_is_too_much_and_says_so(caplog, monkeypatch):
    monkeypatch.setattr(mail, "WAITING", threading.BoundedSemaphore(1))
    go_on, done = threading.Event(), []
    assert mail.aside(go_on.wait)
    assert not mail.aside(lambda: done.append(1))
    go_on.set()
    mail.drain()
    assert "dropped" in caplog.text
    assert done == []
    assert mail.aside(lambda: done.append(2))
    mail.drain()
    assert done == [2]


def test_is_due__once_a_minute_for_each_kind_and_person():
    assert [mail.is_due("unlock", 1), mail.is_due("unlock", 1)] == [True, False]
    assert mail.is_due("password_reset", 1)
    assert mail.is_due("unlock", 2)


def test_is_due__while_the_cache_cannot_be_asked(settings):
    settings.SESSIONAUTH_CACHE = "nowhere"
    assert mail.is_due("unlock", 1)
    assert mail.is_due("unlock", 1)
