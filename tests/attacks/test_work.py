"""The work of a login: equal for every account that is not let in, and nowhere in anybody's way."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import contextmanager

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.contrib.auth import aauthenticate, authenticate, get_user_model, hashers
from django.contrib.auth.backends import BaseBackend, ModelBackend
from django.contrib.auth.signals import user_login_failed
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.test import Client

from sessionauth import passwords
from sessionauth.guards import counters
from sessionauth.guards.lockout import LockoutGuard
from sessionauth.request_state import state_of
from tests.asking import counted
from tests.attacks import storm
from tests.attacks.browsers import cookie_of, sign_in, user_of
from tests.contracts import MODEL_BACKEND
from tests.guards.entries import ACTIVE, LOCKOUT, rate
from tests.project.hashers import FastPBKDF2PasswordHasher
from tests.project.run import run_in_project

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.project.ways_urls")]


@pytest.fixture(autouse=True)
def _no_rows_of_events(settings):
    """Here the work of the login itself is counted; that of its record is counted in tests/audit."""
    settings.SESSIONAUTH_AUDIT = False


CALLS = {"sync": authenticate, "async": async_to_sync(aauthenticate)}
DIRECTORY = f"{__name__}.Directory"


@pytest.fixture(params=CALLS, ids=list(CALLS))
def call(request):
    return CALLS[request.param]


@pytest.fixture
def people(make_user, settings, password):
    """Accounts of every sort, and two that one name means."""
    settings.SESSIONAUTH_LOGIN_FIELDS = ["username", "email"]
    make_user("alice")
    make_user("inactive", is_active=False)
    unusable = make_user("unusable")
    unusable.set_unusable_password()
    unusable.save()
    make_user("one", email="two")
    make_user("two", email="three")


REFUSED = {
    "unknown": ("nobody", "wrong"),
    "wrong": ("alice", "wrong"),
    "inactive and wrong": ("inactive", "wrong"),
    "inactive and right": ("inactive", None),
    "unusable": ("unusable", "wrong"),
    "ambiguous and wrong": ("two", "wrong"),
    "ambiguous and right": ("two", None),
}


@contextmanager
def ledger(monkeypatch):
    """Write down every hash by its rounds, whoever asks for it."""
    entries: list[int] = []
    real = hashers.pbkdf2

    def note(password, salt, iterations, *args, **kwargs):
        entries.append(iterations)
        return real(password, salt, iterations, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(hashers, "pbkdf2", note)
        yield entries


def work(call, monkeypatch, name, password):
    """Return the hashes, the queries and the tables of one attempt."""
    with ledger(monkeypatch) as hashes, counted() as statements:
        assert call(None, username=name, password=password) is None
    return hashes, len(statements)


def test_refused__costs_the_same_whatever_the_account(people, call, monkeypatch, password):
    found = {case: work(call, monkeypatch, name, given or password) for case, (name, given) in REFUSED.items()}
    assert found == dict.fromkeys(REFUSED, ([FastPBKDF2PasswordHasher.iterations], 1))


def test_ledger__would_tell_of_a_difference(people, call, monkeypatch, password):
    """A control: without the equaliser the test above would fail."""
    monkeypatch.setattr(passwords, "make_password", lambda password: None)
    assert work(call, monkeypatch, "nobody", "wrong") != work(call, monkeypatch, "alice", "wrong")


def test_refused__costs_the_same_beside_djangos_own_backend(people, call, monkeypatch, settings, password):
    """And no more than ModelBackend alone would do for a wrong password."""
    ours = work(call, monkeypatch, "alice", "wrong")
    settings.AUTHENTICATION_BACKENDS = [MODEL_BACKEND]
    assert ours == work(call, monkeypatch, "alice", "wrong")


def test_accepted__is_one_hash_and_one_query(people, call, monkeypatch, password):
    with ledger(monkeypatch) as hashes, counted() as statements:
        assert call(None, username="alice", password=password).username == "alice"
    assert (len(hashes), len(statements)) == (1, 1)


def test_refused__looks_the_same_on_the_login_page(people, password):
    seen = set()
    for name, given in REFUSED.values():
        response = Client().post("/login/", {"username": name, "password": given or password})
        body = response.content.replace(f'value="{name}"'.encode(), b"")
        token = body.partition(b'name="csrfmiddlewaretoken" value="')[2].partition(b'"')[0]
        headers = tuple(
            sorted((key, value) for key, value in response.items() if key not in ("Content-Length", "Expires"))
        )
        seen.add((response.status_code, headers, body.replace(token, b"")))
    assert len(seen) == 1


NASTY = [
    "\0",
    "ali\0ce",
    "x" * 1_000_000,
    "\ud800",
    "é\ud800",
    "",
    " ",
    123,
    b"alice",
    None,
    ["alice"],
    {"a": 1},
    True,
    "\u202e",
    "%",
    "' OR 1=1--",
]


@pytest.mark.parametrize("value", NASTY, ids=lambda value: repr(value)[:12])
def test_nasty_name__is_no_error_and_nobody(value, people, call, password):
    assert call(None, username=value, password=password) is None


@pytest.mark.parametrize("value", NASTY, ids=lambda value: repr(value)[:12])
@pytest.mark.parametrize("name", ["alice", "nobody", "inactive", "unusable"])
def test_nasty_password__is_no_error_and_costs_one_hash(value, name, people, call, monkeypatch):
    hashes, queries = work(call, monkeypatch, name, value)
    if value is None:  # that is no password, for Django's backend as for ours
        assert (hashes, queries) == ([], 0)
    else:
        assert (len(hashes), queries) == (1, 1)


@pytest.mark.parametrize("value", NASTY, ids=lambda value: repr(value)[:12])
def test_nasty_name__is_counted_like_any_other(value, people, guarded, call, rf):
    guarded(rate("account", "2/d"), rate("account_address", "9/d"), LOCKOUT, ACTIVE)
    request = rf.get("/")
    for _ in range(3):
        assert call(request, username=value, password="wrong") is None
    denied = state_of(request).denied
    assert (None if denied is None else denied.code) == (None if value is None else "too_many_attempts")


def test_nasty_name__with_nul_costs_a_hash_as_well(people, call, monkeypatch):
    assert work(call, monkeypatch, "ali\0ce", "wrong")[0] == [FastPBKDF2PasswordHasher.iterations]


@pytest.mark.parametrize("password", ["with\0nul", "x" * 1_000_000, " ", "ünï"])
def test_odd_password__that_was_set_is_right(password, make_user, call):
    user = make_user("alice")
    user.set_password(password)
    user.save()
    assert call(None, username="alice", password=password) == user
    assert call(None, username="alice", password=password + "x") is None


def test_old_hash__is_upgraded_at_the_first_right_password(make_user, call, settings, password):
    alice = make_user("alice")
    alice.password = hashers.make_password(password, hasher="pbkdf2_sha256")
    alice.save()
    assert call(None, username="alice", password="wrong") is None
    assert get_user_model().objects.get().password == alice.password
    assert call(None, username="alice", password=password) == alice
    assert get_user_model().objects.get().password.startswith(FastPBKDF2PasswordHasher.algorithm)


# Where the hash runs.


class Gate:
    """A hasher that waits until it is told to go on, and says where it runs."""

    def __init__(self):
        self.started, self.go_on, self.thread = threading.Event(), threading.Event(), None

    def __call__(self, *args, **kwargs):
        self.thread = threading.current_thread()
        self.started.set()
        assert self.go_on.wait(10), "the hash holds up who would let it go on"
        return b"x" * 32


@pytest.mark.parametrize("name", ["alice", "nobody", "inactive", "unusable"])
def test_async_hash__holds_up_neither_the_event_loop_nor_the_database(name, people, monkeypatch):
    gate = Gate()
    monkeypatch.setattr(hashers, "pbkdf2", gate)

    async def at_once():
        attempt = asyncio.create_task(aauthenticate(None, username=name, password="wrong"))
        while not gate.started.is_set():
            await asyncio.sleep(0.001)
        ticks = [await asyncio.sleep(0) for _ in range(100)]
        users = await sync_to_async(get_user_model().objects.count)()
        cached = await cache.aget("nothing")
        gate.go_on.set()
        return await attempt, len(ticks), users, cached

    assert async_to_sync(at_once)() == (None, 100, 5, None)
    assert gate.thread.name.startswith("sessionauth-hash")


def test_async_hashes__run_one_after_the_other(people, monkeypatch):
    running, most = [], []
    real = hashers.pbkdf2

    def note(*args, **kwargs):
        running.append(1)
        most.append(len(running))
        try:
            return real(*args, **kwargs)
        finally:
            running.pop()

    monkeypatch.setattr(hashers, "pbkdf2", note)

    async def at_once():
        attempts = (aauthenticate(None, username=name, password="wrong") for name in ["alice", "nobody"] * 5)
        return await asyncio.gather(*attempts)

    assert async_to_sync(at_once)() == [None] * 10
    assert (len(most), max(most)) == (10, 1)


@pytest.mark.once
def test_async_hash__works_after_a_fork():
    code = (
        "import asyncio, os, warnings\n"
        "from sessionauth import passwords\n"
        "warnings.simplefilter('ignore', DeprecationWarning)\n"
        "hash = lambda: asyncio.run(asyncio.wait_for(passwords.acheck(None, 'x'), 5))\n"
        "hash()\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    hash()\n"
        "    os._exit(0)\n"
        "print(os.waitpid(child, 0)[1])\n"
    )
    told = run_in_project(code)
    assert (told.stdout, told.stderr) == ("0\n", "")


# Backends behind ours.


class Directory(BaseBackend):
    """A directory service with people of its own, which are users here."""

    asked: list[str] = []

    def authenticate(self, request, username=None, password=None):
        self.asked.append(username)
        if password != "of the directory":
            return None
        return get_user_model().objects.get(username=username)

    def get_user(self, user_id):
        return get_user_model().objects.filter(pk=user_id).first()


class Strict(Directory):
    """One that refuses for all behind it."""

    def authenticate(self, request, username=None, password=None):
        super().authenticate(request, username, password)
        raise PermissionDenied


class Lenient(ModelBackend):
    """ModelBackend's rules, less the one on activity."""

    def user_can_authenticate(self, user):
        return True


