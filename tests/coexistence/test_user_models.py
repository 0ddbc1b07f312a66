"""Our lines in projects with user models, names and databases of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.coexistence import databases
from tests.coexistence.stock.project import StockProject, do
from tests.coexistence.stock.variants import VARIANTS

pytestmark = pytest.mark.slow

WALK = {"index": 200, "list": 200, "password": 302, "after password": 200, "logout": 200, "after logout": 302}
#: In PostgreSQL those to which it matters: databases are dear there.
NAMES = ["string key", "users in another database"] if databases.IS_POSTGRES else list(VARIANTS)


@pytest.fixture
def variant(tmp_path) -> Iterator[Callable[[str], tuple[StockProject, Any]]]:
    """`variant("string key")`: that project with people, of whom alice has been signed in since before us.

    Comes with what the project's keepers are told before us.
    """
    made = []

    def make(name: str) -> tuple[StockProject, Any]:
        project = StockProject(tmp_path, **VARIANTS[name])
        made.append(project)
        steps = [do("make_migrations", app="accounts")] if "accounts/models.py" in VARIANTS[name]["files"] else []
        steps += [migrate(project), do("make", who=["alice", "bob", "eve"]), do("sign_in", who="alice", keep="before")]
        *_, keepers = project.run("before", *steps, do("keepers"))
        return project, keepers

    yield make
    for project in made:
        project.remove()


def migrate(project):
    return do("migrate", databases=["default", "people"][: len(project.databases)])


def place(name):
    return "people" if name.endswith("we with them") else "default"


@pytest.mark.parametrize("name", NAMES)
def test_story__our_lines_come_and_go(variant, name):
    project, before = variant(name)
    names = {who: f"{who}@example.org" if name == "e-mail and UUID" else who for who in ("alice", "bob", "eve")}
    assert (before["check"], before["missing migrations"]) == ({}, "No changes detected")

    _, keepers, everybody, walked, *_, rows, key = project.run(
        "backend",
        migrate(project),
        do("keepers"),
        do("everybody"),
        do("admin", who="eve"),
        do("sign_in", who="bob", keep="bob"),
        do("sign_in", who="alice", keep="alice"),
        do("rows", using=place(name)),
        do("whose_key", who="alice"),
    )
    assert set(keepers["check"]) <= {"sessionauth.W073"}
    assert keepers["missing migrations"] == "No changes detected"
    assert (everybody, walked) == ({"before": names["alice"]}, WALK)
    # Alice's from before us, hers from now, and bob's; eve went.
    assert rows == 3
    assert key == names["alice"]

    signed_in = {"before": names["alice"], "bob": names["bob"], "alice": names["alice"]}
    everybody, walked = project.run("before", do("everybody"), do("admin", who="eve"))
    assert (everybody, walked) == (signed_in, WALK)

    _, everybody = project.run("backend", do("revoke", who="alice"), do("everybody"))
    assert everybody == {"before": None, "bob": names["bob"], "alice": None}


def test_our_names__are_the_projects_before_ours(variant):
    """A project asks its users by the names it always had; ours stand apart."""
    project, _ = variant("our names")
    theirs = ["apikey", "accesstoken", "loginsession", "impersonation", "impersonations", "sessionauth"]
    (found, before) = project.run("before", do("reverse_names"), do("filtered", by=theirs))
    (_, after, now, ours) = project.run(
        "two lines",
        do("migrate"),
        do("reverse_names"),
        do("filtered", by=theirs),
        do("filtered", by=[f"sessionauth_{name}" for name in theirs[:3]]),
    )
    assert set(found) <= set(after)
    assert all("sessionauth" in name for name in set(after) - set(found))
    assert before == now == [3] * len(theirs)
    assert ours == [3, 3, 3]
