"""Instances of what a compiled query has found, made as `from_db()` makes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from inspect import getattr_static
from typing import Any

from django.db import models
from django.db.models.signals import post_init, pre_init

from sessionauth.undocumented import PLAIN_ATTRIBUTES, ModelState, Shape

#: What a class may have of its own to decide how an instance is made.
MAKES = frozenset({"__init__", "__new__", "__setattr__", "from_db"})
_DJANGOS: Any = models.Model


def made(model: Any, using: str, columns: list[Any]) -> Any:
    """Return the instance of `model` whose `columns` came from `using`, None where a join has found none."""
    names, key, is_plain = _shape(model)
    if columns[key] is None:
        return None
    if not is_plain or has_listeners(model) or model.from_db.__func__ is not _DJANGOS.from_db.__func__:
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
    return one


def new(model: Any, **values: Any) -> Any:
    """Return `model(**values)`; it must be by the names of columns, and of all that are not to be their defaults.

    Django asks each field for its default and sets it, which took 40 µs of each login for a row of the record alone.
    """
    if has_listeners(model) or not is_bare(model):
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
def _shape(model: Any) -> tuple[list[str], int, bool]:
    """Return the names of the columns of `model`, which is its key, and whether instances are nothing but these."""
    names = [field.attname for field in model._meta.concrete_fields]
    return names, names.index(model._meta.pk.attname), is_bare(model)


@lru_cache(maxsize=64)
def is_bare(model: Any, besides: type | None = None) -> bool:
    """Say whether no class but Django's, and `besides`, has a say in how instances of `model` are made."""
    own = [kind for kind in model.__mro__ if kind not in (models.Model, object, besides)]
    if ModelState is None or any(vars(kind).keys() & MAKES for kind in own):
        return False
    return all(type(getattr_static(model, field.attname)) in PLAIN_ATTRIBUTES for field in model._meta.concrete_fields)


def has_listeners(model: Any) -> bool:
    """Say whether anybody is told of instances of `model` as they are made."""
    return bool(
        (pre_init.receivers and pre_init.has_listeners(model))
        or (post_init.receivers and post_init.has_listeners(model))
    )