@pytest.fixture
def behind(settings):
    Directory.asked = []
    settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS, DIRECTORY]
    return Directory.asked


@pytest.fixture
def failures():
    told = []

    def hear(sender, credentials, **kwargs):
        told.append(credentials)

    user_login_failed.connect(hear)
    yield told
    user_login_failed.disconnect(hear)


def test_wrong_password__asks_everybody_once(people, behind, call, monkeypatch, failures):
    assert work(call, monkeypatch, "alice", "wrong") == ([FastPBKDF2PasswordHasher.iterations], 1)
    assert behind == ["alice"]
    assert failures == [{"username": "alice", "password": "********************"}]


def test_right_password__asks_nobody_behind(people, behind, call, password, failures):
    assert call(None, username="alice", password=password).username == "alice"
    assert (behind, failures) == ([], [])


def test_session__names_the_backend_that_verified(people, behind, settings):
    browser = sign_in(get_user_model().objects.get(username="alice"), "of the directory")
    assert browser.session["_auth_user_backend"] == DIRECTORY
    assert user_of(cookie_of(browser)) == "alice"


@pytest.mark.parametrize("given", [None, "of the directory"], ids=["ModelBackend", "directory"])
def test_our_line__may_be_taken_out_and_nobody_is_signed_out(given, people, behind, settings, password):
    browser = sign_in(get_user_model().objects.get(username="alice"), given or password)
    settings.AUTHENTICATION_BACKENDS = [MODEL_BACKEND, DIRECTORY]
    assert user_of(cookie_of(browser)) == "alice"
    settings.MIDDLEWARE = [
        one.replace("sessionauth.middleware.", "django.contrib.auth.middleware.") for one in settings.MIDDLEWARE
    ]
    browser.handler.load_middleware()
    assert browser.get("/whoami/").json() == {"user": "alice"}


