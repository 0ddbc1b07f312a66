"""The tables of other packages, read without the packages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.apps.registry import Apps
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.db import DEFAULT_DB_ALIAS, connections, models, router

from sessionauth.credentials.formats import FORMATS, Format


class NoSource(Exception):
    """There is no such table, or it is not one of that package."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a row of another package says; `kept` is what it has of the secret, which may be the secret itself."""

    kept: str
    beginning: str
    user_id: Any
    created_at: datetime
    expires_at: datetime | None = None
    is_revoked: bool = False
    name: str = ""

    def __repr__(self) -> str:
        return f"<Taken {self.created_at}>"


@dataclass(frozen=True, slots=True)
class Source:
    """A table of another package."""

    format: Format
    rows: models.QuerySet[Any]

    def count(self) -> int:
        """Return how many rows there are."""
        return self.rows.count()

    def batches(self, size: int) -> Iterator[list[Taken]]:
        """Yield the rows, `size` at a time and in the order of their key: what is read once is not read again."""
        read, rest = TABLES[self.format.name].read, self.rows
        while found := list(rest[:size]):
            yield [read(row) for row in found]
            rest = self.rows.filter(pk__gt=found[-1].pk)


@dataclass(frozen=True, slots=True)
class Table:
    """How a package's table is called and read. `columns` makes its fields, but for the user's."""

    model: str
    name: str
    columns: Callable[[], dict[str, models.Field[Any, Any]]]
    read: Callable[[Any], Taken]
    has_user: bool = True


def source(name: str, *, model: str = "", table: str = "", using: str = "") -> Source:
    """Return the table of the package `name`, one of FORMATS.

    `model` is the label of a model of the project's own in the place of the package's; `table` the name of the table,
    where there is no model any more; `using` the database. Without them it is where the package has it by default.
    Raises NoSource if it is not there, or has not the columns.
    """
    known = TABLES[name]
    peer = _model(model or _label(name), is_wanted=bool(model))
    table = table or (known.name if peer is None else peer._meta.db_table)
    using = using or (DEFAULT_DB_ALIAS if peer is None else router.db_for_write(peer))
    made = _made(known, table)
    if missing := _missing(made, using):
        raise NoSource(f"{table!r} in the database {using!r} {missing}.")
    return Source(FORMATS[name], made._base_manager.using(using).order_by("pk"))


def _label(name: str) -> str:
    """Return the model that the package `name` uses in this project."""
    own = getattr(django_settings, "KNOX_TOKEN_MODEL", None) if name == "knox" else None
    return str(own or TABLES[name].model)


def _model(label: str, *, is_wanted: bool) -> type[models.Model] | None:
    try:
        return apps.get_model(label)
    except (LookupError, ValueError):
        if is_wanted:
            raise NoSource(f"There is no model {label!r}.") from None
        return None


def _made(known: Table, table: str) -> type[models.Model]:
    """Return a model of that table which no registry and no migration ever hears of."""
    fields: dict[str, Any] = known.columns()
    if known.has_user:
        fields["user_id"] = _like_a_key(get_user_model()._meta.pk)
    meta = {"managed": False, "db_table": table, "app_label": "sessionauth_peer", "apps": Apps()}
    return type("Peer", (models.Model,), {**fields, "__module__": __name__, "Meta": type("Meta", (), meta)})


def _like_a_key(field: Any) -> models.Field[Any, Any]:
    """Return a field that holds what points to `field`, a primary key."""
    while field.is_relation:
        field = field.target_field
    if isinstance(field, models.AutoField):
        return models.BigIntegerField()
    _, _, args, kwargs = field.deconstruct()
    kwargs = {name: value for name, value in kwargs.items() if name not in ("primary_key", "unique", "default")}
    plain: models.Field[Any, Any] = type(field)(*args, **kwargs)
    return plain


def _missing(made: type[models.Model], using: str) -> str:
    connection = connections[using]
    table = made._meta.db_table
    with connection.cursor() as cursor:
        if table not in connection.introspection.table_names(cursor, include_views=True):
            return "is no table"
        there = {column.name for column in connection.introspection.get_table_description(cursor, table)}
    missing = sorted({str(field.column) for field in made._meta.concrete_fields} - there)
    return f"has no column {', '.join(missing)}" if missing else ""


def _knox() -> dict[str, models.Field[Any, Any]]:
    return {
        "digest": models.CharField(max_length=128, primary_key=True),
        "token_key": models.CharField(max_length=25),
        "created": models.DateTimeField(),
        "expiry": models.DateTimeField(null=True),
    }


def _authtoken() -> dict[str, models.Field[Any, Any]]:
    return {"key": models.CharField(max_length=40, primary_key=True), "created": models.DateTimeField()}


def _api_key() -> dict[str, models.Field[Any, Any]]:
    return {
        "id": models.CharField(max_length=150, primary_key=True),
        "prefix": models.CharField(max_length=8),
        "hashed_key": models.CharField(max_length=150),
        "created": models.DateTimeField(),
        "name": models.CharField(max_length=50),
        "revoked": models.BooleanField(),
        "expiry_date": models.DateTimeField(null=True),
    }


def _of_knox(row: Any) -> Taken:
    return Taken(row.digest, row.token_key, row.user_id, row.created, row.expiry)


def _of_authtoken(row: Any) -> Taken:
    return Taken(row.key, row.key, row.user_id, row.created)


def _of_api_key(row: Any) -> Taken:
    return Taken(row.hashed_key, row.prefix, None, row.created, row.expiry_date, row.revoked, row.name)


TABLES: Mapping[str, Table] = {
    "knox": Table("knox.AuthToken", "knox_authtoken", _knox, _of_knox),
    "authtoken": Table("authtoken.Token", "authtoken_token", _authtoken, _of_authtoken),
    "drf-api-key": Table(
        "rest_framework_api_key.APIKey", "rest_framework_api_key_apikey", _api_key, _of_api_key, has_user=False
    ),
}
