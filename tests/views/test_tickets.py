"""A ticket is good once, for the person it was made for, and not for long."""

from __future__ import annotations

import pytest
from django.contrib.sessions.backends.cached_db import SessionStore
from django.http import HttpRequest, QueryDict

from sessionauth.views import tickets

pytestmark = pytest.mark.django_db


@pytest.fixture
def request_of(make_user):
    def make(name):
        request = HttpRequest()
        request.session, request.user = SessionStore(), make_user(name)
        return request

    return make


def take(request, ticket):
    request.POST = QueryDict(mutable=True)
    request.POST[tickets.FIELD] = ticket
    return tickets.take(request)


def test_a_ticket__is_good_once(request_of):
    request = request_of("alice")
    ticket = tickets.make(request)
    assert [take(request, ticket) for _ in range(3)] == [True, False, False]


def test_making_one__writes_nothing(request_of):
    request = request_of("alice")
    tickets.make(request)
    assert not request.session.modified


def test_anothers__is_none(request_of):
    assert not take(request_of("alice"), tickets.make(request_of("bob")))


def test_an_old_one__is_none(request_of, monkeypatch):
    request = request_of("alice")
    ticket = tickets.make(request)
    monkeypatch.setattr(tickets, "AGE", -1)
    assert not take(request, ticket)


def test_used_ones__stay_used_however_many_follow(request_of):
    request = request_of("alice")
    made = [tickets.make(request) for _ in range(3 * tickets.NOTED)]
    assert all(take(request, ticket) for ticket in made)
    assert not any(take(request, ticket) for ticket in made)
    assert len(request.session["_sessionauth"][tickets.USED]) == tickets.NOTED
