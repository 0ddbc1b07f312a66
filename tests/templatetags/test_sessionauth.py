"""`{% load sessionauth %}`."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.template import RequestContext, Template
from django.utils import timezone

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
