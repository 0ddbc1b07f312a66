"""What is named, and imported when it is first used: what a process never does weighs nothing in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Any


class LateModule:
    """Stands for the module at a dotted path, which is imported when something of it is first asked for.

    From then on the two have one and the same names. Beside it stands the import for those who read types and floors::

        if TYPE_CHECKING:
            from sessionauth import access
        else:
            access = LateModule("sessionauth.access")
    """

    def __init__(self, path: str) -> None:
        self.__name__ = path

    def __getattr__(self, name: str) -> Any:
        module = import_module(self.__name__)
        self.__dict__ = vars(module)
        return getattr(module, name)


def names_of(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """Return the `__getattr__` by which `package` has the names in `homes`, each with the dotted path of its module."""

    def find(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found = vars(import_module(package))[name] = getattr(import_module(homes[name]), name)
        return found

    return find


@cache
def late(path: str) -> Callable[..., Any]:
    """Return a function that calls the one at the dotted `path`, always the same.

    For wiring alone, where what is named stands above whoever calls it: receivers and checks.
    """
    home, _, name = path.rpartition(".")
    module = LateModule(home)

    def call(*args: Any, **kwargs: Any) -> Any:
        return getattr(module, name)(*args, **kwargs)

    call.__module__, call.__qualname__ = home, name
    return call
