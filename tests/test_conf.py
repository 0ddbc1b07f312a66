"""Settings: declared once, typed, read live."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.test import override_settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from sessionauth import conf
from sessionauth.conf import Setting, Settings, djangos, kinds, settings
from sessionauth.sessions import timeouts
from tests.project.run import ROOT

pytestmark = pytest.mark.once

LAZY = gettext_lazy("Hello")
PATH = "somewhere.thing"
SCOPE = {"a:b": ("Description", ["app.codename"])}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (kinds.boolean, True),
        (kinds.boolean, False),
        (kinds.text, ""),
        (kinds.text, LAZY),
        (kinds.integer, 0),
        (kinds.integer, -5),
        (kinds.age, 0),
        (kinds.age, timedelta(0)),
        (kinds.age, timedelta(days=5)),
        (kinds.names, []),
        (kinds.names, ("a", "b")),
        (kinds.names, {"a"}),
        (kinds.names, frozenset()),
        (kinds.dotted_path, PATH),
        (kinds.optional(kinds.integer), None),
        (kinds.optional(kinds.integer), 5),
        (kinds.choice("a", "b"), "b"),
        (kinds.choice("a", or_path=True), PATH),
        (kinds.entries, []),
        (kinds.entries, (PATH,)),
        (kinds.entries, [{"NAME": PATH}, {"NAME": PATH, "OPTIONS": {"a": 1}}]),
        (kinds.entries, [MappingProxyType({"NAME": PATH})]),
        (kinds.text_map, {}),
        (kinds.text_map, {"a": "b"}),
        (kinds.scope_map, {}),
        (kinds.scope_map, SCOPE),
        (kinds.scope_map, {"a": [LAZY, ()]}),
        (kinds.positive, 1),
        (kinds.ages, [30, timedelta(hours=1)]),
        (kinds.prefixes, (0, 128)),
        (kinds.prefixes, [32, 0]),
        (kinds.proxies, 0),
        (kinds.proxies, ()),
        (kinds.proxies, {"10.0.0.0/8", "::1", "192.0.2.1"}),
    ],
)
def test_kind__accepts(kind, value):
    assert kind(value) is None


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        (kinds.boolean, 1, "True or False"),
        (kinds.boolean, None, "True or False"),
        (kinds.text, None, "a string"),
        (kinds.text, b"a", "a string"),
        (kinds.integer, True, "an integer"),
        (kinds.integer, 1.0, "an integer"),
        (kinds.integer, "1", "an integer"),
        (kinds.age, -1, "a number of seconds that is not negative"),
        (kinds.age, timedelta(-1), "a timedelta that is not negative"),
        (kinds.age, True, "a timedelta or a whole number of seconds"),
        (kinds.age, 1.5, "a timedelta or a whole number of seconds"),
        (kinds.names, "abc", "a list, tuple or set of strings"),
        (kinds.names, [1], "a list, tuple or set of strings"),
        (kinds.names, {"a": 1}, "a list, tuple or set of strings"),
        (kinds.dotted_path, "thing", "a dotted path"),
        (kinds.dotted_path, None, "a dotted path"),
        (kinds.optional(kinds.integer), "a", "None or an integer"),
        (kinds.choice("a", "b"), "c", 'one of "a", "b"'),
        (kinds.choice("a", "b"), PATH, 'one of "a", "b"'),
        (kinds.choice("a", "b"), ["a"], 'one of "a", "b"'),
        (kinds.choice("a", or_path=True), "c", 'one of "a" or a dotted path'),
        (kinds.entries, PATH, "a list"),
        (kinds.entries, {PATH}, "a list"),
        (kinds.entries, [5], 'a list of dotted paths or of dicts with a "NAME"'),
        (kinds.entries, [{"NAME": 5}], 'a list of dotted paths or of dicts with a "NAME"'),
        (kinds.entries, [{"OPTIONS": {}}], 'a list of dotted paths or of dicts with a "NAME"'),
        (
            kinds.entries,
            [{"NAME": PATH, "OPTIONS": []}],
            'a list whose dicts have "NAME", a dotted path, and "OPTIONS", a dict, and nothing else',
        ),
        (
            kinds.entries,
            [{"NAME": PATH, "KWARGS": {}}],
            'a list whose dicts have "NAME", a dotted path, and "OPTIONS", a dict, and nothing else',
        ),
        (kinds.text_map, {"a": 1}, "a dict of strings"),
        (kinds.text_map, {1: "a"}, "a dict of strings"),
        (kinds.text_map, [("a", "b")], "a dict of strings"),
        (kinds.scope_map, ["a"], "a dict {name: (description, [permissions])}"),
        (kinds.scope_map, {"a": "ab"}, "a dict {name: (description, [permissions])}"),
        (kinds.scope_map, {"a": ("Description",)}, "a dict {name: (description, [permissions])}"),
        (kinds.scope_map, {"a": ("Description", "app.codename")}, "a dict {name: (description, [permissions])}"),
        (kinds.scope_map, {"a": (5, [])}, "a dict {name: (description, [permissions])}"),
        (kinds.positive, 0, "an integer of at least 1"),
        (kinds.positive, True, "an integer of at least 1"),
        (kinds.ages, [], "a list of timedeltas or whole numbers of seconds, at least one"),
        (kinds.ages, [30, -1], "a list of timedeltas or whole numbers of seconds, at least one"),
        (kinds.ages, 30, "a list of timedeltas or whole numbers of seconds, at least one"),
        (kinds.prefixes, (33, 56), "two numbers of bits, at most 32 and 128"),
        (kinds.prefixes, (24,), "two numbers of bits, at most 32 and 128"),
        (kinds.prefixes, (24, True), "two numbers of bits, at most 32 and 128"),
        (kinds.proxies, -1, "a number that is not negative"),
        (kinds.proxies, True, "a number, or a list of networks"),
        (kinds.proxies, "10.0.0.0/8", "a number, or a list of networks"),
        (kinds.proxies, ["10.0.0.1/8"], 'a list of networks such as "10.0.0.0/8"'),
        (kinds.proxies, ["proxy.example.org"], 'a list of networks such as "10.0.0.0/8"'),
    ],
)
def test_kind__says_what_is_wanted(kind, value, wanted):
    assert kind(value) == wanted


@pytest.mark.parametrize("name", ["", "a b", 'a"', "a\\", "é", 5])
def test_scope_map__names_are_those_of_rfc_6749(name):
    assert "RFC 6749" in str(kinds.scope_map({name: ("", [])}))


@pytest.mark.parametrize("name", conf.declared())
def test_default__is_of_its_own_kind_and_cannot_be_changed(name):
    setting = conf.declared()[name]
    assert setting.kind(setting.default) is None
    assert not isinstance(setting.default, list | set)


def test_declared__every_setting_by_its_full_name():
    names = [name for topic in conf.TOPICS for name in vars(topic) if name.isupper()]
    assert set(names) == {name for name in dir(Settings) if name.isupper()}, "a topic is missing, or declared elsewhere"
    assert len(names) == len(set(names)), "declared twice"
    assert list(conf.declared()) == [f"SESSIONAUTH_{name}" for name in names]


def test_settings__say_the_default_where_the_project_says_nothing():
    for name, setting in conf.declared().items():
        if not hasattr(django_settings, name):
            assert getattr(settings, name.removeprefix("SESSIONAUTH_")) is setting.default


def test_settings__are_read_live():
    assert settings.REALM == "api"
    with override_settings(SESSIONAUTH_REALM="desk"):
        assert settings.REALM == "desk"
        with override_settings(SESSIONAUTH_REALM="hall", LOGIN_URL="/in/"):
            assert (settings.REALM, djangos.LOGIN_URL) == ("hall", "/in/")
        assert settings.REALM == "desk"
    assert (settings.REALM, djangos.LOGIN_URL) == ("api", django_settings.LOGIN_URL)


def test_settings__are_asked_once_until_one_changes():
    settings.REALM, djangos.LOGIN_URL  # noqa: B018
    assert vars(settings)["REALM"] == "api"
    assert vars(djangos)["LOGIN_URL"] == django_settings.LOGIN_URL
    with override_settings(DEBUG=True):
        assert not vars(settings)
        assert not vars(djangos)


def test_settings__are_asked_each_time_while_apps_get_ready(monkeypatch):
    conf.setting.forget()
    monkeypatch.setattr(apps, "ready", False)
    assert settings.REALM == "api"
    assert not vars(settings)


def test_settings__of_a_project_that_answers_otherwise_each_time(monkeypatch):
    class OfThisSite:
        def __getattr__(self, name):
            return getattr(before, name)

    conf.setting.forget()
    before = django_settings._wrapped
    monkeypatch.setattr(django_settings, "_wrapped", OfThisSite())
    assert settings.REALM == "api"
    assert not vars(settings)
    assert timeouts.limits.idle is None
    assert not vars(timeouts.limits)


def test_settings__are_not_judged_when_read():
    """A wrong value is the checks' to tell, in words, and not a request's."""
    with override_settings(SESSIONAUTH_REALM=5):
        assert settings.REALM == 5


def test_settings__a_misspelt_name_is_an_error():
    with pytest.raises(AttributeError):
        settings.RAELM  # noqa: B018


def test_settings__of_the_class_are_the_declarations():
    declaration: Any = Settings.REALM
    assert isinstance(declaration, Setting)
    assert declaration.name == "SESSIONAUTH_REALM"


def test_login_message__waits_for_the_language_of_the_request():
    assert isinstance(settings.LOGIN_MESSAGE, Promise)


@pytest.mark.parametrize(("value", "expected"), [(90, 90.0), (timedelta(minutes=1.5), 90.0), (0, 0.0)])
def test_seconds(value, expected):
    assert conf.seconds(value) == expected


def test_load__imports_what_a_path_names():
    assert conf.load("sessionauth.conf.load") is conf.load
    with pytest.raises(ImportError):
        conf.load("sessionauth.conf.unload")


def test_conf__reads_nothing_when_it_is_imported():
    code = "import sessionauth.conf; from django.conf import settings; print(settings.configured)"
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert told.stdout == "False\n"
