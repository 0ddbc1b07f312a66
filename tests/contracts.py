"""What every member of a family must hold: first authenticators, then credential models. Members inherit the tests."""

from __future__ import annotations

import json
import logging
import pickle
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.middleware import SessionMiddleware
from django.core import serializers
from django.db import IntegrityError, connection, transaction
from django.test import Client, RequestFactory
from django.utils import timezone

from sessionauth import InvalidCredential, crypto
from sessionauth.authenticators import active
from sessionauth.models import AbstractCredential
from tests.asking import WAYS, Answer, Sent, ask, counted

NOBODY = {"user": None, "state": "anonymous", "method": "", "credential": None}
VIEWS = ("/tell/", "/atell/")
MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"


def who(answer: Answer) -> dict[str, Any]:
    """Return what the views of `tests.project.ways` told, without the reason of a failure."""
    told = json.loads(answer.body)
    told.pop("failure")
    return told


class AuthenticatorContract:
    """Every authenticator, shipped or a project's own."""

    pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.project.ways_urls")]

    #: Its entry in SESSIONAUTH_AUTHENTICATORS, alone.
    entry: Any
    method: str
    state = "program"
    #: The model of `auth.credential`, None if it has none.
    credential: str | None = None
    #: Headers that `Vary` names once somebody looked.
    vary: frozenset[str]
    #: Queries of a good request, the session's own load included.
    queries = 1
    #: What can become of a user or a credential between two requests.
    ends: tuple[str, ...] = ("deactivate", "delete")
    ambient = False
    frees_from_csrf = True

    def issue(self, user: Any) -> tuple[Sent, Any]:
        """Return a good credential of `user` as it is sent, and its row if it has one."""
        raise NotImplementedError

    def foreign(self) -> list[Sent]:
        """Return what is somebody else's to judge, a bare scheme among it."""
        raise NotImplementedError

    def unknown(self) -> Sent:
        """Return a credential of the right form that nobody was ever given."""
        raise NotImplementedError

    @pytest.fixture(autouse=True)
    def _alone(self, settings: Any) -> None:
        settings.SESSIONAUTH_AUTHENTICATORS = [self.entry]

    def end(self, how: str, user: Any, row: Any) -> None:
        """Make the credential of `user` worthless."""
        if how == "deactivate":
            type(user)._default_manager.filter(pk=user.pk).update(is_active=False)
        elif how == "delete":
            user.delete()
        elif how == "revoke":
            row.revoke("lost")
        else:
            type(row).objects.filter(pk=row.pk).update(expires_at=timezone.now() - timedelta(seconds=1))

    def refused(self, answer: Answer) -> None:
        """Assert that `answer` is how this authenticator takes a credential that is ours and wrong."""
        assert answer.status == 401
        assert json.loads(answer.body)["code"] == "invalid_token"
        assert answer.header("WWW-Authenticate")
        assert answer.header("Cache-Control") == "no-store"

    def test_good__is_who_it_stands_for(self, make_user):
        sent, _ = self.issue(make_user("alice"))
        answer = ask("wsgi", "/tell/", sent)
        expected = {"user": "alice", "state": self.state, "method": self.method, "credential": self.credential}
        assert (answer.status, who(answer)) == (200, expected)

    @pytest.mark.parametrize(("way", "view"), [("wsgi", "/tell/"), ("asgi", "/atell/")])
    def test_good__costs_no_more_queries_than_it_must(self, way, view, make_user):
        sent, _ = self.issue(make_user("alice"))
        ask(way, view, sent)  # the first use is noted once a minute
        with counted() as statements:
            ask(way, view, sent)
        assert len(statements) == self.queries, statements

    @pytest.mark.parametrize("way", ["wsgi", "asgi"])
    def test_foreign__is_left_alone_without_a_query(self, way, make_user):
        make_user("alice")
        for sent in self.foreign():
            with counted() as statements:
                answer = ask(way, "/tell/", sent)
            assert (sent, answer.status, who(answer), statements) == (sent, 200, NOBODY, [])
            assert answer.header("WWW-Authenticate") is None

    @pytest.mark.parametrize("way", ["wsgi", "asgi"])
    def test_end__holds_from_the_next_request_on(self, way, make_user):
        for number, how in enumerate(self.ends):
            user = make_user(f"user{number}")
            sent, row = self.issue(user)
            assert who(ask(way, "/tell/", sent))["user"] == f"user{number}"
            self.end(how, user, row)
            self.refused(ask(way, "/tell/", sent))

    def test_wrong__looks_the_same_whatever_is_wrong(self, make_user):
        answers = [ask("wsgi", "/tell/", self.unknown())]
        for number, how in enumerate(self.ends):
            user = make_user(f"user{number}")
            sent, row = self.issue(user)
            self.end(how, user, row)
            answers.append(ask("wsgi", "/tell/", sent))
        self.refused(answers[0])
        assert [self.seen(answer) for answer in answers] == [self.seen(answers[0])] * len(answers)

    def seen(self, answer: Answer) -> Any:
        """Return what a client can compare of `answer`."""
        return answer

    def test_every_way__gives_the_same_answer(self, make_user):
        sent, _ = self.issue(make_user("alice"))
        for one in (sent, self.foreign()[-1], self.unknown(), *self.some_malformed()):
            answers = {ask(way, view, one) for way in WAYS for view in VIEWS}
            assert len(answers) == 1, (one, answers)

    def some_malformed(self) -> list[Sent]:
        """Return a credential that cannot be right, if there are any."""
        return []

    def test_extract__does_no_io(self, make_user):
        sent, _ = self.issue(make_user("alice"))
        for one in (sent, *self.foreign(), self.unknown()):
            request = self.request(one)
            with counted() as statements:
                active()[0].extract(request)
            assert statements == []
            assert not request.session.accessed

    def request(self, sent: Sent) -> Any:
        """Return `sent` as a request that has a session and no more."""
        made = RequestFactory().get("/tell/", query_params=None, headers=sent.headers)
        made.META["QUERY_STRING"] = sent.query
        made.COOKIES.update(sent.cookies)
        SessionMiddleware(lambda request: None).process_request(made)
        return made

    def test_repr__shows_no_secret(self, make_user):
        sent, _ = self.issue(make_user("alice"))
        extracted = active()[0].extract(self.request(sent))
        assert extracted is not None
        for secret in self.secrets_of(sent):
            assert secret not in repr(extracted)

    def secrets_of(self, sent: Sent) -> list[str]:
        """Return the parts of `sent` that must never be shown."""
        return [value.split(" ")[-1] for value in sent.headers.values()]

    @pytest.mark.parametrize("way", ["wsgi", "asgi"])
    def test_vary__names_every_carrier_once_somebody_looked(self, way, make_user):
        sent, _ = self.issue(make_user("alice"))
        assert ask(way, "/tell/", sent).vary == self.vary
        assert ask(way, "/tell/").vary == self.vary
        assert ask(way, "/tell/", self.unknown()).vary == self.vary

    @pytest.mark.parametrize(("way", "view"), [("wsgi", "/still/"), ("asgi", "/astill/")])
    def test_untouched_page__costs_nothing_and_varies_on_nothing(self, way, view):
        with counted() as statements:
            answer = ask(way, view)
        assert (answer.status, statements, answer.vary, answer.sets_cookies) == (200, [], set(), False)

    @pytest.mark.parametrize("way", ["wsgi", "asgi"])
    def test_post__is_checked_for_csrf_unless_no_browser_sends_the_credential(self, way, make_user):
        sent, _ = self.issue(make_user("alice"))
        answer = ask(way, "/tell/", sent, method="POST")
        assert answer.status == (200 if self.frees_from_csrf else 403)

    @pytest.mark.parametrize("way", ["wsgi", "asgi"])
    def test_post__of_nobody_or_with_a_wrong_credential_is_never_freed(self, way, settings):
        settings.SESSIONAUTH_INVALID_CREDENTIAL = "ignore"
        for sent in (Sent(), *self.foreign(), self.unknown()):
            assert ask(way, "/tell/", sent, method="POST").status == 403

    def test_declares_whether_browsers_send_it(self):
        assert active()[0].ambient is self.ambient

    def test_openapi__names_schemes_of_a_known_kind(self):
        assert all(scheme["type"] in ("apiKey", "http") for scheme in active()[0].openapi().values())


