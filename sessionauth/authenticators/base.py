"""What an authenticator is, and which ones a project has switched on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from asgiref.sync import sync_to_async
from django.http import HttpRequest

from sessionauth import crypto, lookup
from sessionauth.conf import load, settings
from sessionauth.conf.setting import FromSettings, derived
from sessionauth.exceptions import InvalidCredential
from sessionauth.late import LateModule
from sessionauth.models import AbstractCredential
from sessionauth.models.credentials import REFRESH_KIND, models_by_kind
from sessionauth.request_state import state_of
from sessionauth.user_token import LoginState, UserToken, anonymous_user

if TYPE_CHECKING:
    from sessionauth.credentials import cache, formats, limits
    from sessionauth.guards import secrets
else:
    cache = LateModule("sessionauth.credentials.cache")
    formats = LateModule("sessionauth.credentials.formats")
    limits = LateModule("sessionauth.credentials.limits")
    secrets = LateModule("sessionauth.guards.secrets")


@runtime_checkable
class Authenticator(Protocol):
    """What the chain asks of an authenticator; BaseAuthenticator gives all but the two steps."""

    name: str
    ambient: bool
    lazy: bool
    carriers: Collection[str]

    def extract(self, request: HttpRequest) -> Any: ...
    def authenticate(self, request: HttpRequest, credential: Any) -> UserToken | None: ...
    async def aauthenticate(self, request: HttpRequest, credential: Any) -> UserToken | None: ...
    def frees_from_csrf(self, credential: Any) -> bool: ...
    def challenge(self, request: HttpRequest, error: Mapping[str, str]) -> str | None: ...
    def openapi(self) -> dict[str, dict[str, Any]]: ...


class BaseAuthenticator:
    """Turns one kind of credential on a request into a UserToken.

    It works in two steps. `extract()` does no I/O and says whether a credential of its kind is there. `authenticate()`
    then has three answers and no fourth: a UserToken; None, "not mine after all, ask the next"; or it raises
    InvalidCredential, "mine, and wrong".
    """

    #: What `auth.method` says of requests it recognised.
    name: str = ""
    #: Whether browsers send the credential unasked, as they do cookies and Basic. Then CSRF checks stay.
    ambient: bool = True
    #: Whether it is only asked when somebody looks at the user; for what a browser sends with every request.
    lazy: bool = False
    #: The headers it reads, for `Vary`; ("*",) where that cannot be told.
    carriers: Collection[str] = ()
    #: The keys of `request.META` without any of which `extract()` finds nothing, so that it need not be asked; None
    #: where it looks elsewhere too. Whoever overrides `extract()` says it again.
    places: Collection[str] | None = None

    def extract(self, request: HttpRequest) -> Any:
        """Return the credential on `request`, None if there is none of this kind. Must do no I/O."""
        raise NotImplementedError(f"{type(self).__name__}.extract() is missing.")

    def authenticate(self, request: HttpRequest, credential: Any) -> UserToken | None:
        """Return whom `credential` stands for; None to let the next one try.

        Raises InvalidCredential if it is this authenticator's to judge, and wrong.
        """
        raise NotImplementedError(f"{type(self).__name__}.authenticate() is missing.")

    async def aauthenticate(self, request: HttpRequest, credential: Any) -> UserToken | None:
        """See authenticate(): the same in one hop to the thread of the database, or in none for what `is_ready()`."""
        if self.is_ready(credential):
            return self.authenticate(request, credential)
        return await sync_to_async(self.authenticate)(request, credential)

    def is_ready(self, credential: Any) -> bool:
        """Say whether `authenticate()` asks nobody about `credential`, so that an event loop may call it. No I/O."""
        return False

    def frees_from_csrf(self, credential: Any) -> bool:
        """Say whether no other site can make a browser send `credential`: never for ambient ones."""
        return not self.ambient

    def challenge(self, request: HttpRequest, error: Mapping[str, str]) -> str | None:
        """Return the challenge for WWW-Authenticate, None for none; `error` are parameters such as RFC 6750's."""
        return None

    def openapi(self) -> dict[str, dict[str, Any]]:
        """Return OpenAPI security schemes by name."""
        return {}


#: What an authenticator claims, besides the formats of other packages.
BRAND, SCHEME = "brand", "scheme"

#: Returns who comes with a credential that was issued to somebody who acts as its user; raises InvalidCredential.
Delegate = Callable[[HttpRequest, "UserToken"], "UserToken"]

_delegates: list[Delegate] = []


def delegate(act: Delegate) -> None:
    """Have `act` asked of credentials that end with an impersonation; without it they are accepted nowhere."""
    _delegates[:] = [act]


Claim = str | Collection[str]


@dataclass(frozen=True, slots=True)
class PresentedSecret:
    """A secret as it came: `carrier` is "header" or "query"."""

    secret: str = field(repr=False)
    carrier: str = "header"

    def __eq__(self, other: object) -> bool:
        # Two headers with the same secret say the same thing; only different ones contradict each other.
        return isinstance(other, PresentedSecret) and other.secret == self.secret

    __hash__ = None  # type: ignore[assignment]


