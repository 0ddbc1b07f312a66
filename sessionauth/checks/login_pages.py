"""Where people are sent to log in, and to confirm it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings as django_settings
from django.core.checks import CheckMessage

from sessionauth.checks import reading, urls
from sessionauth.checks.finding import Finding, ask
from sessionauth.conf import PREFIX, Settings

NO_LOGIN_URL = Finding(
    "E050",
    'SESSIONAUTH_ON_FAILURE is "redirect", but LOGIN_URL is {value}, which leads nowhere: the answer is a 401.',
    "Set LOGIN_URL to a path or to the name of a view in your URLs.",
)
LOGIN_PAGE_MISSING = Finding(
    "W051",
    "{name} is {value}, where this project has no page.",
    'Add one, such as path("accounts/", include("django.contrib.auth.urls")), or correct the setting.',
)
BAD_LOGIN_URL = Finding(
    "E052",
    "SESSIONAUTH_LOGIN_URLS names {value} for {namespace}, which is neither a URL nor the name of a view.",
    "Give a path or the name of a view in your URLs.",
)
UNKNOWN_AREA = Finding(
    "W053",
    "SESSIONAUTH_LOGIN_URLS has a login page for {namespace}, which is no URL namespace of this project.",
    "{guess}Name a namespace that include() gives in your URLs.",
)
NO_CONFIRM_URL = Finding(
    "E054",
    "SESSIONAUTH_CONFIRM_URL is {value}, which is neither a URL nor the name of a view: nobody can confirm a login.",
    'Correct it, or leave it out and add path("accounts/", include("sessionauth.urls")).',
)
CONFIRM_PAGE_MISSING = Finding(
    "W055",
    "SESSIONAUTH_CONFIRM_URL is {value}, where this project has no page.",
    'Add one, or leave the setting out and add path("accounts/", include("sessionauth.urls")).',
)


def check(**kwargs: Any) -> list[CheckMessage]:
    """Check the pages."""
    return ask(login_url, login_urls, confirm_url)


def login_url() -> Iterator[CheckMessage]:
    """Look for the page that the policy "redirect" sends everybody to."""
    if reading.value_of("ON_FAILURE") != "redirect":
        return
    page = getattr(django_settings, "LOGIN_URL", None)
    url = urls.url_of(page)
    if not url:
        yield NO_LOGIN_URL(value=reading.shown(page))
    elif not urls.has_page(url):
        yield LOGIN_PAGE_MISSING(name="LOGIN_URL", value=reading.shown(page))


def login_urls() -> Iterator[CheckMessage]:
    """Look for pages, and for areas of the site, that are not there."""
    for namespace, page in reading.value_of("LOGIN_URLS").items():
        # Only names of instances: refusals.py looks at no other.
        namespaces = urls.namespaces(with_app_names=False)
        if namespaces is not None and namespace not in namespaces:
            yield UNKNOWN_AREA(namespace=reading.shown(namespace), guess=reading.guess(namespace, namespaces))
        url = urls.url_of(page)
        if not url:
            yield BAD_LOGIN_URL(value=reading.shown(page), namespace=reading.shown(namespace))
        elif not urls.has_page(url):
            name = f"{PREFIX}LOGIN_URLS[{reading.shown(namespace)}]"
            yield LOGIN_PAGE_MISSING(name=name, value=reading.shown(page))


def confirm_url() -> Iterator[CheckMessage]:
    """Look for the page to confirm on, if one was named: who never asks for a fresh login needs none."""
    page = reading.value_of("CONFIRM_URL")
    if page == Settings.CONFIRM_URL.default:
        return
    url = urls.url_of(page)
    if not url:
        yield NO_CONFIRM_URL(value=reading.shown(page))
    elif not urls.has_page(url):
        yield CONFIRM_PAGE_MISSING(value=reading.shown(page))