class ExplicitContract(AuthenticatorContract):
    """Those that read a header before the view: nothing of the session is touched, and what is wrong is a 401."""

    def malformed(self) -> list[Sent]:
        """Return credentials that are ours and cannot be right."""
        raise NotImplementedError

    def some_malformed(self) -> list[Sent]:
        return self.malformed()[:1]

    @pytest.mark.parametrize(("way", "view"), [("wsgi", "/tell/"), ("wsgi", "/still/"), ("asgi", "/astill/")])
    def test_malformed__is_refused_without_a_query(self, way, view, make_user):
        make_user("alice")
        for sent in self.malformed():
            with counted() as statements:
                answer = ask(way, view, sent)
            self.refused(answer)
            assert (statements, answer.sets_cookies, answer.vary) == ([], False, self.vary)

    def test_malformed__looks_like_unknown(self):
        unknown = ask("wsgi", "/tell/", self.unknown())
        assert {ask("wsgi", "/tell/", sent) for sent in self.malformed()} == {unknown}

    @pytest.mark.parametrize("way", ["wsgi", "asgi"])
    def test_session__is_not_touched(self, way, make_user, settings):
        settings.SESSIONAUTH_AUTHENTICATORS = [self.entry, "sessionauth.authenticators.session.SessionAuthenticator"]
        sent, _ = self.issue(make_user("alice"))
        browser = signed_in_browser(make_user("bob"))
        both = Sent(sent.headers, browser, sent.query)
        ask(way, "/tell/", both)
        with counted() as statements:
            answer = ask(way, "/tell/", both)
        assert who(answer)["user"] == "alice"
        assert "cookie" not in answer.vary
        assert not answer.sets_cookies
        assert not any("django_session" in sql or "loginsession" in sql for sql in statements)

    @pytest.mark.parametrize("way", ["wsgi", "asgi"])
    def test_wrong__is_not_made_good_by_a_session(self, way, make_user, settings):
        settings.SESSIONAUTH_AUTHENTICATORS = [self.entry, "sessionauth.authenticators.session.SessionAuthenticator"]
        browser = signed_in_browser(make_user("bob"))
        for sent in (self.unknown(), *self.malformed()):
            answer = ask(way, "/tell/", Sent(sent.headers, browser, sent.query))
            self.refused(answer)
            assert not answer.sets_cookies

    @pytest.mark.parametrize("way", ["wsgi", "asgi"])
    def test_ignore__goes_on_as_if_it_were_absent_and_checks_csrf(self, way, make_user, settings):
        settings.SESSIONAUTH_INVALID_CREDENTIAL = "ignore"
        settings.SESSIONAUTH_AUTHENTICATORS = [self.entry, "sessionauth.authenticators.session.SessionAuthenticator"]
        unknown = self.unknown()
        sent = Sent(unknown.headers, signed_in_browser(make_user("bob")), unknown.query)
        assert who(ask(way, "/tell/", sent))["user"] == "bob"
        assert ask(way, "/tell/", sent, method="POST").status == 403

    @pytest.mark.parametrize("way", ["wsgi", "asgi"])
    def test_exempt_path__takes_a_wrong_credential_for_nobodys_and_says_why(self, way, settings, make_user):
        settings.SESSIONAUTH_EXEMPT = ["/tell/"]
        settings.SESSIONAUTH_AUTHENTICATORS = [self.entry, "sessionauth.authenticators.session.SessionAuthenticator"]
        browser = signed_in_browser(make_user("bob"))
        for sent in (self.unknown(), *self.malformed()):
            answer = ask(way, "/tell/", Sent(sent.headers, browser, sent.query))
            assert (answer.status, who(answer)) == (200, NOBODY)
            assert json.loads(answer.body)["failure"]

    def test_log__tells_that_and_why_but_not_the_secret(self, caplog):
        caplog.set_level(logging.DEBUG)
        for sent in (self.unknown(), *self.malformed()):
            ask("wsgi", "/tell/", sent)
            for secret in self.secrets_of(sent):
                assert not secret or secret not in caplog.text
        assert "was not accepted" in caplog.text


