"""Settings of every request: who may say who it is, and what happens to nobody."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from django.contrib.messages import constants as message_levels
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from sessionauth.conf.kinds import boolean, choice, dotted_path, entries, integer, names, optional, text, text_map
from sessionauth.conf.setting import Setting


class RequestSettings:
    """Who a request is, and what follows where it is nobody."""

    #: Who may say who a request is, in this order; programs' credentials are always asked before cookies and Basic.
    AUTHENTICATORS: ClassVar = Setting[Collection[str | Mapping[str, Any]]](
        (
            "sessionauth.authenticators.token.BearerAuthenticator",
            "sessionauth.authenticators.api_key.APIKeyAuthenticator",
            "sessionauth.authenticators.session.SessionAuthenticator",
            "sessionauth.authenticators.remember.RememberAuthenticator",
        ),
        entries,
        seed="imia asks a list given in code; Flask-Login has a fixed order in which the session precedes API keys.",
    )
    #: What happens to an unauthenticated request on a protected path: "anonymous", "redirect", "raise" or the dotted path of a function `(request) -> HttpResponse | None`.
    ON_FAILURE: ClassVar = Setting[str](
        "anonymous", choice("anonymous", "redirect", "raise", or_path=True), seed="imia's `do_nothing`."
    )
    #: Where ON_FAILURE applies: path prefixes ("/app/"), regular expressions ("^/app/\d+$") or URL namespaces ("api"); empty means everywhere.
    PROTECT: ClassVar = Setting[Collection[str]]((), names, seed="imia's `include_patterns`, anchored here.")
    #: Where ON_FAILURE does not apply, in the same three forms; wins over PROTECT.
    EXEMPT: ClassVar = Setting[Collection[str]]((), names, seed="imia's `exclude_patterns`, anchored here.")
    #: HTTP methods that are never sent to log in: where a view refuses, they get an empty 200 and the view does not run.
    EXEMPT_METHODS: ClassVar = Setting[Collection[str]](
        frozenset({"OPTIONS"}), names, seed="Flask-Login's constant; Litestar adds HEAD, which leaks what GET hides."
    )
    #: What a credential that is ours but wrong leads to: "reject" answers 401, "ignore" goes on as if it were absent.
    INVALID_CREDENTIAL: ClassVar = Setting[str](
        "reject", choice("reject", "ignore"), seed="imia falls through, which turns an expired key into a stranger."
    )
    #: Dotted path of a function `(request, reason) -> HttpResponse | None` that answers instead of our redirects and 401s.
    UNAUTHORIZED_HANDLER: ClassVar = Setting[str | None](
        None, optional(dotted_path), seed="Flask-Login's `unauthorized_handler`."
    )
    #: Login page for each URL namespace, {"namespace": "URL or view name"}; LOGIN_URL for all others.
    LOGIN_URLS: ClassVar = Setting[Mapping[str, str]]({}, text_map, seed="Flask-Login's `blueprint_login_views`.")
    #: Message shown on the login page after a redirect to it; None for no message.
    LOGIN_MESSAGE: ClassVar = Setting[str | Promise | None](
        _("Please log in to access this page."), optional(text), seed="Flask-Login's `login_message`."
    )
    #: Level of that message, one of `django.contrib.messages.constants`.
    LOGIN_MESSAGE_LEVEL: ClassVar = Setting[int](
        message_levels.INFO, integer, seed="Flask-Login's `login_message_category` is `message`."
    )
    #: Extra tags of that message.
    LOGIN_MESSAGE_TAGS: ClassVar = Setting[str]("", text)
    #: Page on which a stale login is confirmed, a URL or view name.
    CONFIRM_URL: ClassVar = Setting[str](
        "sessionauth:confirm_login", text, seed="Flask-Login's `refresh_view`, which has no default."
    )
    #: Message shown on that page; None for no message.
    CONFIRM_MESSAGE: ClassVar = Setting[str | Promise | None](
        _("Please confirm that it is you."), optional(text), seed="Flask-Login's `needs_refresh_message`."
    )
    #: Level of that message.
    CONFIRM_MESSAGE_LEVEL: ClassVar = Setting[int](
        message_levels.INFO, integer, seed="Flask-Login's `needs_refresh_message_category` is `message`."
    )
    #: Extra tags of that message.
    CONFIRM_MESSAGE_TAGS: ClassVar = Setting[str]("", text)
    #: Keep the page to return to in the session instead of in the login URL.
    USE_SESSION_FOR_NEXT: ClassVar = Setting[bool](False, boolean, seed="Flask-Login.")
    #: Dotted path of a class without arguments, or of a factory `(request)`, for the user of requests that are nobody's.
    ANONYMOUS_USER: ClassVar = Setting[str](
        "sessionauth.models.AnonymousUser", dotted_path, seed="Flask-Login's `anonymous_user`."
    )
    #: Dotted path of `(request, session) -> user | None`, sync or async, that is asked for the user of a session instead of its backend.
    USER_LOADER: ClassVar = Setting[str | None](
        None, optional(dotted_path), seed="Flask-Login's `user_loader`, starlite-sessions' `retrieve_user_handler`."
    )
    #: Dotted path of `(request) -> QuerySet` of the users that may be found at all (tenants); None means the default manager.
    USER_QUERYSET: ClassVar = Setting[str | None](None, optional(dotted_path), seed="imia's providers get the request.")
    #: Realm named in WWW-Authenticate challenges.
    REALM: ClassVar = Setting[str]("api", text)
