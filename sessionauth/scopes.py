"""Scopes: names for what a credential may do, each standing for permissions of Django."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from asgiref.sync import sync_to_async
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from sessionauth.conf import settings

#: To issue keys and tokens that are no stronger than the one that asks.
ISSUE = "sessionauth:issue"

#: To act as somebody else by SESSIONAUTH_IMPERSONATION_HEADER, and to change things as them. Their owner must be let do
#: both besides.
IMPERSONATE, IMPERSONATE_WRITE = "sessionauth:impersonate", "sessionauth:impersonate_write"

#: Scopes of this app. They stand for no permission, and are held only where they were granted by name: whoever gives a
#: credential "all that its owner may" does not mean that it shall beget others.
BUILT_IN: Mapping[str, str | Promise] = {
    ISSUE: _("Issue keys and tokens that may do no more than this one."),
    IMPERSONATE: _("Act as other users, and look at what they see."),
    IMPERSONATE_WRITE: _("Change things while acting as other users."),
}


class Scope(NamedTuple):
    """A scope that can be granted: its name, what people are told of it, and the permissions it stands for."""

    name: str
    description: str
    permissions: tuple[str, ...]


def declared() -> list[Scope]:
    """Return the scopes of SESSIONAUTH_SCOPES in their order, then those of this app; for forms and documents."""
    own = [Scope(name, str(words), tuple(needs)) for name, (words, needs) in settings.SCOPES.items()]
    built_in = [Scope(name, str(words), ()) for name, words in BUILT_IN.items() if _is_of_use(name)]
    return [scope for scope in own if scope.name not in BUILT_IN] + built_in


def _is_of_use(scope: str) -> bool:
    return scope == ISSUE or settings.IMPERSONATION_HEADER is not None


def permissions_of(scope: str) -> Collection[str]:
    """Return the permissions that `scope` stands for: those declared for its name, or itself if it is a permission."""
    if scope in BUILT_IN:
        return ()
    declared = settings.SCOPES.get(scope)
    if declared is not None:
        return declared[1]
    return (scope,) if "." in scope else ()


def is_known(scope: str) -> bool:
    """Say whether `scope` is declared in SESSIONAUTH_SCOPES, built in, or formed as a permission, `app.codename`."""
    app_label, dot, codename = scope.partition(".")
    return scope in BUILT_IN or scope in settings.SCOPES or bool(dot and app_label and codename)


def unknown(scopes: Iterable[str]) -> list[str]:
    """Return those of `scopes` that mean nothing here."""
    return [scope for scope in scopes if not is_known(scope)]


def _own(user: Any) -> Collection[str]:
    own = getattr(user, "get_scopes", None)
    return own() if own is not None else ()


def holds(user: Any, scope: str) -> bool:
    """Say whether `user` may do what `scope` names: by their own `get_scopes()`, or by holding its permissions.

    Asks `user.has_perm`, hence every authentication backend. A declared scope without permissions is everybody's.
    """
    if scope in _own(user):
        return True
    if not is_known(scope) or not user.is_authenticated:
        return False
    permissions = permissions_of(scope)
    # Not has_perms(): a user model need not have PermissionsMixin, Django's own example has `has_perm` alone.
    return not permissions or (hasattr(user, "has_perm") and all(user.has_perm(name) for name in permissions))


async def aholds(user: Any, scope: str) -> bool:
    """See holds().

    The same question in the ORM's thread, not Django's `ahas_perm()`: backends and user models that override only
    `has_perm()` would be passed over, and a veto with them.
    """
    return await sync_to_async(holds)(user, scope)


def grants(granted: Collection[str] | None, scope: str) -> bool:
    """Say whether a credential that was `granted` these scopes covers `scope`; None covers all but BUILT_IN.

    A declared scope covers the permissions it stands for, and a set of permissions covers the declared scope that needs
    no others.
    """
    if scope in BUILT_IN:
        return granted is not None and scope in granted
    if granted is None or scope in granted:
        return True
    needed = permissions_of(scope)
    covered = {permission for name in granted for permission in permissions_of(name)}
    return bool(needed) and covered.issuperset(needed)


#: The alternatives of a requirement: any one of them is enough, and of that every scope is needed.
Alternatives = tuple[tuple[str, ...], ...]

#: For the methods that a requirement does not name.
OTHERS = "*"


@dataclass(frozen=True, slots=True)
class Requirement:
    """The scopes that a view asks for, as every decorator, mixin and framework class takes them.

    `"a"` is one scope, `["a", "b"]` all of them, `[["a"], ["b", "c"]]` any of these, and
    `{"GET": …, "POST": …, "*": …}` one of the former for each method. HEAD counts as GET. A method that is not named
    is refused, unless "*" stands for the others. (The grammar is that of allauth's TokenPermission.)
    """

    by_method: tuple[tuple[str, Alternatives], ...]

    @classmethod
    def of(cls, *stated: Any) -> Requirement:
        """Return what `stated` says: a single value in the grammar, or the names of several scopes, all needed.

        Raises TypeError for what is no such thing, nothing at all above all: it would let everybody in.
        """
        if len(stated) > 1 and not all(isinstance(one, str) for one in stated):
            raise TypeError(f"{GRAMMAR} Several arguments must all be names, not {stated!r}.")
        if not stated:
            raise TypeError(f"{GRAMMAR} Nothing was given.")
        value = stated[0] if len(stated) == 1 else stated
        if isinstance(value, Requirement):
            return value
        if isinstance(value, Mapping):
            return cls(_by_method(value))
        return cls(((OTHERS, _alternatives(value)),))

    def alternatives(self, method: str | None) -> Alternatives:
        """Return what a request with `method` needs any one of; none where the method is refused whatever one holds."""
        named = dict(self.by_method)
        return named.get("GET" if method == "HEAD" else str(method), named.get(OTHERS, ()))

    def is_met(self, method: str | None, has: Callable[[str], bool]) -> bool:
        """Say whether `has`, which is asked about single scopes, answers for all of one alternative."""
        return any(all(has(scope) for scope in every) for every in self.alternatives(method))

    async def ais_met(self, method: str | None, has: Callable[[str], Awaitable[bool]]) -> bool:
        """See is_met()."""
        for every in self.alternatives(method):
            for scope in every:
                if not await has(scope):
                    break
            else:
                return True
        return False

    def told(self, method: str | None) -> tuple[str, ...]:
        """Return the scopes to name to whoever lacks them: those of the first alternative."""
        return next(iter(self.alternatives(method)), ())

    def names(self) -> list[str]:
        """Return every scope that is named, once."""
        every = (scope for _, alternatives in self.by_method for together in alternatives for scope in together)
        return list(dict.fromkeys(every))


GRAMMAR = (
    'A view takes scopes as "app.do_it", ["all", "of"], [["any"], ["of", "these"]] or {"GET": …, "*": …}, never empty.'
)


def _by_method(value: Mapping[Any, Any]) -> tuple[tuple[str, Alternatives], ...]:
    if not value or not all(isinstance(method, str) and method for method in value):
        raise TypeError(f"{GRAMMAR} The keys must be HTTP methods, not {list(value)!r}.")
    found = [(method.upper(), _alternatives(stated)) for method, stated in value.items()]
    methods = [method for method, _ in found]
    if "HEAD" in methods or len(set(methods)) < len(methods):
        raise TypeError(f"{GRAMMAR} A method stands once, and HEAD counts as GET: {list(value)!r}.")
    return tuple(found)


def _alternatives(value: Any) -> Alternatives:
    if isinstance(value, str):
        return ((_name(value),),)
    if not isinstance(value, Sequence) or not value or isinstance(value, bytes):
        raise TypeError(f"{GRAMMAR} This is neither: {value!r}.")
    if all(isinstance(one, str) for one in value):
        return (tuple(_name(one) for one in value),)
    if any(isinstance(one, str | bytes | Mapping) or not isinstance(one, Sequence) or not one for one in value):
        raise TypeError(f"{GRAMMAR} This is neither: {value!r}.")
    return tuple(tuple(_name(scope) for scope in together) for together in value)


def _name(scope: Any) -> str:
    """Return `scope`. Raises TypeError for what no credential can hold, such as two names in one string."""
    if not isinstance(scope, str) or not scope or any(char.isspace() for char in scope):
        raise TypeError(f"{GRAMMAR} This is no name of one scope: {scope!r}.")
    return scope