class SecretContract(ExplicitContract):
    """Those that read secrets of our brand."""

    ends = ("revoke", "expire", "deactivate", "delete")

    def carry(self, secret: str) -> Sent:
        """Return `secret` as it is sent."""
        raise NotImplementedError

    def foreign(self) -> list[Sent]:
        """Return other people's values in our header, and near misses of our brand."""
        values = [
            "",
            "9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b",
            "eyJhbGciOiJIUzI1NiJ9.e30.x",
            "SA_KEY_x",
            "sa",
            "sa_key",
        ]
        values += ["sk_live_abc", "sakey_x", "sa_nokind_x", "sa__x", "_sa_key_x", "x sa_key_y", "xsa_pat_y", "ghp_a_b"]
        return [self.carry(value) for value in values]

    def malformed(self) -> list[Sent]:
        """Return secrets of ours that are truncated, mistyped or worse."""
        good = crypto.new_secret("sa", "key")
        swapped = good[:-1] + ("0" if good[-1] != "0" else "1")
        values = [good[:-1], good + "0", swapped, "sa_key_", "sa_pat_x", good.swapcase().replace("SA_KEY", "sa_key")]
        values += [f"{good}, {good}", good + "\t0", "sa_key_" + "0" * 100_000, "sa_key_test_" + good[8:]]
        return [self.carry(value) for value in values]

    def unknown(self) -> Sent:
        """Return a secret of the right form and nobody's."""
        return self.carry(crypto.new_secret("sa", "key"))

    def test_unknown__is_one_query(self, settings):
        settings.SESSIONAUTH_AUDIT = False  # besides the record of it
        with counted() as statements:
            ask("wsgi", "/tell/", self.unknown())
        assert len(statements) == 1


