"""Where people are sent to log in, and to confirm it."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

from django.conf import global_settings
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
    '{guess}Add one, such as path("accounts/", include("django.contrib.auth.urls")), or correct the setting.',
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
NO_SUCH_LOGIN_URL = Finding(
    "W290",
    "LOGIN_URL is {value}, which is neither a URL nor the name of a view: a browser gets a 401 and no login page.",
    "Give a path or the name of a view in your URLs, or None if nobody signs in on a page.",
)

#: Names of login pages: ours, Django's, and those of apps that have one.
LOGIN_PAGES = ("sessionauth:login", "login", "account_login", "two_factor:login", "admin:login")


def check(**kwargs: Any) -> list[CheckMessage]:
    """Check the pages."""
    return ask(login_url, login_urls, confirm_url)


def login_url() -> Iterator[CheckMessage]:
    """Look for the page that the policy "redirect" sends everybody to, and that decorators do."""
    page = getattr(django_settings, "LOGIN_URL", None)
    url, is_policy = urls.url_of(page), reading.value_of("ON_FAILURE") == "redirect"
    if not url and is_policy:
        yield NO_LOGIN_URL(value=reading.shown(page))
    elif not url:
        is_given = page is not None and not (isinstance(page, str) and page == "")
        if is_given and not urls.may_be_others():
            yield NO_SUCH_LOGIN_URL(value=reading.shown(page))
    elif not urls.has_page(url):
        meant = _meant(url)
        if is_policy or (meant and not urls.may_be_others()):
            guess = f"Did you mean {meant}? " if meant else ""
            yield LOGIN_PAGE_MISSING(name="LOGIN_URL", value=reading.shown(page), guess=guess)


def _meant(url: str) -> str:
    """Return the login page of this project that was hardly meant to be left out, "" for none.

    A path that is like none of them may well be served by somebody else on this host.
    """
    known = [path for name in LOGIN_PAGES if (path := urls.url_of(name))]
    if django_settings.LOGIN_URL != global_settings.LOGIN_URL:
        return next(iter(get_close_matches(urlsplit(url).path, known, n=1, cutoff=0.85)), "")
    is_told = reading.value_of("LOGIN_URLS") or reading.value_of("UNAUTHORIZED_HANDLER")
    return "" if is_told else urls.url_of(LOGIN_PAGES[0])


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
            yield LOGIN_PAGE_MISSING(name=name, value=reading.shown(page), guess="")


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
