"""One setting as a typed descriptor."""

from __future__ import annotations

from typing import Generic, TypeVar, overload

from django.conf import Settings as DjangoSettings
from django.conf import UserSettingsHolder, global_settings
from django.conf import settings as django_settings

from sessionauth.conf.kinds import Kind

PREFIX = "SESSIONAUTH_"

T = TypeVar("T")


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
        # What the project does not say costs an exception otherwise, and what it says a chain of calls, every time.
        project = object.__getattribute__(django_settings, "__dict__").get("_wrapped")
        while type(project) is UserSettingsHolder:
            said = vars(project)
            if self.name in said or self.name in said["_deleted"]:
                break
            project = said["default_settings"]
        if type(project) is UserSettingsHolder or type(project) is DjangoSettings:
            known = vars(project)
            return known.get(self.name, self.default)  # type: ignore[no-any-return]
        if project is global_settings:
            return self.default
        value: T = getattr(django_settings, self.name, self.default)
        return value
