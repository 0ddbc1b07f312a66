"""Every setting of the app: its type, its default and what it does, read live from Django's settings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from typing import Any, ClassVar, Generic, TypeVar, overload

from django.conf import Settings as DjangoSettings
from django.conf import settings as django_settings
from django.contrib.messages import constants as message_levels
from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

PREFIX = "SESSIONAUTH_"

T = TypeVar("T")

#: Answers what is wrong with a value, in words that follow "SESSIONAUTH_X must be", or None.
Kind = Callable[[Any], "str | None"]


def boolean(value: Any) -> str | None:
    """True or False, and nothing that only looks like it."""
    return None if isinstance(value, bool) else "True or False"


def text(value: Any) -> str | None:
    """A string, translated or not."""
    return None if isinstance(value, str | Promise) else "a string"


def integer(value: Any) -> str | None:
    """An int; booleans are refused although Python counts them as ints."""
    return None if isinstance(value, int) and not isinstance(value, bool) else "an integer"


def age(value: Any) -> str | None:
    """A length of time that is not negative, as a timedelta or as seconds."""
    if isinstance(value, timedelta):
        return None if value >= timedelta(0) else "a timedelta that is not negative"
    if integer(value) is None:
        return None if value >= 0 else "a number of seconds that is not negative"
    return "a timedelta or a whole number of seconds"


def names(value: Any) -> str | None:
    """A list, tuple or set of strings; a bare string would be taken apart letter by letter."""
    if isinstance(value, list | tuple | set | frozenset) and all(isinstance(item, str) for item in value):
        return None
    return "a list, tuple or set of strings"


def dotted_path(value: Any) -> str | None:
    """The dotted path of something importable (whether it is, the checks try)."""
    return None if isinstance(value, str) and "." in value else "a dotted path"


def optional(kind: Kind) -> Kind:
    """Return `kind` widened to accept None."""

    def check(value: Any) -> str | None:
        wrong = None if value is None else kind(value)
        return wrong and f"None or {wrong}"

    return check


def choice(*allowed: str, or_path: bool = False) -> Kind:
    """One of the words `allowed`; with `or_path`, also the dotted path of a function."""
    words = ", ".join(f'"{word}"' for word in allowed) + (" or a dotted path" if or_path else "")

    def check(value: Any) -> str | None:
        if value in allowed or (or_path and dotted_path(value) is None):
            return None
        return f"one of {words}"

    return check


def authenticator_entries(value: Any) -> str | None:
    """Dotted paths, or dicts with "NAME" and "OPTIONS" in the form of AUTH_PASSWORD_VALIDATORS."""
    if not isinstance(value, list | tuple):
        return "a list"
    for entry in value:
        if isinstance(entry, str):
            continue
        if not isinstance(entry, Mapping) or not isinstance(entry.get("NAME"), str):
            return 'a list of dotted paths or of dicts with a "NAME"'
        if set(entry) - {"NAME", "OPTIONS"} or not isinstance(entry.get("OPTIONS", {}), Mapping):
            return 'a list whose dicts have "NAME", a dotted path, and "OPTIONS", a dict, and nothing else'
    return None


def text_map(value: Any) -> str | None:
    """A dict of strings."""
    if isinstance(value, Mapping) and all(isinstance(word, str) for pair in value.items() for word in pair):
        return None
    return "a dict of strings"


def scope_map(value: Any) -> str | None:
    """{name: (description, [permissions])}."""
    wrong = "a dict {name: (description, [permissions])}"
    if not isinstance(value, Mapping):
        return wrong
    for name, meaning in value.items():
        if not isinstance(name, str) or not name or not name.isascii() or any(c.isspace() or c in '"\\' for c in name):
            return "a dict whose names are ASCII without spaces, quotes and backslashes (RFC 6749 section 3.3)"
        if not isinstance(meaning, list | tuple) or len(meaning) != 2:
            return wrong
        if text(meaning[0]) or names(meaning[1]):
            return wrong
    return None


class Setting(Generic[T]):
    """One setting: asks Django's settings each time it is read, so `override_settings` and late changes are seen."""

    def __init__(self, default: T, kind: Kind, *, seed: str = "") -> None:
        """Declare a setting.

        `default` is its value when the project says nothing, `kind` judges what the project says, and `seed` is a note
        for the reference page: where the default comes from, or why it differs from a seed project's.
        """
        self.default, self.kind, self.seed = default, kind, seed

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = PREFIX + name

    @overload
    def __get__(self, instance: None, owner: type) -> Setting[T]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> Setting[T] | T:
        if instance is None:
            return self
        project = vars(django_settings).get("_wrapped")
        if type(project) is DjangoSettings and self.name not in vars(project):
            # What the project does not say costs an exception otherwise, on every request.
            return self.default
        value: T = getattr(django_settings, self.name, self.default)
        return value


class Settings:
    """The settings of sessionauth; every name stands in Django's settings with the prefix SESSIONAUTH_."""

    #: Who may say who a request is, in this order; programs' credentials are always asked before cookies and Basic.
    AUTHENTICATORS: ClassVar = Setting[Collection[str | Mapping[str, Any]]](
        (
            "sessionauth.authenticators.token.BearerAuthenticator",
            "sessionauth.authenticators.api_key.APIKeyAuthenticator",
            "sessionauth.authenticators.session.SessionAuthenticator",
        ),
        authenticator_entries,
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
    #: Fields by which the login form's name finds an account; None means the username field, and the e-mail field where it is unique.
    LOGIN_FIELDS: ClassVar = Setting[Collection[str] | None](
        None, optional(names), seed="imia looks up by username or e-mail."
    )
    #: How long a login counts as fresh, a timedelta or seconds.
    FRESH_AGE: ClassVar = Setting[timedelta | int](
        timedelta(minutes=15), age, seed="Flask-Login: for ever. A session that stays fresh for days protects nothing."
    )
    #: First word of our keys and tokens; lower-case letters and digits.
    KEY_BRAND: ClassVar = Setting[str]("sa", text)
    #: Optional word that marks the keys of this deployment, such as "live" or "test"; empty for none.
    KEY_ENVIRONMENT: ClassVar = Setting[str]("", text)
    #: At most how often "last used" and "last seen" are written, a timedelta or seconds; None for never.
    LAST_USED_INTERVAL: ClassVar = Setting[timedelta | int | None](timedelta(seconds=60), optional(age))
    #: Scopes by name, {name: (description, [permissions])}.
    SCOPES: ClassVar = Setting[Mapping[str, tuple[str | Promise, Collection[str]]]]({}, scope_map)
    #: Realm named in WWW-Authenticate challenges.
    REALM: ClassVar = Setting[str]("api", text)


settings = Settings()


def declared() -> dict[str, Setting[Any]]:
    """Return every setting by its full name, in the order of declaration."""
    return {setting.name: setting for setting in vars(Settings).values() if isinstance(setting, Setting)}


def seconds(value: timedelta | int) -> float:
    """Return a setting of kind `age` as seconds."""
    return value.total_seconds() if isinstance(value, timedelta) else float(value)


def load(path: str) -> Any:
    """Import what a dotted-path setting names."""
    return import_string(path)
