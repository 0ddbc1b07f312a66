"""A new instance is what its class makes of the same values, in fewer steps."""

from __future__ import annotations

import pytest
from django.db import models
from django.db.models.signals import post_init
from django.utils import timezone

from sessionauth import instances
from sessionauth.models import AuthEvent, LoginSession
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