def test_login_with_a_named_backend__keeps_that_name(people, behind, rf, client, password):
    user = authenticate(None, username="alice", password=password)
    client.force_login(user, backend=DIRECTORY)
    assert client.session["_auth_user_backend"] == DIRECTORY


def test_permission_denied_behind__is_the_last_word(people, settings, call, failures):
    Directory.asked = []
    settings.AUTHENTICATION_BACKENDS = ["sessionauth.backends.SessionAuthBackend", f"{__name__}.Strict", DIRECTORY]
    assert call(None, username="alice", password="of the directory") is None
    assert (Directory.asked, len(failures)) == (["alice"], 1)


def test_nobody_behind__lets_nobody_in(people, settings, call, password):
    settings.AUTHENTICATION_BACKENDS = ["sessionauth.backends.SessionAuthBackend"]
    assert call(None, username="alice", password=password) is None


def test_backend_that_takes_other_credentials__is_left_out(people, behind, call):
    assert call(None, one_time_code="1") is None
    assert behind == []


def test_model_backend_with_its_own_rule_on_activity__is_followed(people, settings, call, password):
    settings.AUTHENTICATION_BACKENDS = ["sessionauth.backends.SessionAuthBackend", f"{__name__}.Lenient"]
    assert call(None, username="inactive", password=password).username == "inactive"


