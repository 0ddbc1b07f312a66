"""What people and their keepers do in a stock project. Nothing here knows whether we are installed."""

from __future__ import annotations

import contextlib
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core import checks
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import setup_test_environment

PASSWORD = "correct horse battery"
#: Where cookies are kept from one process to the next.
KEPT = Path("cookies.json")
User = get_user_model()
USERNAME = User.USERNAME_FIELD
PEOPLE = f"/admin/{User._meta.app_label}/{User._meta.model_name}/"

setup_test_environment(debug=False)


def name_of(who: str) -> str:
    return f"{who}@example.org" if USERNAME == "email" else who


def migrate(*, databases: tuple[str, ...] = ("default",)) -> None:
    """Bring every database up to date."""
    for alias in databases:
        call_command("migrate", database=alias, verbosity=0)


def make(*, who: list[str]) -> None:
    """Make people who may do everything in the admin."""
    for name in who:
        User._default_manager.create_superuser(**{USERNAME: name_of(name)}, password=PASSWORD)


def sign_in(*, who: str, keep: str) -> None:
    """Sign in by the admin's form, and keep the cookie under the name `keep`."""
    KEPT.write_text(json.dumps(kept() | {keep: cookie_of(signed_in(who))}))


def kept() -> dict[str, str]:
    cookies: dict[str, str] = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    return cookies


def signed_in(who: str) -> Client:
    client = Client()
    answer = client.post("/admin/login/?next=/admin/", {"username": name_of(who), "password": PASSWORD})
    assert answer.status_code == 302, answer.content.decode()
    return client


def refused(*, who: str) -> int:
    """Return the status with which the admin's form does not let `who` in, whose password is right."""
    answer = Client().post("/admin/login/?next=/admin/", {"username": name_of(who), "password": PASSWORD})
    assert answer.status_code != 302
    return answer.status_code


def cookie_of(client: Client) -> str:
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def whoami(*, keep: str) -> str | None:
    """Return who the admin's index says is there with a kept cookie; None where it asks to sign in."""
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = kept()[keep]
    answer = client.get("/admin/")
    if answer.status_code == 302:
        return None
    assert answer.status_code == 200
    return str(answer.context["user"].get_username())


def everybody() -> dict[str, str | None]:
    """Return who each kept cookie is."""
    return {name: whoami(keep=name) for name in kept()}


def admin(*, who: str, made: str | None = None) -> dict[str, int]:
    """Go through the admin as `who`, making the user `made` if named; return the status of each step."""
    client = signed_in(who)
    change = {"old_password": PASSWORD, "new_password1": "another horse 7", "new_password2": "another horse 7"}
    told = {"index": client.get("/admin/"), "list": client.get(PEOPLE)}
    if made is not None:
        new = {USERNAME: name_of(made), "password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
        told["add"] = client.post(PEOPLE + "add/", new)
        told["change"] = client.get(f"{PEOPLE}{person(made).pk}/change/")
    told["password"] = client.post("/admin/password_change/", change)
    told["after password"] = client.get("/admin/")
    told["logout"] = client.post("/admin/logout/")
    told["after logout"] = client.get("/admin/")
    user = person(who)
    user.set_password(PASSWORD)
    user.save()
    return {step: answer.status_code for step, answer in told.items()}


def person(who: str) -> Any:
    return User._default_manager.get(**{USERNAME: name_of(who)})


def delete(*, who: str, by: str) -> int:
    """Delete the user `who` in the admin, and return how many of that name are left."""
    user = person(who)
    answer = signed_in(by).post(f"{PEOPLE}{user.pk}/delete/", {"post": "yes"})
    assert answer.status_code == 302, answer.content.decode()
    return User._default_manager.filter(pk=user.pk).count()


def keepers() -> dict[str, Any]:
    """Return what `check`, `check --deploy` and `makemigrations --check` say."""
    return {
        "check": messages(deploy=False),
        "deploy": messages(deploy=True),
        "missing migrations": missing_migrations(),
    }


def messages(*, deploy: bool) -> dict[str, str]:
    """Return what the checks say: {id: level}."""
    with unlogged():
        found = checks.run_checks(include_deployment_checks=deploy, databases=list(settings.DATABASES))
    return {str(message.id): "error" if message.is_serious() else "warning" for message in found}


def missing_migrations() -> str:
    out = io.StringIO()
    with contextlib.suppress(SystemExit):
        call_command("makemigrations", check=True, dry_run=True, stdout=out)
    return out.getvalue().strip()


@contextlib.contextmanager
def unlogged() -> Iterator[list[str]]:
    """Collect what the app logs instead of printing it."""
    lines: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(f"{record.levelname} {record.getMessage()}")

    logger, collector = logging.getLogger("sessionauth"), Collector()
    logger.addHandler(collector)
    try:
        yield lines
    finally:
        logger.removeHandler(collector)


def logged(*, act: str, given: dict[str, Any]) -> dict[str, Any]:
    """Do `act` and return what it returns and what the app logged meanwhile."""
    with unlogged() as lines:
        returned = globals()[act](**given)
    return {"returned": returned, "lines": lines}


def rows(*, using: str = "default") -> int:
    """Return how many login sessions are listed as not ended."""
    found = apps.get_model("sessionauth", "LoginSession")._base_manager.using(using)
    return int(found.filter(revoked_at=None).count())


def revoke(*, who: str) -> int:
    """Sign `who` out of every browser, as a page of "my devices" does; return how many there were."""
    from sessionauth.sessions import registry

    return registry.revoke_all(person(who))


def issue(*, who: str, scopes: list[str] | None = None) -> str:
    """Give `who` an API key."""
    from sessionauth.models import APIKey

    return str(APIKey.objects.issue(user=person(who), scopes=scopes)[1])


def show(*, secret: str, path: str = "/admin/login/") -> int:
    """Return the status that a page open to all answers to whoever shows a key: 401 for one that is not good."""
    return Client().get(path, headers={"X-Api-Key": secret}).status_code


def whose_key(*, who: str) -> str | None:
    """Give `who` an API key, and return who a page says shows it."""
    answer = Client().get("/who/", headers={"X-Api-Key": issue(who=who)})
    assert answer.status_code == 200, answer.content.decode()
    return answer.content.decode()


def reverse_names() -> list[str]:
    """Return the names by which the user model can be asked about models that refer to it."""
    return sorted(field.name for field in User._meta.get_fields() if field.auto_created and not field.concrete)


def filtered(*, by: list[str]) -> list[int]:
    """Return how many people each lookup finds."""
    return [User._default_manager.filter(**{f"{name}__isnull": True}).count() for name in by]


def make_migrations(*, app: str) -> None:
    """Write the first migration of a project's app."""
    call_command("makemigrations", app, verbosity=0)


def take_out() -> None:
    """Undo our migrations, as who takes the app out for good does."""
    call_command("migrate", "sessionauth", "zero", verbosity=0)


def tables() -> list[str]:
    """Return the names of our tables that are there."""
    return sorted(name for name in connection.introspection.table_names() if name.startswith("sessionauth_"))