class LazyContract(AuthenticatorContract):
    """Those that are asked only when somebody looks: what is wrong makes nobody, and no page breaks."""

    def refused(self, answer: Answer) -> None:
        """Assert that it is nobody's request, and otherwise in order."""
        assert (answer.status, who(answer)) == (200, NOBODY)

    def seen(self, answer: Answer) -> Any:
        """Leave out what the test's view tells of the reason."""
        return (answer.status, who(answer), answer.vary)

    @pytest.mark.parametrize(("way", "view"), [("wsgi", "/still/"), ("asgi", "/astill/")])
    def test_untouched_page__is_free_also_with_a_credential(self, way, view, make_user):
        sent, _ = self.issue(make_user("alice"))
        with counted() as statements:
            answer = ask(way, view, sent)
        assert (answer.status, statements, answer.vary, answer.sets_cookies) == (200, [], set(), False)


def signed_in_browser(user: Any, backend: str = MODEL_BACKEND) -> dict[str, str]:
    """Return the cookies of a browser in which `user` is signed in."""
    client = Client()
    client.force_login(user, backend=backend)
    return {name: morsel.value for name, morsel in client.cookies.items()}


def fill(model: type[AbstractCredential], number: int, **fields: Any) -> None:
    """Add rows to the table of `model`."""
    given = {name: value for name, value in fields.items() if name in {field.name for field in model._meta.fields}}
    rows = (model(digest=crypto.digest(f"{number}"), hint=f"sa_…{number}", **given) for number in range(number))
    model.objects.bulk_create(rows, batch_size=2_000)