# The same with guards.

GUARDS = (rate("address", "100/d"), rate("account", "100/d"), LOCKOUT, ACTIVE)


def work_with_guards(call, monkeypatch, name, password):
    """Return the hashes, the statements and the counters' commands of one attempt."""
    commands = []

    def note(real):
        def noted(tally, *args):
            commands.append(tally.rule)
            return real(tally, *args)

        return noted

    with monkeypatch.context() as patch:
        for counter in (counters.cache, counters.database):
            patch.setattr(counter, "take", note(counter.take))
        hashes, statements = work(call, monkeypatch, name, password)
    return hashes, statements, commands


def test_refused_with_guards__costs_the_same_whatever_the_account(people, guarded, call, monkeypatch, password):
    guarded(*GUARDS)
    names = {case: (name, given or password) for case, (name, given) in REFUSED.items()}
    for name, given in names.values():
        work_with_guards(call, monkeypatch, name, given)  # from then on every counter has its row
    found = {case: work_with_guards(call, monkeypatch, *pair) for case, pair in names.items()}
    assert len({repr(one) for one in found.values()}) == 1, found


def test_ledger_with_guards__would_tell_of_a_difference(people, guarded, call, monkeypatch):
    """A control: a guard that counts only accounts that exist, as most peers do, is found out."""

    class Careless(LockoutGuard):
        def claim(self, request, identity, user):
            return None if user is None else super().claim(request, identity, user)

    monkeypatch.setattr("sessionauth.guards.base.active", lambda: (Careless(),))
    guarded()
    work_with_guards(call, monkeypatch, "alice", "wrong")
    unknown = work_with_guards(call, monkeypatch, "nobody", "wrong")
    assert unknown != work_with_guards(call, monkeypatch, "alice", "wrong")


def test_wrong_password_with_lockout__is_one_statement_more_than_djangos(people, guarded, call, monkeypatch, settings):
    guarded(LOCKOUT)
    work(call, monkeypatch, "alice", "wrong")
    ours = committed(lambda: call(None, username="alice", password="wrong"))
    settings.AUTHENTICATION_BACKENDS = [MODEL_BACKEND]
    assert ours <= 1 + committed(lambda: call(None, username="alice", password="wrong"))


def committed(act):
    """Count statements without the savepoint that only a test's own transaction asks for."""
    with counted() as statements:
        act()
    return len([one for one in statements if "SAVEPOINT" not in one])


@pytest.mark.parametrize("algorithm", ["md5", "pbkdf2_sha256"])
def test_older_hasher__does_todays_work_as_well(algorithm, make_user, call, monkeypatch, settings, password):
    """Or an account that nobody has signed in to for years would answer at once."""
    settings.PASSWORD_HASHERS = [*settings.PASSWORD_HASHERS, "django.contrib.auth.hashers.MD5PasswordHasher"]
    alice = make_user("alice")
    alice.password = hashers.make_password(password, hasher=algorithm)
    alice.save()
    hashes, _ = work(call, monkeypatch, "alice", "wrong")
    assert hashes[-1] == FastPBKDF2PasswordHasher.iterations
    with ledger(monkeypatch) as hashes:
        assert call(None, username="alice", password=password) == alice
    assert hashes.count(FastPBKDF2PasswordHasher.iterations) == 1  # the upgrade


OLDER = hashers.PBKDF2PasswordHasher()


@pytest.fixture
def of_all_ages(people, make_user, settings, password):
    """Accounts whose passwords were hashed by today's hasher, by a slower one and by one that is slower still."""
    old = {f"old{rounds}": OLDER.encode(password, "salt", rounds) for rounds in (111, 222)}
    for name, encoded in old.items():
        alice = make_user(name)
        alice.password = encoded
        alice.save()
    settings.SESSIONAUTH_OLDER_HASHES = [OLDER.encode("", "salt", rounds) for rounds in (111, 222)]
    return [*old, "alice", "nobody", "unusable", "inactive"]


def test_slower_hashers__are_evened_out_where_they_are_named(of_all_ages, call, monkeypatch):
    work(call, monkeypatch, "nobody", "wrong")  # from then on it is known what they cost
    found = {name: work(call, monkeypatch, name, "wrong") for name in of_all_ages}
    todays = FastPBKDF2PasswordHasher.iterations
    assert {name: sorted(hashes) for name, (hashes, _) in found.items()} == dict.fromkeys(
        of_all_ages, sorted([todays, 111, 222])
    )
    assert {statements for _, statements in found.values()} == {1}


