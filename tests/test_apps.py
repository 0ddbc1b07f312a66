"""What the wiring of the app tells of whom."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test.utils import isolate_apps

from sessionauth.models import LoginSession

pytestmark = pytest.mark.django_db


@isolate_apps("django.contrib.auth")
def test_saved_user__as_a_proxy_ends_the_sessions_of_the_old_password(client, django_user_model):
    class Person(User):
        class Meta:
            proxy = True
            app_label = "auth"

    alice = django_user_model.objects.create_user("alice")
    client.force_login(alice)
    person = Person(**{field.attname: getattr(alice, field.attname) for field in alice._meta.concrete_fields})
    person._state.adding = False
    person.set_password("another one")
    person.save()
    assert LoginSession.objects.get(user_id=alice.pk).is_revoked


def test_saved_user__loaded_from_a_file_ends_nothing(client, django_user_model):
    alice = django_user_model.objects.create_user("alice")
    client.force_login(alice)
    alice.set_password("another one")
    alice.save_base(raw=True)
    assert not LoginSession.objects.get(user_id=alice.pk).is_revoked
