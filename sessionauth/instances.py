"""Instances of what a compiled query has found, made as `from_db()` makes them."""

from __future__ import annotations

from functools import lru_cache
from inspect import getattr_static
from typing import Any

from django.db import models
from django.db.models.base import ModelState
from django.db.models.fields.related_descriptors import ForeignKeyDeferredAttribute
from django.db.models.query_utils import DeferredAttribute
from django.db.models.signals import post_init, pre_init

#: What a class may have of its own to decide how an instance is made.
MAKES = frozenset({"__init__", "__new__", "__setattr__", "from_db"})
#: What stands for a column in a class where its value is nothing but what the instance holds.
HOLDERS = (DeferredAttribute, ForeignKeyDeferredAttribute)
_DJANGOS: Any = models.Model


def made(model: Any, using: str, columns: list[Any]) -> Any:
    """Return the instance of `model` whose `columns` came from `using`, None where a join has found none."""
    names, key, is_bare = _shape(model)
    if columns[key] is None:
        return None
    if not is_bare or _has_listeners(model) or model.from_db.__func__ is not _DJANGOS.from_db.__func__:
        return model.from_db(using, names, columns)
    # What that comes to where nobody else has a say, without setting each attribute by itself.
    one, state = object.__new__(model), ModelState()
    state.adding, state.db = False, using
    one.__dict__.update(zip(names, columns, strict=True), _state=state)
    return one


@lru_cache(maxsize=64)
def _shape(model: Any) -> tuple[list[str], int, bool]:
    """Return the names of the columns of `model`, which is its key, and whether instances are nothing but these."""
    names = [field.attname for field in model._meta.concrete_fields]
    own = [kind for kind in model.__mro__ if kind not in (models.Model, object)]
    is_bare = not any(vars(kind).keys() & MAKES for kind in own)
    is_bare = is_bare and all(type(getattr_static(model, name)) in HOLDERS for name in names)
    return names, names.index(model._meta.pk.attname), is_bare


def _has_listeners(model: Any) -> bool:
    return any(signal.receivers and signal.has_listeners(model) for signal in (pre_init, post_init))
