"""One setting as a typed descriptor, and how long what it says is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

from django.apps import apps
from django.conf import Settings as DjangoSettings
from django.conf import UserSettingsHolder
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.core.signals import setting_changed

from sessionauth.conf.kinds import Kind

PREFIX = "SESSIONAUTH_"

T = TypeVar("T")


#: Whose instances know what has been read, or has been worked out from that.
_kept: list[FromSettings] = []


class FromSettings:
    """Base of what follows from the settings: its instances forget what they know whenever `setting_changed` is sent.

    For the few of a module that live as long as the process; what they know is what they have `derived`.
    """

    def __init__(self) -> None:
        _kept.append(self)


class derived(Generic[T]):  # noqa: N801 - stands where `property` would
    """A property of a FromSettings, worked out when it is first asked for, and known from then on as a setting is."""

    def __init__(self, work: Callable[[Any], T]) -> None:
        self.work, self.__doc__ = work, work.__doc__

    def __get__(self, instance: object, owner: type) -> T:
        value = self.work(instance)
        keep(instance, self.work.__name__, value)
        return value


class Setting(Generic[T]):
    """One setting: asks Django's settings when it is read, and is known from then on until a setting changes.

    Requests read several dozen. What has been read stands in the instance, which Python asks first.
    """

    def __init__(self, default: T, kind: Kind, *, seed: str = "") -> None:
        """Declare a setting.

        `default` is its value when the project says nothing, `kind` judges what the project says, and `seed` is a note
        for the reference page: where the default comes from, or why it differs from a seed project's.
        """
        self.default, self.kind, self.seed = default, kind, seed

    def __set_name__(self, owner: type, name: str) -> None:
        self.name, self.attribute = PREFIX + name, name

    @overload
    def __get__(self, instance: None, owner: type) -> Setting[T]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> Setting[T] | T:
        if instance is None:
            return self
        value: T = getattr(django_settings, self.name, self.default)
        keep(instance, self.attribute, value)
        return value


class DjangosSettings(FromSettings):
    """Django's own settings as requests read them: each is asked for once, until a setting changes."""

    @derived
    def user_model(self) -> Any:
        """What `get_user_model()` returns."""
        return get_user_model()

    def __getattr__(self, name: str) -> Any:
        value = getattr(django_settings, name)
        keep(self, name, value)
        return value


def keep(instance: object, attribute: str, value: object) -> None:
    """Let `instance` know `value` by itself from now on, where nothing but `setting_changed` tells of another.

    While the apps get ready any of them may still put something into the settings. What stands in the place of Django's
    own settings may answer otherwise each time, as those of some packages for many sites do.
    """
    if apps.ready and type(vars(django_settings).get("_wrapped")) in (DjangoSettings, UserSettingsHolder):
        vars(instance)[attribute] = value


def forget(**kwargs: object) -> None:
    """Receive `setting_changed`: ask again."""
    for one in _kept:
        vars(one).clear()


setting_changed.connect(forget, dispatch_uid="sessionauth.conf")
