"""Limits of credentials: what may stand in their fields."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError
from django.forms import modelform_factory

from sessionauth.models import AccessToken, APIKey
from tests.models.test_credentials import alice  # noqa: F401 (a fixture)

GOOD = [
    ("networks", []),
    ("networks", None),
    ("origins", None),
    ("networks", ["192.0.2.7", "10.0.0.0/8", "2001:db8::/32", "::1", "::ffff:192.0.2.0/120"]),
    ("methods", None),
    ("methods", ["GET", "HEAD", "OPTIONS"]),
    ("origins", []),
    ("origins", ["https://example.org", "http://localhost:8000", "https://[2001:db8::1]:8443", "app://desk"]),
    ("rate", ""),
    ("rate", "100/m"),
    ("rate", "5/5m"),
    ("expires_at", datetime(8999, 12, 31, tzinfo=UTC)),
]
BAD = [
    ("networks", ["192.0.2.7/24"], "192.0.2.7/24 is no network"),  # did they mean the address or the network?
    ("networks", ["192.0.2"], "is no network"),
    ("networks", ["example.org"], "is no network"),
    ("networks", [""], "is no network"),
    ("networks", ["192.0.2.0/33"], "is no network"),
    ("networks", ["\0", "\ud800"], "is no network"),
    ("networks", "192.0.2.7", "must be a list"),
    ("networks", [5], "must be a list"),
    ("networks", {"a": 1}, "must be a list"),
    ("methods", [], "at least one"),
    ("methods", ["get"], "Unknown HTTP methods: get"),
    ("methods", ["GET", "FETCH"], "Unknown HTTP methods: FETCH"),
    ("methods", "GET", "must be a list"),
    ("methods", [1], "must be a list"),
    ("origins", ["example.org"], "is no origin"),
    ("origins", ["https://example.org/"], "write https://example.org."),
    ("origins", ["https://example.org:443"], "write https://example.org."),
    ("origins", ["HTTPS://Example.org"], "write https://example.org."),
    ("origins", ["https://user@example.org"], "write https://example.org."),
    ("origins", ["https://example.org/path?x#y"], "write https://example.org."),
    ("origins", ["https://*.example.org"], "is no origin"),
    ("origins", ["https://exämple.org"], "is no origin"),
    ("origins", ["https://[::1"], "is no origin"),
    ("origins", ["https://example.org:port"], "is no origin"),
    ("origins", ["null", "*", ""], "is no origin"),
    ("origins", "https://example.org", "must be a list"),
    ("rate", "100", "is no rate"),
    ("rate", "0/m", "is no rate"),
    ("rate", "100/w", "is no rate"),
    ("rate", "many", "is no rate"),
    # Time zones to the east could not write it, nor a rotation put it off.
    ("expires_at", datetime.max.replace(tzinfo=UTC), "from 1900 to 8999"),
    ("expires_at", datetime(9000, 1, 1, tzinfo=UTC), "from 1900 to 8999"),
    ("ends_at", datetime.min.replace(tzinfo=UTC), "from 1900 to 8999"),
]


@pytest.mark.once
@pytest.mark.parametrize(("name", "value"), GOOD)
def test_good_limit__is_taken(name, value):
    row = APIKey(**{name: value})
    row.clean_fields(exclude={"user", "digest", "hint"})
    assert getattr(row, name) == ([] if value is None and name != "methods" else value)


@pytest.mark.once
@pytest.mark.parametrize("model", [APIKey, AccessToken])
@pytest.mark.parametrize(("name", "value", "message"), BAD)
def test_bad_limit__is_refused_in_words(model, name, value, message):
    with pytest.raises(ValidationError) as caught:
        model(**{name: value}).clean_fields(exclude={"user", "digest", "hint"})
    assert list(caught.value.message_dict) == [name]
    assert message in " ".join(caught.value.message_dict[name])


@pytest.mark.once
def test_several_faults__are_told_at_once():
    with pytest.raises(ValidationError) as caught:
        APIKey(name="x" * 101, rate="many", networks=["x"]).clean_fields(exclude={"user"})
    assert {"name", "rate", "networks"} <= set(caught.value.message_dict)
    APIKey(rate="many").clean_fields(exclude={"user", "digest", "hint", "rate"})


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "value", "message"), BAD[:8])
def test_issue__takes_no_bad_limit(name, value, message, alice):  # noqa: F811
    with pytest.raises(ValidationError, match=name):
        APIKey.objects.issue(user=alice, **{name: value})
    assert not APIKey.objects.exists()


@pytest.mark.django_db
def test_form__shows_what_is_wrong_beside_its_field(alice):  # noqa: F811
    row, _ = APIKey.objects.issue(user=alice)
    form = modelform_factory(APIKey, fields=["networks", "rate"])
    bad = form({"networks": '["x"]', "rate": "many"}, instance=row)
    assert set(bad.errors) == {"networks", "rate"}
    good = form({"networks": '["192.0.2.0/24"]', "rate": ""}, instance=row)
    assert good.is_valid()
    good.save()
    assert APIKey.objects.get().networks == ["192.0.2.0/24"]