class CredentialContract:
    """Every credential model, ours or built on the public bases."""

    pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.project.ways_urls")]

    model: type[AbstractCredential]

    def owner(self, user: Any) -> dict[str, Any]:
        """Return the fields that give a row to `user`."""
        return {"user": user}

    def other_fields(self) -> dict[str, Any]:
        """Return fields for rows in bulk."""
        return {}

    @pytest.fixture
    def alice(self, make_user):
        return make_user("alice")

    @pytest.fixture
    def issued(self, alice):
        return self.model.objects.issue(name="desk", **self.owner(alice))

    def lookup(self, secret: str) -> Any:
        """Look `secret` up as the authenticators do."""
        parsed = crypto.parse(secret, "sa")
        assert parsed is not None
        return self.model.objects.lookup(parsed)

    def test_issue__gives_row_and_secret_that_finds_it(self, issued):
        row, secret = issued
        assert self.lookup(secret) == row
        assert secret.startswith(f"sa_{self.model.kind}_")
        assert row.is_usable

    def test_issue__digest_alone_is_kept(self, issued):
        row, secret = issued
        assert row.digest == crypto.digest(secret)
        stored = self.stored(row)
        body = secret.rpartition("_")[2]
        assert all(part not in stored for part in (secret, body, body[:32], body[:8]))

    def stored(self, row: Any) -> str:
        """Return everything the database holds of `row`."""
        with connection.cursor() as cursor:
            table, key = connection.ops.quote_name(row._meta.db_table), row.pk
            cursor.execute(f"SELECT * FROM {table} WHERE id = %s", [key])  # noqa: S608
            return repr(cursor.fetchall())

    def test_secret__is_in_no_form_of_the_row(self, issued):
        row, secret = issued
        body = secret.rpartition("_")[2][:32]
        shown = [repr(row), str(row), f"{row.__dict__}", repr(pickle.dumps(row)), serializers.serialize("json", [row])]
        assert all(body not in one for one in shown)
        assert all(row.digest not in one for one in (repr(row), str(row)))

    def test_secret__is_in_no_log_of_issue_use_and_revocation(self, alice, caplog):
        caplog.set_level(logging.DEBUG)
        with ExitStack() as stack:
            stack.callback(setattr, connection, "force_debug_cursor", connection.force_debug_cursor)
            connection.force_debug_cursor = True
            row, secret = self.model.objects.issue(**self.owner(alice))
            ask("wsgi", "/tell/", Sent({"X-Api-Key": secret}))
            row.revoke("lost")
            ask("wsgi", "/tell/", Sent({"X-Api-Key": secret}))
        assert caplog.records
        assert secret.rpartition("_")[2][:32] not in caplog.text

    def test_admin_history__names_it_without_secret_and_digest(self, issued, alice):
        row, secret = issued
        kind = ContentType.objects.get_for_model(self.model)
        entry = LogEntry.objects.create(
            user_id=alice.pk, content_type=kind, object_id=row.pk, object_repr=str(row), action_flag=ADDITION
        )
        told = f"{entry.object_repr} {entry.get_admin_url()} {entry.get_change_message()}"
        assert secret not in told
        assert row.digest not in told

    def test_hint__shows_words_and_last_four(self, issued):
        row, secret = issued
        assert row.hint == f"sa_{self.model.kind}_…{secret[-4:]}"

    def test_digest__is_unique(self, issued, alice):
        row, _ = issued
        with pytest.raises(IntegrityError), transaction.atomic():
            self.model.objects.create(digest=row.digest, hint="x", **self.owner(alice))

    @pytest.mark.parametrize(
        "save",
        [
            lambda row: row.save(),
            lambda row: row.save(force_update=True),
            lambda row: row.save(update_fields=["name", "revoked_at", "revoked_reason"]),
            lambda row: row.save(
                update_fields=[field.name for field in row._meta.concrete_fields if not field.primary_key]
            ),
            lambda row: setattr(row, "revoked_at", None) or row.save(),
        ],
        ids=["save", "force_update", "some_fields", "all_fields", "revoked_at=None"],
    )
    def test_revoke__survives_what_a_stale_instance_saves(self, save, issued):
        row, secret = issued
        stale = self.model.objects.get(pk=row.pk)
        row.revoke("lost")
        stale.name = "renamed"
        save(stale)
        with pytest.raises(InvalidCredential, match="revoked"):
            self.lookup(secret)
        assert self.model.objects.get(pk=row.pk).revoked_reason == "lost"

    def test_save__keeps_what_may_change(self, issued):
        row, _ = issued
        row.name, row.scopes, row.expires_at = "renamed", [], timezone.now()
        row.save()
        row.refresh_from_db()
        assert (row.name, row.scopes, row.is_expired) == ("renamed", [], True)

    def test_save__leaves_last_used_to_the_bookkeeping(self, issued):
        row, _ = issued
        stale = self.model.objects.get(pk=row.pk)
        row.touch()
        stale.save()
        assert self.model.objects.get(pk=row.pk).last_used_at is not None

    def test_revoke__happens_once_and_keeps_the_first_reason(self, issued):
        row, _ = issued
        other = self.model.objects.get(pk=row.pk)
        assert (row.revoke("lost"), other.revoke("again"), row.revoke("again")) == (True, False, False)
        assert self.model.objects.get(pk=row.pk).revoked_reason == "lost"

    def test_revoke__takes_a_reason_of_any_length(self, issued):
        row, _ = issued
        row.revoke("x" * 1000)
        assert not self.model.objects.get(pk=row.pk).is_usable

    @pytest.mark.parametrize("rows", [1, 1000])
    def test_lookup__is_one_query_with_its_user(self, rows, issued, alice, django_assert_num_queries):
        _, secret = issued
        fill(self.model, rows - 1, **self.owner(alice), **self.other_fields())
        with django_assert_num_queries(1):
            found = self.lookup(secret)
            assert found.is_usable
            assert getattr(found.get_user(), "is_active", True)

    def test_lookup__uses_the_unique_index(self, issued, alice):
        if connection.vendor != "postgresql":
            pytest.skip("asks PostgreSQL's planner")
        row, secret = issued
        fill(self.model, 10_000, **self.owner(alice), **self.other_fields())
        with counted_plans() as plans, connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {row._meta.db_table}")
            plans.clear()
            self.lookup(secret)
        assert f"using {row._meta.constraints[0].name}" in plans[-1].lower()

    def test_lookup__by_one_changed_character_finds_nothing(self, issued):
        row, secret = issued
        for place in (len(secret) - 38, len(secret) - 7):
            body = secret[len(f"sa_{self.model.kind}_") : -6]
            place -= len(f"sa_{self.model.kind}_")
            other = body[:place] + ("a" if body[place] != "a" else "b") + body[place + 1 :]
            with pytest.raises(InvalidCredential, match="unknown"):
                self.lookup(f"sa_{self.model.kind}_{other}{crypto.checksum(other)}")


class counted_plans:  # noqa: N801 - used like `counted`
    """Collect PostgreSQL's plan of every statement."""

    def __enter__(self) -> list[str]:
        self.plans: list[str] = []
        self.wrapper = connection.execute_wrapper(self.note)
        self.wrapper.__enter__()
        return self.plans

    def __exit__(self, *exc: object) -> None:
        self.wrapper.__exit__(*exc)

    def note(self, execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        if sql.startswith("SELECT"):
            with connection.connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN {sql}", params)
                self.plans.append("\n".join(line for (line,) in cursor.fetchall()))
        return execute(sql, params, many, context)
