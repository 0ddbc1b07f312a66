"""Acts on one credential at the same moment: one of them wins, and none brings back what was ended meanwhile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from threading import Barrier, Event
from typing import Any

import pytest
from django.db import OperationalError, connection, connections, transaction
from django.utils import timezone

from sessionauth import credentials, crypto, logout_everywhere, signals
from sessionauth.exceptions import AlreadyRotated, CredentialEnded, InvalidCredential, TooManyCredentials
from sessionauth.models import AccessToken, APIKey, CredentialManager
from tests.project.organisations.models import Organisation, OrganisationKey

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

THREADS = 8
ROUNDS = 5


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.fixture
def _row_locks():
    """SQLite has one writer at a time, and some of these acts wait for one another on purpose."""
    if not connection.features.has_select_for_update:
        pytest.skip("takes a database in which two may write at once")


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Do `acts` in a thread each, let go at the same moment, and return what they returned or raised."""
    barrier = Barrier(len(acts))

    def go(act: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            barrier.wait(30)
            return act()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result(60) for future in [pool.submit(go, act) for act in acts]]


def kinds(answers: list[Any]) -> Counter[str]:
    return Counter(one.code if hasattr(one, "code") else type(one).__name__ for one in answers)


def good(secret: str, model: Any = AccessToken) -> bool:
    try:
        model.objects.lookup(crypto.parse(secret, "sa"))
    except InvalidCredential:
        return False
    return True


@contextmanager
def heard(signal: Any) -> Iterator[list[Any]]:
    told: list[Any] = []

    def note(**facts: Any) -> None:
        told.append(facts)

    signal.connect(note, weak=False)
    try:
        yield told
    finally:
        signal.disconnect(note)


def test_rotate__of_many_at_once_one_wins(alice):
    for _ in range(ROUNDS):
        row, _ = APIKey.objects.issue(user=alice)
        answers = at_once(*(lambda row=row: credentials.rotate(APIKey.objects.get(pk=row.pk)) for _ in range(THREADS)))
        assert kinds(answers) == {"tuple": 1, "already_rotated": THREADS - 1}
        assert APIKey.objects.filter(rotated_from=row).count() == 1


def test_refresh__of_many_at_once_one_wins_and_nothing_is_revoked(alice):
    for _ in range(ROUNDS):
        row, _, first = credentials.issue_login_token(alice)
        with heard(signals.credential_stolen) as stolen:
            answers = at_once(*(lambda first=first: credentials.refresh(first) for _ in range(THREADS)))
        assert kinds(answers) == {"tuple": 1, "refreshed": THREADS - 1}
        assert stolen == []
        (_, secret, second) = next(one for one in answers if isinstance(one, tuple))
        assert good(secret)
        assert AccessToken.objects.filter(family=row.family, revoked_at=None).count() == 2
        credentials.refresh(second)


def test_reuse__of_many_at_once_sounds_one_alarm_and_leaves_nothing(alice):
    for _ in range(ROUNDS):
        row, _, first = credentials.issue_login_token(alice)
        _, secret, second = credentials.refresh(first)
        AccessToken.objects.filter(pk=row.pk).update(refreshed_at=timezone.now() - timedelta(minutes=1))
        with heard(signals.credential_stolen) as stolen:
            answers = at_once(*(lambda first=first: credentials.refresh(first) for _ in range(THREADS)))
        assert set(kinds(answers)) <= {"stolen", "revoked"}
        assert len(stolen) == 1
        assert not good(secret)
        with pytest.raises(InvalidCredential, match="revoked"):
            credentials.refresh(second)


@pytest.mark.parametrize("action", ["reject", "evict"])
@pytest.mark.parametrize("kind", ["key", "token", "organisation"])
def test_issue__at_the_limit_at_once_is_exact(action, kind, alice, settings):
    settings.SESSIONAUTH_MAX_TOKENS = settings.SESSIONAUTH_MAX_KEYS = 3
    settings.SESSIONAUTH_MAX_CREDENTIALS_ACTION = action
    desk = Organisation.objects.create(name="desk", service_user=alice)
    model, owner = {
        "key": (APIKey, {"user": alice}),
        "token": (AccessToken, {"user": alice}),
        "organisation": (OrganisationKey, {"organisation": desk}),
    }[kind]
    answers = at_once(*(lambda: model.objects.issue(**owner) for _ in range(2 * THREADS)))
    expected = {"reject": {"tuple": 3, "too_many_credentials": 2 * THREADS - 3}, "evict": {"tuple": 2 * THREADS}}
    assert kinds(answers) == expected[action]
    assert model.objects.usable().count() == 3


def test_rotate_and_refresh__at_the_limit_take_no_further_place(alice, settings):
    settings.SESSIONAUTH_MAX_TOKENS = 2
    _, _, refresh_secret = credentials.issue_login_token(alice)
    row, _ = AccessToken.objects.issue(user=alice)
    credentials.rotate(row, overlap=0)
    credentials.refresh(refresh_secret)
    with pytest.raises(TooManyCredentials):
        AccessToken.objects.issue(user=alice)