class CredentialAuthenticator(BaseAuthenticator):
    """Base of those that read our own secrets, `sa_pat_…` and `sa_key_…`, from wherever they stand.

    The secret's own words say that it is ours and which table it speaks of, so that any other value (another
    library's token, a gateway's) is left alone and costs no query.
    """

    ambient = False

    def __init__(self, *, claim: Claim = BRAND, realm: str | None = None) -> None:
        """Take `claim`, what is ours to judge, and `realm`, the name for challenges; None for SESSIONAUTH_REALM.

        `claim` is one or several of these. "brand": secrets of our own brand, and all others are left to others.
        "scheme": every value in this place, so that a foreign one is refused. "knox", "authtoken", "drf-api-key": what
        has exactly the form of that package's secrets, for those that `sessionauth_import` took over; one that is not
        among them is refused, also where the package itself stands behind us and would know it.
        """
        claims = frozenset((claim,) if isinstance(claim, str) else claim)
        self.formats = claims - {BRAND, SCHEME}
        if not claims or (self.formats and not self.formats <= formats.FORMATS.keys()):
            words = ", ".join(f'"{word}"' for word in (BRAND, SCHEME, *formats.FORMATS))
            raise ValueError(f"claim must be one or several of {words}")
        self.claim, self._claims = claim, claims
        self._realm = realm

    @property
    def realm(self) -> str:
        """The name of what is protected, for challenges."""
        return settings.REALM if self._realm is None else self._realm

    def is_ours(self, secret: str) -> bool:
        """Say whether `secret` begins with our brand and the kind of one of our tables, or is a refresh token."""
        kind = crypto.claimed_kind(secret, settings.KEY_BRAND)
        return kind is not None and (kind == REFRESH_KIND or kind in models_by_kind())

    def claims(self, secret: str) -> bool:
        """Say whether `secret` is ours to judge. No I/O."""
        if SCHEME in self._claims or (BRAND in self._claims and self.is_ours(secret)):
            return True
        return bool(self.formats) and formats.is_of(secret, self.formats)

    def parse(self, secret: str) -> crypto.ParsedSecret | None:
        """Return `secret` taken apart, None if it is malformed."""
        parsed = crypto.parse(secret, settings.KEY_BRAND, settings.KEY_PEPPERS)
        return formats.parse(secret, self.formats) if parsed is None and self.formats else parsed

    def authenticate(self, request: HttpRequest, credential: PresentedSecret) -> UserToken | None:
        """See BaseAuthenticator.authenticate(). A malformed secret is refused before the database."""
        parsed = self.parse(credential.secret)
        model = None if parsed is None else models_by_kind().get(parsed.kind)
        if parsed is None or model is None:
            raise InvalidCredential("malformed")
        row = lookup.credential(request, model, parsed)
        limits.check(row, request)
        secrets.keep_to_rate(row, request)
        if row.is_rehash_due(parsed):
            state_of(request).later.append(partial(row.rehash, parsed))
        return self.token(request, row)

    def is_ready(self, credential: PresentedSecret) -> bool:
        """See BaseAuthenticator.is_ready(): what is malformed. Not where a subclass may know more of it."""
        if type(self).authenticate is not CredentialAuthenticator.authenticate:
            return False
        parsed = self.parse(credential.secret)
        return parsed is None or parsed.kind not in models_by_kind()

    def token(self, request: HttpRequest, row: AbstractCredential) -> UserToken:
        """Return the UserToken of a program with the credential `row`, and note its use for the way out."""
        user = row.get_user()
        if cache.is_touch_due(row):
            state_of(request).later.append(row.touch)
        token = UserToken(
            anonymous_user(request) if user is None else user,
            LoginState.PROGRAM,
            self.name,
            credential=row,
            granted=row.granted,
        )
        return token if row.impersonation_id is None else _delegated(request, token)


def _delegated(request: HttpRequest, token: UserToken) -> UserToken:
    if not _delegates:
        raise InvalidCredential("impersonation", credential=token.credential)
    return _delegates[0](request, token)


def _make(entry: str | Mapping[str, Any]) -> Authenticator:
    path, options = (entry, {}) if isinstance(entry, str) else (entry["NAME"], entry.get("OPTIONS", {}))
    made: Authenticator = load(path)(**options)
    return made


def active() -> tuple[Authenticator, ...]:
    """Return the authenticators of SESSIONAUTH_AUTHENTICATORS, those of programs first."""
    return switched_on.authenticators


class SwitchedOn(FromSettings):
    """The authenticators that a project has switched on, and what follows from which they are."""

    @derived
    def authenticators(self) -> tuple[Authenticator, ...]:
        """See active()."""
        made = [_make(entry) for entry in settings.AUTHENTICATORS]
        # sorted() is stable: programs' credentials first, otherwise in the project's order.
        return tuple(sorted(made, key=lambda authenticator: authenticator.ambient))

    @derived
    def explicit_carriers(self) -> dict[str, None]:
        """The headers of those that are asked before the view, in their order."""
        return {header: None for one in self.authenticators if not one.lazy for header in one.carriers}

    @derived
    def places(self) -> frozenset[str] | None:
        """The keys of `META` without any of which nobody is asked before the view; None where somebody must be."""
        found = [_places_of(one) for one in self.authenticators if not one.lazy]
        return None if None in found else frozenset(key for places in found for key in places or ())


def _places_of(one: Authenticator) -> Collection[str] | None:
    """Return the `places` of `one`, None if another class than says them reads the request."""
    says = next((kind for kind in type(one).__mro__ if not vars(kind).keys().isdisjoint(("extract", "places"))), None)
    return getattr(one, "places", None) if says is not None and "places" in vars(says) else None


switched_on = SwitchedOn()
