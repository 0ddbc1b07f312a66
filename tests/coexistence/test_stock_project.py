"""A project as Django's `startproject` makes it: our lines come, and go again, and nobody notices."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.coexistence import databases
from tests.coexistence.stock import variants
from tests.coexistence.stock.project import StockProject, do

pytestmark = pytest.mark.slow

ADMIN = {
    "index": 200,
    "list": 200,
    "add": 302,
    "change": 200,
    "password": 302,
    "after password": 200,
    "logout": 200,
    "after logout": 302,
}
#: With our backend there are two, and calls of login() without one must say which.
SAY_WHICH = {"sessionauth.W073": "warning"}
NO_TABLE = {"sessionauth.E090": "error"}


@pytest.fixture
def begun(tmp_path) -> Iterator[Callable[..., StockProject]]:
    """`begun(more="…")`: a stock project with people, of whom alice has been signed in since before us."""
    made = []

    def make(**differently: str) -> StockProject:
        project = StockProject(tmp_path, **differently)
        made.append(project)
        people = do("make", who=["alice", "bob", "eve"])
        project.run("before", do("migrate"), people, do("sign_in", who="alice", keep="before"))
        return project

    yield make
    for project in made:
        project.remove()


@pytest.fixture
def project(begun: Callable[..., StockProject]) -> StockProject:
    return begun()


def test_story__our_lines_come_and_go(project):
    (before,) = project.run("before", do("keepers"))
    assert (before["check"], before["missing migrations"]) == ({}, "No changes detected")

    # The lines are there, and nobody has migrated yet.
    looked, walked, _, keepers, everybody = project.run(
        "two lines",
        do("logged", act="whoami", given={"keep": "before"}),
        do("logged", act="admin", given={"who": "eve", "made": "unmigrated"}),
        do("sign_in", who="bob", keep="unmigrated"),
        do("keepers"),
        do("everybody"),
    )
    assert (looked["returned"], walked["returned"]) == ("alice", ADMIN)
    assert len(looked["lines"]) == 1
    assert all("manage.py migrate" in line for line in looked["lines"])
    assert keepers["check"] == NO_TABLE
    assert everybody == {"before": "alice", "unmigrated": "bob"}

    _, looked, walked, _, keepers = project.run(
        "two lines",
        do("migrate"),
        do("logged", act="everybody", given={}),
        do("admin", who="eve", made="migrated"),
        do("sign_in", who="bob", keep="two lines"),
        do("keepers"),
    )
    assert looked == {"returned": {"before": "alice", "unmigrated": "bob"}, "lines": []}
    assert walked == ADMIN
    assert_nothing_is_worse(before, keepers, told={})

    signed_in = {"before": "alice", "unmigrated": "bob", "two lines": "bob", "backend": "alice"}
    _, walked, keepers, everybody = project.run(
        "backend",
        do("sign_in", who="alice", keep="backend"),
        do("admin", who="eve", made="guarded"),
        do("keepers"),
        do("everybody"),
    )
    assert walked == ADMIN
    assert_nothing_is_worse(before, keepers, told=SAY_WHICH)
    assert everybody == signed_in

    # And out again, the last line first.
    assert project.run("two lines", do("everybody")) == [signed_in]
    everybody, walked, keepers, _ = project.run(
        "before",
        do("everybody"),
        do("admin", who="eve", made="without"),
        do("keepers"),
        do("sign_in", who="bob", keep="in between"),
    )
    assert (everybody, walked, keepers) == (signed_in, ADMIN, before)

    # And back.
    assert project.run("backend", do("everybody")) == [signed_in | {"in between": "bob"}]


def assert_nothing_is_worse(before, now, *, told):
    """What is new for `check` is `told`, and for `check --deploy` no more than advice."""
    assert now["missing migrations"] == before["missing migrations"]
    assert now["check"] == told
    assert before["deploy"].items() <= now["deploy"].items()
    assert not [found for found in now["deploy"].items() - before["deploy"].items() if found[1] == "error"]


@pytest.mark.parametrize("more", ["", 'DATABASES["default"]["ATOMIC_REQUESTS"] = True\n'], ids=["plain", "atomic"])
def test_story__all_lines_at_once_and_no_migrate(begun, more):
    """Who is signed in stays so; who comes waits for `migrate`, because guards that cannot count let nobody in."""
    project = begun(more=more)
    everybody, refused, keepers = project.run("backend", do("everybody"), do("refused", who="alice"), do("keepers"))
    assert (everybody, refused) == ({"before": "alice"}, 503)
    assert keepers["check"] == SAY_WHICH | NO_TABLE
    _, walked = project.run("backend", do("migrate"), do("admin", who="alice", made="made"))
    assert walked == ADMIN


ENGINES = {
    "cache": 'SESSION_ENGINE = "django.contrib.sessions.backends.cache"\n',
    "signed_cookies": 'SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"\n',
}
SHARED_CACHE = """
CACHES = {"default": {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": BASE_DIR / "cache"}}
"""


@pytest.mark.parametrize("engine", ["signed_cookies"] if databases.IS_POSTGRES else list(ENGINES))
def test_story__with_another_session_engine(begun, engine):
    project = begun(more=ENGINES[engine] + SHARED_CACHE)
    _, _, walked, everybody = project.run(
        "backend",
        do("migrate"),
        do("sign_in", who="bob", keep="backend"),
        do("admin", who="eve", made="made"),
        do("everybody"),
    )
    assert (walked, everybody) == (ADMIN, {"before": "alice", "backend": "bob"})
    assert project.run("before", do("everybody")) == [{"before": "alice", "backend": "bob"}]
    _, everybody = project.run("two lines", do("revoke", who="alice"), do("everybody"))
    assert everybody == {"before": None, "backend": "bob"}


def test_people__can_be_deleted_while_we_are_there_and_after_our_tables_are_gone(project):
    *_, first = project.run(
        "two lines",
        do("migrate"),
        do("sign_in", who="alice", keep="alice"),
        do("sign_in", who="bob", keep="bob"),
        do("delete", who="alice", by="eve"),
    )
    project.run("two lines", do("take_out"))
    (second,) = project.run("before", do("delete", who="bob", by="eve"))
    assert (first, second) == (0, 0)


def test_keys__of_people_who_were_deleted_without_us_are_nobodys(begun):
    """A key whose owner is gone is not the key of a service, which has no owner."""
    project = begun(files={"desk/urls.py": variants.WHO_URL})
    scopes = [None, [], ["auth.view_user"]]
    _, *keys = project.run("two lines", do("migrate"), *(do("issue", who="bob", scopes=one) for one in scopes))
    assert project.run("before", do("delete", who="bob", by="eve")) == [0]
    shown = project.run("two lines", *(do("show", secret=key, path="/who/") for key in keys))
    assert shown == [401, 401, 401]


def test_people__can_be_deleted_where_our_tables_were_left_behind(project):
    """Taking the lines out leaves a working site: a foreign key that nobody cascades any more is in nobody's way."""
    project.run("two lines", do("migrate"), do("sign_in", who="bob", keep="bob"))
    assert project.run("before", do("delete", who="bob", by="eve")) == [0]
