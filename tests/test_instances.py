"""A new instance is what its class makes of the same values, in fewer steps."""

from __future__ import annotations

from functools import wraps

import pytest
from django.db import models
from django.db.models.signals import post_init
from django.utils import timezone

from sessionauth import instances
from sessionauth.models import APIKey, AuthEvent, LoginSession
from tests.project.models import Specimen

GIVEN = {
    AuthEvent: {"event": "login_failed", "user_id": 7},
    LoginSession: {"user_id": 7, "sid": "s" * 30},
    Specimen: {},
}


@pytest.mark.parametrize("model", GIVEN)
def test_new__holds_what_its_class_gives_it(model):
    row, djangos = instances.new(model, **GIVEN[model]), model(**GIVEN[model])
    mine, its = dict(vars(row)), dict(vars(djangos))
    states = [vars(one.pop("_state")) for one in (mine, its)]
    assert (states[0].get("adding", True), states[0].get("db")) == (states[1].get("adding", True), states[1].get("db"))
    moments = {one.attname for one in model._meta.concrete_fields if one.default is timezone.now}
    assert {name: one for name, one in mine.items() if name not in moments} == {
        name: one for name, one in its.items() if name not in moments
    }
    assert mine.keys() == its.keys()


def test_new__shares_nothing_that_may_be_changed():
    first, second = instances.new(AuthEvent), instances.new(AuthEvent)
    first.data["a"] = 1
    assert second.data == {}
    assert first._state is not second._state


def test_new__is_its_classs_where_somebody_is_told_or_has_a_say():
    told = []

    def receive(instance, **facts):
        told.append(instance)

    post_init.connect(receive, sender=AuthEvent)
    try:
        row = instances.new(AuthEvent, event="logged_out")
    finally:
        post_init.disconnect(receive, sender=AuthEvent)
    assert told == [row]

    class Own(models.Model):
        word = models.CharField(max_length=5)

        class Meta:
            app_label = "own"

        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.word += "!"

    assert instances.new(Own, word="so").word == "so!"


class Noting(models.Model):
    word = models.CharField(max_length=5)

    class Meta:
        app_label = "own"

    @classmethod
    @instances.then("note")
    def from_db(cls, *args):
        one = super().from_db(*args)
        one.note()
        return one

    def note(self):
        self.read = self.word


class NotingMore(Noting):
    class Meta:
        app_label = "own"
        proxy = True

    @classmethod
    def from_db(cls, *args):
        one = super().from_db(*args)
        one.more = True
        return one


@pytest.mark.parametrize("model", [Noting, NotingMore])
def test_made__has_noted_what_from_db_notes(model):
    made, djangos = instances.made(model, "default", [1, "x"]), model.from_db("default", ["id", "word"], [1, "x"])
    states = [vars(vars(one).pop("_state")) for one in (made, djangos)]
    assert (
        vars(made)
        == vars(djangos)
        == {"id": 1, "word": "x", "read": "x"} | ({"more": True} if model is NotingMore else {})
    )
    assert states[0] == states[1]
    assert instances.is_bare(model) is (model is Noting)


def test_made__of_a_key_is_made_without_from_db(monkeypatch):
    columns = [1 if field.primary_key else field.get_default() for field in APIKey._meta.concrete_fields]
    djangos = vars(APIKey.from_db("default", [field.attname for field in APIKey._meta.concrete_fields], columns))
    instances.made(APIKey, "default", columns)
    monkeypatch.setattr(models.Model, "__init__", None)
    monkeypatch.setattr(instances, "INIT", None)
    made = vars(instances.made(APIKey, "default", columns))
    assert made.pop("_state").db == djangos.pop("_state").db == "default"
    assert made == djangos
    assert made["_lifetime_read"] == {"expires_at": None, "sliding": None, "ends_at": None}


def test_made__of_a_key_asks_whoever_has_put_a_way_of_theirs_in_the_place_of_djangos(monkeypatch):
    columns = [1 if field.primary_key else field.get_default() for field in APIKey._meta.concrete_fields]
    instances.made(APIKey, "default", columns)
    heard, djangos = [], instances.FROM_DB
    monkeypatch.setattr(
        models.Model, "from_db", classmethod(lambda cls, *args: heard.append(cls) or djangos(cls, *args))
    )
    assert instances.made(APIKey, "default", columns)._state.db == "default"
    assert heard == [APIKey]
    assert not instances.is_bare(APIKey)


def columns_of(model):
    return [1 if field.primary_key else field.get_default() for field in model._meta.concrete_fields]


@pytest.mark.parametrize("model", [APIKey, AuthEvent])
def test_made__is_seen_by_whoever_has_replaced_how_its_model_is_made(model, monkeypatch):
    """Also after it is known how, and where what they have put there says that it is what it wraps."""
    instances.made(model, "default", columns_of(model))
    heard, before = [], model.from_db.__func__

    @wraps(before)
    def replaced(cls, *args):
        heard.append(cls)
        return before(cls, *args)

    monkeypatch.setattr(model, "from_db", classmethod(replaced))
    for _ in range(2):
        assert instances.made(model, "default", columns_of(model)).pk == 1
        assert not instances.is_bare(model)
        instances._way.cache_clear()
    assert heard == [model] * 2


def test_instance__is_seen_by_whoever_has_replaced_how_every_model_is_made(monkeypatch):
    instances.made(AuthEvent, "default", columns_of(AuthEvent))
    heard, before = [], models.Model.__init__

    @wraps(before)
    def replaced(self, *args, **values):
        heard.append(type(self))
        before(self, *args, **values)

    monkeypatch.setattr(models.Model, "__init__", replaced)
    assert instances.made(AuthEvent, "default", columns_of(AuthEvent)).pk == 1
    assert instances.new(AuthEvent, event="logged_out").event == "logged_out"
    assert heard == [AuthEvent] * 2
    assert not instances.is_bare(AuthEvent)


@pytest.mark.parametrize("is_wrapped", [True, False])
def test_djangos__is_not_what_another_has_put_in_its_place_before_us(is_wrapped, monkeypatch):
    djangos = vars(models.Model)["from_db"].__func__

    def from_db(cls, *args):
        return djangos(cls, *args)

    assert instances.djangos("from_db") is djangos
    another = wraps(djangos)(from_db) if is_wrapped else from_db
    monkeypatch.setattr(models.Model, "from_db", classmethod(another))
    assert instances.djangos("from_db") is None


def test_made__asks_whoever_was_there_before_us(monkeypatch):
    columns = [1 if field.primary_key else field.get_default() for field in AuthEvent._meta.concrete_fields]
    heard, djangos = [], instances.FROM_DB
    another = classmethod(lambda cls, *args: heard.append(cls) or djangos(cls, *args))
    monkeypatch.setattr(models.Model, "from_db", another)
    monkeypatch.setattr(instances, "FROM_DB", instances.djangos("from_db"))
    instances._way.cache_clear()
    try:
        assert instances.made(AuthEvent, "default", columns).pk == 1
    finally:
        instances._way.cache_clear()
    assert heard == [AuthEvent]
