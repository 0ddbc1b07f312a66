"""Instances of what a compiled query has found, made as `from_db()` makes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from inspect import getattr_static
from typing import Any, NamedTuple, TypeVar

from django.db import models
from django.db.models.signals import post_init, pre_init

from sessionauth.undocumented import PLAIN_ATTRIBUTES, ModelState, Shape

#: What a class may have of its own to decide how an instance is made.
MAKES = frozenset({"__init__", "__new__", "__setattr__", "from_db"})
_DJANGOS: Any = models.Model

#: What is called after a from_db() of which then() tells. Not kept on it: functools.wraps would hand that on.
_then: dict[Any, str] = {}

F = TypeVar("F", bound=Callable[..., Any])


def home(function: Any) -> str:
    """Return the module that `function` was defined in: what functools.wraps was used on says that of what it wraps."""
    return str(getattr(function, "__globals__", {}).get("__name__", ""))


def djangos(name: str) -> Any:
    """Return the function `name` of `models.Model`, None where it was replaced before this module was imported."""
    found = vars(models.Model)[name]
    function = getattr(found, "__func__", found)
    return function if home(function) == models.Model.__module__ else None


#: Whoever has replaced one of them, for all models, is asked for every row.
FROM_DB, INIT = djangos("from_db"), djangos("__init__")


class Way(NamedTuple):
    """How instances of a model are made: the `names` of its columns, and which of them is its `key`.

    `from_db` is what its class has where that comes to no more than bare(), None where it may; `notes` is the name of
    what is then called.
    """

    names: list[str]
    key: int
    from_db: Any
    notes: str


def then(name: str) -> Callable[[F], F]:
    """Say of a `from_db()` that it does what the one above it does, and then calls the method `name` of the instance.

    So that rows can be made without it: through Django's own, a key took 12 µs more.
    """

    def mark(from_db: F) -> F:
        _then[from_db] = name
        return from_db

    return mark


def made(model: Any, using: str, columns: list[Any]) -> Any:
    """Return the instance of `model` whose `columns` came from `using`, None where a join has found none."""
    names, key, _, _ = _way(model)
    if columns[key] is None:
        return None
    if not is_bare(model):
        return model.from_db(using, names, columns)
    return bare(model, using, zip(names, columns, strict=True))


def joined(shape: Shape, using: str, row: list[Any]) -> Any:
    """Return the instance that `row` from `using` is by its `shape`, with those that came along, as the ORM has it."""
    one = made(shape.model, using, row[shape.columns])
    if one is not None:
        for part in shape.parts:
            other = joined(part, using, row)
            part.tell_whole(one, other)
            if other is not None:
                part.tell_part(other, one)
    return one


def bare(model: Any, using: str, values: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> Any:
    """Return an instance of `model` that holds `values` and nothing else.

    What `from_db()` comes to where nobody else has a say, without setting each attribute by itself.
    """
    one, state = object.__new__(model), ModelState()
    state.adding, state.db = False, using
    one.__dict__.update(values, _state=state)
    if notes := _way(model).notes:
        getattr(one, notes)()
    return one


def new(model: Any, **values: Any) -> Any:
    """Return `model(**values)`; it must be by the names of columns, and of all that are not to be their defaults.

    Django asks each field for its default and sets it, which took 40 µs of each login for a row of the record alone.
    """
    if not is_bare(model):
        return model(**values)
    constant, made_anew = _defaults(model)
    one = object.__new__(model)
    one.__dict__.update(constant, **values, _state=ModelState())
    for name, make in made_anew:
        if name not in values:
            one.__dict__[name] = make()
    return one


@lru_cache(maxsize=64)
def _defaults(model: Any) -> tuple[dict[str, Any], list[tuple[str, Any]]]:
    """Return by column the defaults of `model` that are always the same, and what makes the others."""
    fields = model._meta.concrete_fields
    made_anew = [(one.attname, one.get_default) for one in fields if one.has_default() and callable(one.default)]
    constant = {one.attname: one.get_default() for one in fields if one.attname not in dict(made_anew)}
    return constant, made_anew


@lru_cache(maxsize=64)
def _way(model: Any) -> Way:
    names, from_db = [field.attname for field in model._meta.concrete_fields], model.from_db.__func__
    own = [kind for kind in model.__mro__ if kind not in (models.Model, object)]
    is_plain = all(type(getattr_static(model, name)) in PLAIN_ATTRIBUTES for name in names)
    if ModelState is None or any(map(_has_a_say, own)) or not is_plain:
        from_db = None
    return Way(names, names.index(model._meta.pk.attname), from_db, _then.get(from_db, ""))


def _has_a_say(kind: type) -> bool:
    own = vars(kind).keys() & MAKES
    return bool(own) and (own != {"from_db"} or getattr(vars(kind)["from_db"], "__func__", None) not in _then)


def is_bare(model: Any) -> bool:
    """Say whether nobody has a say in how instances of `model` are made, beyond what then() tells, or is told of them.

    Asked for each, for any of it may be changed at any time.
    """
    is_told = (pre_init.receivers and pre_init.has_listeners(model)) or (
        post_init.receivers and post_init.has_listeners(model)
    )
    is_known = model.from_db.__func__ is _way(model).from_db
    # What is Django's may have been replaced, too, below a from_db() that calls it.
    return not is_told and is_known and _DJANGOS.from_db.__func__ is FROM_DB and _DJANGOS.__init__ is INIT