def test_slower_hashers__of_a_right_password_that_looks_wrong(of_all_ages, call, monkeypatch, password):
    hashes, _ = work(call, monkeypatch, "inactive", password)
    assert sorted(hashes) == sorted([FastPBKDF2PasswordHasher.iterations, 111, 222])


def test_slower_hashers__that_nobody_can_check_give_no_attempt_back(people, call, guarded, settings, caplog):
    """As an error in the middle of it would."""
    settings.SESSIONAUTH_OLDER_HASHES = ["nonsense"]
    guarded(rate("account", "2/d"))
    with storm.evaluated() as hashed:
        assert [call(None, username="alice", password="wrong") for _ in range(4)] == [None] * 4
    assert (len(hashed), "OLDER_HASHES" in caplog.text) == (2, True)


def test_slower_hashers__cost_a_right_password_nothing(of_all_ages, call, monkeypatch, password):
    with ledger(monkeypatch) as hashes:
        assert call(None, username="alice", password=password)
    assert hashes == [FastPBKDF2PasswordHasher.iterations]


def test_slower_hashers__by_the_name_of_their_algorithm(of_all_ages, call, monkeypatch, settings, password):
    monkeypatch.setattr(hashers.PBKDF2PasswordHasher, "iterations", 333)
    passwords._sample.cache_clear()
    settings.SESSIONAUTH_OLDER_HASHES = ["pbkdf2_sha256"]
    work(call, monkeypatch, "nobody", "wrong")
    old = get_user_model().objects.get(**{get_user_model().USERNAME_FIELD: "old111"})
    old.password = OLDER.encode(password, "salt", 333)
    old.save()
    found = [sorted(work(call, monkeypatch, name, "wrong")[0]) for name in ("old111", "alice", "nobody")]
    passwords._sample.cache_clear()
    assert found == [sorted([FastPBKDF2PasswordHasher.iterations, 333])] * 3


@pytest.mark.parametrize("name", ["alice", "nobody"])
def test_full_queue__is_told_and_takes_no_slot(name, people, guarded, call, settings, password, rf):
    guarded(rate("account", "1/d"))
    settings.SESSIONAUTH_HASHING_QUEUE = 0
    request = rf.get("/")
    for _ in range(3):
        assert call(request, username=name, password=password) is None
        denied = state_of(request).denied
        assert (denied.status, denied.code, denied.retry_after) == (503, "busy", 1)
    settings.SESSIONAUTH_HASHING_QUEUE = 1
    assert call(request, username="alice", password=password).username == "alice"


def test_threads__hash_no_more_at_once_than_there_are_processors(monkeypatch):
    running, most, lock = [], [], threading.Lock()
    monkeypatch.setattr(passwords.os, "cpu_count", lambda: 2)
    passwords._running.cache_clear()

    def note(password):
        with lock:
            running.append(1)
            most.append(len(running))
        time.sleep(0.01)
        with lock:
            running.pop()

    monkeypatch.setattr(passwords, "make_password", note)
    threads = [threading.Thread(target=passwords.check, args=(None, "x")) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    passwords._running.cache_clear()
    assert (len(most), max(most)) == (8, 2)


class SyncOnly(ModelBackend):
    """A backend that has written authenticate() alone, as most have."""

    def authenticate(self, request, username=None, password=None, **kwargs):
        return None


def test_backend_without_a_coroutine_of_its_own__answers_the_same_to_both(people, settings, call, password):
    """Or a coroutine would get in by ModelBackend's, past whatever the backend forbids."""
    settings.AUTHENTICATION_BACKENDS = ["sessionauth.backends.SessionAuthBackend", f"{__name__}.SyncOnly"]
    assert call(None, username="alice", password=password) is None


class Plain:
    """A backend that is none of Django's."""

    def authenticate(self, request, username=None, password=None):
        return get_user_model().objects.get(username=username)

    def get_user(self, user_id): ...


def test_backend_that_knows_no_coroutines__is_asked_in_a_thread(people, settings, call):
    settings.AUTHENTICATION_BACKENDS = ["sessionauth.backends.SessionAuthBackend", f"{__name__}.Plain"]
    assert call(None, username="alice", password="any").username == "alice"