ENDS: dict[str, Callable[[Any, Any], Any]] = {
    "revoke": lambda row, user: row.revoke(),
    "revoke_all": lambda row, user: credentials.revoke_all(user),
    "logout_everywhere": lambda row, user: logout_everywhere(user),
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("act", ["rotate", "refresh"])
def test_end__at_the_same_moment_leaves_nothing_alive(act, end, alice):
    for _ in range(4 * ROUNDS):
        row, secret, refresh_secret = credentials.issue_login_token(alice)
        read = AccessToken.objects.get(pk=row.pk)
        renew = {
            "rotate": lambda row=row: credentials.rotate(row),
            "refresh": lambda refresh_secret=refresh_secret: credentials.refresh(refresh_secret),
        }[act]
        renewed, _ = at_once(renew, lambda read=read: ENDS[end](read, alice))
        secrets = [secret] + ([renewed[1]] if isinstance(renewed, tuple) else [])
        assert [good(one) for one in secrets] == [False] * len(secrets), renewed
        assert not credentials.of(alice, AccessToken).exists()
        with pytest.raises(InvalidCredential):
            credentials.refresh(refresh_secret)


@contextmanager
def held_up(monkeypatch: Any) -> Iterator[tuple[Event, Event]]:
    """Hold up whoever has won the row and is about to enter the next one; yield "is there" and "go on"."""
    there, go_on = Event(), Event()
    made = CredentialManager._new

    def slowly(self: Any, **fields: Any) -> Any:
        there.set()
        assert go_on.wait(30)
        return made(self, **fields)

    with monkeypatch.context() as patch:
        patch.setattr(CredentialManager, "_new", slowly)
        yield there, go_on


@pytest.mark.usefixtures("_row_locks")
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("act", ["rotate", "refresh"])
def test_end__while_the_next_one_is_being_entered(act, end, alice, monkeypatch):
    """The next one is committed only after the end began, so that no look beforehand can have found it."""
    row, _, refresh_secret = credentials.issue_login_token(alice)
    read = AccessToken.objects.get(pk=row.pk)
    with held_up(monkeypatch) as (there, go_on):

        def renew() -> Any:
            return credentials.rotate(row) if act == "rotate" else credentials.refresh(refresh_secret)

        def finish() -> Any:
            assert there.wait(30)
            with ThreadPoolExecutor(1) as waiting:
                ending = waiting.submit(_closing, lambda: ENDS[end](read, alice))
                with pytest.raises(TimeoutError):  # it waits for the row
                    ending.result(0.5)
                go_on.set()
                return ending.result(30)

        renewed, _ = at_once(renew, finish)
    assert isinstance(renewed, tuple), renewed
    assert not good(renewed[1])
    assert not credentials.of(alice, AccessToken).exists()


def _closing(act: Callable[[], Any]) -> Any:
    try:
        return act()
    finally:
        connections.close_all()


@pytest.mark.parametrize("act", ["rotate", "refresh"])
def test_end__first_refuses_whoever_comes_after(act, alice):
    row, _, refresh_secret = credentials.issue_login_token(alice)
    other = AccessToken.objects.get(pk=row.pk)
    other.revoke()
    with pytest.raises(CredentialEnded if act == "rotate" else InvalidCredential, match="revoked"):
        credentials.rotate(row) if act == "rotate" else credentials.refresh(refresh_secret)
    assert AccessToken.objects.count() == 1


def test_rotate_and_refresh__at_once_both_go_through_or_one(alice):
    """The refresh token goes along with a rotation: whichever comes first, the login has one token to refresh."""
    for _ in range(ROUNDS):
        row, _, refresh_secret = credentials.issue_login_token(alice)
        rotated, refreshed = at_once(
            lambda row=row: credentials.rotate(row), lambda r=refresh_secret: credentials.refresh(r)
        )
        assert isinstance(refreshed, tuple), refreshed
        assert isinstance(rotated, tuple | AlreadyRotated | CredentialEnded), rotated
        refreshable = AccessToken.objects.filter(family=row.family, refreshed_at=None).exclude(refresh_digest=None)
        assert refreshable.count() == 1


def test_touch__does_not_wait_for_whoever_holds_the_row(alice):
    if not connection.features.has_select_for_update_skip_locked:
        pytest.skip("the database cannot tell")
    row, _ = APIKey.objects.issue(user=alice)
    held, go_on = Event(), Event()

    def hold() -> None:
        with transaction.atomic():
            APIKey.objects.filter(pk=row.pk).update(name="held")
            held.set()
            assert go_on.wait(30)

    def touch() -> None:
        assert held.wait(30)
        try:
            connection.cursor().execute("SET lock_timeout = 2000") if connection.vendor == "postgresql" else None
            row.touch()
        finally:
            go_on.set()

    assert at_once(hold, touch) == [None, None]
    assert APIKey.objects.get().last_used_at is None


@pytest.mark.usefixtures("_row_locks")
def test_everything_at_once__neither_stands_still_nor_survives_the_end(alice, settings):
    """Each act locks more than one row, and two that lock them in another order would wait for each other."""
    settings.SESSIONAUTH_MAX_TOKENS, settings.SESSIONAUTH_MAX_CREDENTIALS_ACTION = 3, "evict"
    secrets: list[str] = []

    def live() -> None:
        for _ in range(ROUNDS):
            row, secret, refresh_secret = credentials.issue_login_token(alice)
            secrets.append(secret)
            for act in (partial(credentials.rotate, row, overlap=60), partial(credentials.refresh, refresh_secret)):
                try:
                    secrets.append(act()[1])
                except (AlreadyRotated, CredentialEnded, InvalidCredential):
                    continue

    def finish() -> None:
        for number in range(ROUNDS):
            (logout_everywhere if number % 2 else credentials.revoke_all)(alice)

    answers = at_once(*[live] * 5, *[finish] * 3)
    if connection.vendor == "mysql":
        # It also locks neighbours of a new value in an index, and now and then asks one of two to try again.
        answers = [None if isinstance(answer, OperationalError) else answer for answer in answers]
    assert answers == [None] * 8
    assert AccessToken.objects.filter(AccessToken.takes_a_place(timezone.now())).count() <= 3
    credentials.revoke_all(alice)
    assert [secret for secret in secrets if good(secret)] == []
