"""`{% load sessionauth %}`."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sessions.middleware import SessionMiddleware
from django.template import RequestContext, Template
from django.test import RequestFactory
from django.utils import timezone

from sessionauth import get_auth, login_user
from sessionauth.models import LoginSession
from sessionauth.templatetags.sessionauth import ago, in_words


def rendered(rf, tag, **context):
    return Template("{% load sessionauth %}" + tag).render(RequestContext(rf.get("/"), context))


@pytest.mark.urls("tests.account_urls")
def test_logout_button__is_a_form_with_the_csrf_token(rf):
    page = rendered(rf, "{% logout_button %}")
    assert '<form method="post" action="/account/logout/">' in page
    assert "csrfmiddlewaretoken" in page
    assert '<button type="submit">Sign out</button>' in page


@pytest.mark.urls("tests.account_urls")
def test_logout_button__with_its_options_escaped(rf):
    tag = "{% logout_button label=label css_class=css next='/x/' %}"
    page = rendered(rf, tag, label="Bye <b>", css='a"b')
    assert '<button type="submit" class="a&quot;b">Bye &lt;b&gt;</button>' in page
    assert '<input type="hidden" name="next" value="/x/">' in page


def test_logout_button__is_nothing_where_there_is_no_page_to_sign_out_by(rf):
    assert rendered(rf, "{% logout_button %}").strip() == ""


WORDS = {1: "1 second", 30: "30 seconds", 119: "119 seconds", 120: "2 minutes", 121: "3 minutes", 7201: "3 hours"}


@pytest.mark.parametrize(("seconds", "words"), WORDS.items())
def test_in_words__rounds_up(seconds, words):
    assert in_words(seconds) == words


def test_ago__in_the_largest_unit():
    assert ago(timezone.now()) == "just now"
    assert ago(timezone.now() - timedelta(days=2, hours=5)).replace("\xa0", " ") == "2 days ago"


@pytest.mark.django_db
@pytest.mark.urls("tests.account_urls")
def test_session_warning__shows_when_the_end_is_near(rf, make_user, settings):
    settings.SESSIONAUTH_ABSOLUTE_TIMEOUT = timedelta(hours=1)
    request = RequestFactory().get("/untouched/")
    middleware = SessionMiddleware(lambda request: None)
    middleware.process_request(request)
    login_user(request, make_user("alice"), backend="django.contrib.auth.backends.ModelBackend")

    def page(tag="{% session_warning %}"):
        return Template("{% load sessionauth %}" + tag).render(RequestContext(request))

    assert page().strip() == ""
    assert "You will be signed out in" in page("{% session_warning minutes=61 %}")
    LoginSession.objects.update(authenticated_at=timezone.now() - timedelta(minutes=55))
    get_auth(request).credential.refresh_from_db()
    assert "You will be signed out in 5 minutes." in page()
    assert 'href="/account/confirm/?next=/untouched/"' in page()


@pytest.mark.django_db
def test_session_warning__is_nothing_for_nobody(rf, settings):
    settings.SESSIONAUTH_ABSOLUTE_TIMEOUT = timedelta(hours=1)
    request = rf.get("/")
    SessionMiddleware(lambda request: None).process_request(request)
    assert Template("{% load sessionauth %}{% session_warning %}").render(RequestContext(request)).strip() == ""
