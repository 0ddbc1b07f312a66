"""Tokens that the real packages made go on working, and no others."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.hashers import make_password
from django.core.management import CommandError
from django.db import connection
from django.test import Client
from django.utils import timezone

from sessionauth.audit import Event
from sessionauth.credentials import formats
from sessionauth.credentials.rotating import rotate
from sessionauth.models import AccessToken, APIKey, AuthEvent
from tests.asking import WAYS, Sent, ask, counted
from tests.contracts import NOBODY, who
from tests.management.asking import Terminal, run, run_json

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.project.ways_urls"), pytest.mark.usefixtures("peers")]

TOKEN = "sessionauth.authenticators.token.TokenAuthenticator"
API_KEY = "sessionauth.authenticators.api_key.APIKeyAuthenticator"


def entry(claim: Any, name: str = TOKEN, **options: Any) -> dict[str, Any]:
    return {"NAME": name, "OPTIONS": {"claim": claim, **options}}


class Peer:
    """One of the packages."""

    name: str
    model: Any = AccessToken
    scheme = "Token"

    def make(self, user: Any = None, **fields: Any) -> tuple[Any, str]:
        """Make a token with the package itself."""
        raise NotImplementedError

    def carry(self, secret: str) -> Sent:
        return Sent({"Authorization": f"{self.scheme} {secret}"})

    def expected(self, name: str) -> dict[str, Any]:
        user = name if self.model is AccessToken else None
        return {"user": user, "state": "program", "method": "token", "credential": self.model.__name__}

    def tampered(self, secret: str) -> list[str]:
        """Secrets of the same form that nobody has."""
        places = (len(secret) - 1, 8, len(secret) // 2)
        return [secret[:at] + ("0" if secret[at] != "0" else "1") + secret[at + 1 :] for at in places]

    def misshapen(self, secret: str) -> list[str]:
        return [secret[:-1], secret + "0", f"{secret} ", f"{secret}é", secret.upper() + "G", "", f"{secret},{secret}"]


class Knox(Peer):
    name = "knox"

    def make(self, user=None, **fields):
        return apps.get_model("knox.AuthToken").objects.create(user, **fields)


class KnoxWithPrefix(Knox):
    """A prefix and a length of the project's, which knox reads from its own settings."""

    REST_KNOX = {"TOKEN_PREFIX": "desk_", "AUTH_TOKEN_CHARACTER_LENGTH": 41}


class AuthToken(Peer):
    name = "authtoken"

    def make(self, user=None, **fields):
        row = apps.get_model("authtoken.Token").objects.create(user=user)
        return row, row.key


class DRFAPIKey(Peer):
    name = "drf-api-key"
    model = APIKey
    scheme = "Api-Key"

    def make(self, user=None, **fields):
        return apps.get_model("rest_framework_api_key.APIKey").objects.create_key(**{"name": "desk", **fields})

    def tampered(self, secret):
        prefix, _, tail = secret.partition(".")
        return [f"{prefix[::-1]}.{tail}", f"{prefix}.{tail[::-1]}"]

    def misshapen(self, secret):
        return [secret[:-1], secret + "0", secret.replace(".", ""), secret.replace(".", ":"), f".{secret}", ""]


@pytest.fixture(params=[Knox, KnoxWithPrefix, AuthToken, DRFAPIKey])
def peer(request, settings):
    made = request.param()
    if (own := getattr(made, "REST_KNOX", None)) is not None:
        settings.REST_KNOX = own
    settings.SESSIONAUTH_AUTHENTICATORS = [entry(["brand", made.name], keyword=made.scheme)]
    return made


def told(answer):
    assert answer.status == 200, answer
    return who(answer)


# ---- what clients have in their hands


@pytest.mark.parametrize("way", WAYS)
def test_token_of_the_package__is_its_users_after_the_import(way, peer, make_user):
    _, secret = peer.make(make_user("alice"))
    assert ask(way, "/tell/", peer.carry(secret)).status == 401
    assert run_json("sessionauth_import", peer.name)["rows"]["imported"] == 1
    for _ in range(3):
        assert told(ask(way, "/tell/", peer.carry(secret))) == peer.expected("alice")


def test_wrong_tokens__are_refused_like_unknown_ones_of_ours(peer, make_user):
    _, secret = peer.make(make_user("alice"))
    run("sessionauth_import", peer.name)
    for _ in range(2):
        for wrong in peer.tampered(secret):
            answer = ask("wsgi", "/tell/", peer.carry(wrong))
            assert (answer.status, json.loads(answer.body)["code"]) == (401, "invalid_token")
            assert answer.header("WWW-Authenticate")
        assert told(ask("wsgi", "/tell/", peer.carry(secret)))  # before and after the first use


def test_misshapen_values__are_left_to_others_at_no_query(peer, make_user):
    _, secret = peer.make(make_user("alice"))
    run("sessionauth_import", peer.name)
    for wrong in peer.misshapen(secret):
        if wrong.strip() == secret:
            continue
        with counted() as statements:
            assert told(ask("wsgi", "/tell/", peer.carry(wrong))) == NOBODY
        assert statements == []


@pytest.mark.parametrize("claim", ["brand", ["brand"]])
def test_format__that_is_not_claimed_is_left_to_others_at_no_query(claim, peer, make_user, settings):
    _, secret = peer.make(make_user("alice"))
    run("sessionauth_import", peer.name)
    settings.SESSIONAUTH_AUTHENTICATORS = [entry(claim, keyword=peer.scheme)]
    with counted() as statements:
        assert told(ask("wsgi", "/tell/", peer.carry(secret))) == NOBODY
    assert statements == []


def test_use__costs_one_query_and_is_rehashed_once(peer, make_user, settings):
    settings.SESSIONAUTH_LAST_USED_INTERVAL = None
    _, secret = peer.make(make_user("alice"))
    run("sessionauth_import", peer.name)
    before = peer.model.objects.get()
    told(ask("wsgi", "/tell/", peer.carry(secret)))
    after = peer.model.objects.get()
    assert after.digest == hashlib.sha256(secret.encode()).hexdigest()
    assert (after.imported_from, after.imported_digest) == (peer.name, before.imported_digest)
    assert (before.digest == after.digest) is (peer.name == "authtoken")
    with counted() as statements:
        told(ask("wsgi", "/tell/", peer.carry(secret)))
    assert len(statements) == 1


def test_revocation__between_lookup_and_rehash_stays(peer, make_user):
    """The rehash is no save() of what was read before."""
    _, secret = peer.make(make_user("alice"))
    run("sessionauth_import", peer.name)
    stale = peer.model.objects.get()
    peer.model.objects.get().revoke("lost")
    parsed = formats.parse(secret, [peer.name])
    stale.rehash(parsed)
    assert peer.model.objects.get().revoked_reason == "lost"
    assert ask("wsgi", "/tell/", peer.carry(secret)).status == 401


def test_what_the_package_keeps__is_no_secret(peer, make_user, settings):
    """Whoever reads the other package's table, or ours, has nothing that they could present."""
    if peer.name == "authtoken":
        pytest.skip("it keeps the secrets themselves")
    settings.SESSIONAUTH_IMPORTED_FORMATS = {"knox": {"lengths": [64, 128], "prefixes": ["", "desk_"]}}
    row, secret = peer.make(make_user("alice"))
    run("sessionauth_import", peer.name)
    ours = peer.model.objects.get()
    kept = row.digest if peer.model is AccessToken else row.hashed_key
    for stolen in (kept, ours.digest, ours.imported_digest):
        answer = ask("wsgi", "/tell/", peer.carry(stolen))
        assert answer.status == 401 or told(answer) == NOBODY
    assert told(ask("wsgi", "/tell/", peer.carry(secret)))


def test_secret__is_nowhere_in_our_rows(peer, make_user):
    _, secret = peer.make(make_user("alice"))
    run("sessionauth_import", peer.name)
    told(ask("wsgi", "/tell/", peer.carry(secret)))
    rows = [str(row) for model in (AccessToken, APIKey, AuthEvent) for row in model.objects.values()]
    assert len(rows) > 1
    for place in range(len(secret) - 12):
        assert secret[place : place + 12] not in "".join(rows)


@pytest.mark.parametrize("peppers", [{"a": "a" * 32}, {"b": "b" * 32, "a": "a" * 32}])
def test_peppers__are_in_the_digests_from_the_beginning(peppers, peer, make_user, settings):
    _, secret = peer.make(make_user("alice"))
    settings.SESSIONAUTH_KEY_PEPPERS = {"a": "a" * 32}
    run("sessionauth_import", peer.name)
    assert peer.model.objects.get().pepper == "a"
    settings.SESSIONAUTH_KEY_PEPPERS = peppers
    assert told(ask("wsgi", "/tell/", peer.carry(secret)))
    assert peer.model.objects.get().pepper == next(iter(peppers))
    assert run_json("sessionauth_import", peer.name)["rows"]["known"] == 1
    settings.SESSIONAUTH_KEY_PEPPERS = {"c": "c" * 32}
    assert ask("wsgi", "/tell/", peer.carry(secret)).status == 401


def test_revoke_expire_and_deactivate__end_it_as_one_of_ours(peer, make_user):
    alice = make_user("alice")
    _, secret = peer.make(alice)
    run("sessionauth_import", peer.name)
    if peer.model is AccessToken:
        type(alice).objects.update(is_active=False)
        assert ask("wsgi", "/tell/", peer.carry(secret)).status == 401
        type(alice).objects.update(is_active=True)
    peer.model.objects.get().revoke()
    assert ask("wsgi", "/tell/", peer.carry(secret)).status == 401


def test_two_formats_of_one_shape__are_looked_for_together(make_user, settings):
    settings.REST_KNOX = {"AUTH_TOKEN_CHARACTER_LENGTH": 40}
    settings.SESSIONAUTH_AUTHENTICATORS = [entry(["knox", "authtoken"])]
    secrets = [one.make(make_user(one.name))[1] for one in (Knox(), AuthToken())]
    for name in ("knox", "authtoken"):
        run("sessionauth_import", name)
    sent = [Sent({"Authorization": f"Token {secret}"}) for secret in secrets]
    assert [told(ask("wsgi", "/tell/", one))["user"] for one in sent] == ["knox", "authtoken"]


def test_claim_without_brand__leaves_our_own_to_others(make_user, settings):
    settings.SESSIONAUTH_AUTHENTICATORS = [entry(["knox"])]
    _, secret = AccessToken.objects.issue(user=make_user("alice"))
    assert told(ask("wsgi", "/tell/", Sent({"Authorization": f"Token {secret}"}))) == NOBODY


def test_claim_scheme_and_a_format__refuses_the_rest_without_a_query(make_user, settings):
    settings.SESSIONAUTH_AUTHENTICATORS = [entry(["scheme", "knox"])]
    _, secret = Knox().make(make_user("alice"))
    run("sessionauth_import", "knox")
    assert told(ask("wsgi", "/tell/", Sent({"Authorization": f"Token {secret}"})))["user"] == "alice"
    with counted() as statements:
        assert ask("wsgi", "/tell/", Sent({"Authorization": "Token else"})).status == 401
    assert statements == []


def test_header_of_its_own__as_api_key_custom_header(settings):
    settings.SESSIONAUTH_AUTHENTICATORS = [entry(["brand", "drf-api-key"], API_KEY)]
    _, secret = DRFAPIKey().make()
    run("sessionauth_import", "drf-api-key")
    answer = told(ask("wsgi", "/tell/", Sent({"X-Api-Key": secret})))
    assert (answer["credential"], answer["method"]) == ("APIKey", "api_key")


# ---- the package beside us


@pytest.mark.urls("tests.peer_urls")
def test_package_that_stands_behind_us__gets_no_token_of_a_claimed_form(make_user, settings):
    """What it has issued since the import is refused until it is imported, or until its form is claimed no longer."""
    settings.SESSIONAUTH_AUTHENTICATORS = [entry(["brand", "knox"])]
    _, secret = Knox().make(make_user("alice"))
    sent = {"Authorization": f"Token {secret}"}
    assert Client().get("/knox/", headers=sent).status_code == 401
    settings.SESSIONAUTH_INVALID_CREDENTIAL = "ignore"
    assert Client().get("/knox/", headers=sent).json() == {"user": "alice", "auth": "AuthToken"}
    settings.SESSIONAUTH_INVALID_CREDENTIAL = "reject"
    settings.SESSIONAUTH_AUTHENTICATORS = [entry("brand")]
    assert Client().get("/knox/", headers=sent).json() == {"user": "alice", "auth": "AuthToken"}
    settings.SESSIONAUTH_AUTHENTICATORS = [entry(["brand", "knox"])]
    run("sessionauth_import", "knox")
    assert Client().get("/knox/", headers=sent).json() == {"user": "alice", "auth": "AuthToken"}


@pytest.mark.urls("tests.peer_urls")
@pytest.mark.parametrize("has_middleware", [True, False])
def test_rest_framework__accepts_them_with_and_without_the_middleware(has_middleware, make_user, settings):
    settings.SESSIONAUTH_AUTHENTICATORS = [entry(["brand", "knox"])]
    if not has_middleware:
        settings.MIDDLEWARE = []
    _, secret = Knox().make(make_user("alice"))
    run("sessionauth_import", "knox")
    told_of = Client().get("/ours/", headers={"Authorization": f"Token {secret}"})
    assert told_of.json() == {"user": "alice", "auth": "UserToken"}
    wrong = Client().get("/ours/", headers={"Authorization": f"Token {secret[::-1]}"})
    assert (wrong.status_code, wrong["WWW-Authenticate"][:5]) == (401, "Token")


# ---- the import


def test_twice__imports_nothing_twice(peer, make_user):
    _, secret = peer.make(make_user("alice"))
    assert run_json("sessionauth_import", peer.name)["rows"]["imported"] == 1
    told(ask("wsgi", "/tell/", peer.carry(secret)))
    again = run_json("sessionauth_import", peer.name)["rows"]
    assert (again["imported"], again["known"], peer.model.objects.count()) == (0, 1, 1)


def test_revoked_here__is_not_brought_back(peer, make_user):
    _, secret = peer.make(make_user("alice"))
    run("sessionauth_import", peer.name)
    told(ask("wsgi", "/tell/", peer.carry(secret)))
    peer.model.objects.get().revoke()
    run("sessionauth_import", peer.name)
    assert ask("wsgi", "/tell/", peer.carry(secret)).status == 401


def test_dry_run__writes_nothing(peer, make_user):
    peer.make(make_user("alice"))
    with counted() as statements:
        assert run_json("sessionauth_import", peer.name, "--dry-run") == {
            "dry_run": True,
            "rows": {**NOTHING, "imported": 1},
        }
    assert peer.model.objects.count() == 0
    assert not any(sql.startswith(("INSERT", "UPDATE", "DELETE")) for sql in statements)
    assert "1 would be ours" in run("sessionauth_import", peer.name, "--dry-run")


NOTHING = dict.fromkeys(("imported", "known", "revoked", "expired", "orphaned", "slow", "unlike", "inactive"), 0)


@pytest.mark.parametrize("batch", [1, 2, 3, 7, 100])
def test_batches__miss_nothing_and_can_be_resumed(batch, make_user, settings):
    settings.SESSIONAUTH_AUTHENTICATORS = [entry(["knox"])]
    secrets = [Knox().make(make_user(f"user{number}"))[1] for number in range(7)]
    run("sessionauth_import", "knox", "--batch", str(batch))
    AccessToken.objects.filter(user__username__in=["user2", "user5"]).delete()  # as if it had been interrupted
    told_again = run_json("sessionauth_import", "knox", "--batch", str(batch))["rows"]
    assert (told_again["imported"], told_again["known"]) == (2, 5)
    for number, secret in enumerate(secrets):
        assert told(ask("wsgi", "/tell/", Knox().carry(secret)))["user"] == f"user{number}"


def test_what_is_kept__moments_name_and_scopes(make_user, settings):
    settings.SESSIONAUTH_SCOPES = {"reports:read": ("Read reports", [])}
    expires = timezone.now() + timedelta(days=3)
    key, _ = DRFAPIKey().make(name="till", expiry_date=expires)
    run("sessionauth_import", "drf-api-key", "--scope", "reports:read", "--name", "else")
    row = APIKey.objects.get()
    assert (row.name, row.created_at, row.expires_at, row.user) == ("till", key.created, key.expiry_date, None)
    assert (row.scopes, row.hint, row.imported_from) == (["reports:read"], f"{key.prefix}…", "drf-api-key")
    token, _ = Knox().make(make_user("alice"), expiry=timedelta(days=2))
    run("sessionauth_import", "knox")
    row = AccessToken.objects.get()
    assert (row.name, row.created_at, row.expires_at) == ("Imported from knox", token.created, token.expiry)
    assert (row.scopes, row.is_personal, row.sliding) == (None, True, None)


def test_auto_refresh_of_knox__goes_on(make_user, settings):
    settings.REST_KNOX = {"AUTO_REFRESH": True, "AUTO_REFRESH_MAX_TTL": timedelta(days=30)}
    token, _ = Knox().make(make_user("alice"))
    run("sessionauth_import", "knox")
    row = AccessToken.objects.get()
    assert (row.sliding, row.ends_at) == (timedelta(hours=10), token.created + timedelta(days=30))


def test_login_bound__ends_with_the_password(make_user, settings):
    settings.SESSIONAUTH_AUTHENTICATORS = [entry(["knox"])]
    alice = make_user("alice")
    _, secret = Knox().make(alice)
    run("sessionauth_import", "knox", "--login-bound")
    assert told(ask("wsgi", "/tell/", Knox().carry(secret)))["user"] == "alice"
    alice.set_password("another battery staple")
    alice.save()
    assert ask("wsgi", "/tell/", Knox().carry(secret)).status == 401


def test_end__at_the_end_of_time_is_none(make_user):
    """Of the last day there is nothing could be shown in other time zones, nor put off."""
    last = datetime.max.replace(tzinfo=UTC)
    DRFAPIKey().make(name="till", expiry_date=last)
    run("sessionauth_import", "drf-api-key")
    row = APIKey.objects.get()
    assert row.expires_at is None
    assert rotate(row)[0].expires_at is None


def test_expired_and_revoked__are_left_out_and_counted():
    DRFAPIKey().make(expiry_date=timezone.now() - timedelta(seconds=1))
    DRFAPIKey().make(revoked=True)
    DRFAPIKey().make()
    assert run_json("sessionauth_import", "drf-api-key")["rows"] == {
        **NOTHING,
        "imported": 1,
        "expired": 1,
        "revoked": 1,
    }


def test_revoked_there_since__is_revoked_here():
    key, _ = DRFAPIKey().make()
    run("sessionauth_import", "drf-api-key")
    type(key).objects.update(revoked=True)
    run("sessionauth_import", "drf-api-key", "--dry-run")
    assert not APIKey.objects.get().is_revoked
    run("sessionauth_import", "drf-api-key")
    assert APIKey.objects.get().revoked_reason == "revoked in drf-api-key"


def test_inactive_users__tokens_wait_for_them(make_user, settings):
    settings.SESSIONAUTH_AUTHENTICATORS = [entry(["knox"])]
    alice = make_user("alice", is_active=False)
    _, secret = Knox().make(alice)
    assert run_json("sessionauth_import", "knox")["rows"] == {**NOTHING, "imported": 1, "inactive": 1}
    assert ask("wsgi", "/tell/", Knox().carry(secret)).status == 401
    type(alice).objects.update(is_active=True)
    assert told(ask("wsgi", "/tell/", Knox().carry(secret)))["user"] == "alice"


@pytest.mark.skipif(connection.vendor == "mysql", reason="keeps its foreign keys at every statement")
def test_tokens_of_nobody_any_more__are_left_out(make_user):
    alice = make_user("alice")
    token, _ = Knox().make(alice)
    type(alice).objects.filter(pk=alice.pk)._raw_delete("default")
    assert run_json("sessionauth_import", "knox")["rows"] == {**NOTHING, "orphaned": 1}
    token.delete()


def test_slow_hashes__are_left_out_with_advice():
    key, _ = DRFAPIKey().make()
    type(key).objects.update(hashed_key="pbkdf2_sha256$600000$salt$hash")
    assert run_json("sessionauth_import", "drf-api-key")["rows"] == {**NOTHING, "slow": 1}
    assert "use them once more" in run("sessionauth_import", "drf-api-key")


def test_slow_hashes__that_the_package_has_made_anew_are_imported(settings):
    """As is advised: its version 3 does so at the next use."""
    settings.SESSIONAUTH_AUTHENTICATORS = [entry(["drf-api-key"], keyword="Api-Key")]
    key, secret = DRFAPIKey().make()
    type(key).objects.update(hashed_key=make_password(secret))
    run("sessionauth_import", "drf-api-key")
    assert type(key).objects.is_valid(secret)
    assert run_json("sessionauth_import", "drf-api-key")["rows"] == {**NOTHING, "imported": 1}
    assert told(ask("wsgi", "/tell/", DRFAPIKey().carry(secret)))["credential"] == "APIKey"


def test_other_shapes__are_left_out(make_user):
    token, _ = Knox().make(make_user("alice"))
    type(token).objects.update(digest="a" * 64)
    apps.get_model("authtoken.Token").objects.create(user=token.user, key="short")
    for name in ("knox", "authtoken"):
        assert run_json("sessionauth_import", name)["rows"] == {**NOTHING, "unlike": 1}


def test_tokens_of_an_older_prefix__are_imported_where_it_is_named(make_user, settings):
    settings.SESSIONAUTH_AUTHENTICATORS = [entry(["knox"])]
    _, secret = Knox().make(make_user("alice"))
    settings.REST_KNOX = {"TOKEN_PREFIX": "desk_"}
    assert run_json("sessionauth_import", "knox")["rows"] == {**NOTHING, "unlike": 1}
    settings.SESSIONAUTH_IMPORTED_FORMATS = {"knox": {"prefixes": ["desk_", ""]}}
    assert run_json("sessionauth_import", "knox")["rows"] == {**NOTHING, "imported": 1}
    assert told(ask("wsgi", "/tell/", Knox().carry(secret)))["user"] == "alice"


def test_event__tells_of_the_import_once(peer, make_user):
    peer.make(make_user("alice"))
    run("sessionauth_import", peer.name)
    run("sessionauth_import", peer.name)
    event = AuthEvent.objects.get(event=Event.CREDENTIAL_IMPORTED)
    assert event.data == {"label": peer.name, "count": 1}


def test_printed__for_people(peer, make_user):
    _, secret = peer.make(make_user("alice"))
    terminal = Terminal()
    text = run("sessionauth_import", peer.name, stderr=terminal)
    assert "1 are ours from now on" in text
    assert "1/1" in terminal.getvalue()
    assert ("--scope" in text) is (peer.name == "drf-api-key")
    assert secret not in text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["knox", "--table", "nowhere"], "is no table"),
        (["knox", "--table", "auth_user"], "has no column"),
        (["knox", "--model", "no.where"], "There is no model"),
        (["knox", "--model", "nowhere"], "There is no model"),
        (["knox", "--scope", "nothing"], "Unknown scopes"),
        (["knox", "--batch", "0"], "--batch"),
        (["knox", "--database", "nowhere"], "--database"),
        (["simplejwt"], "simplejwt"),
        (["drf-api-key", "--login-bound"], "nobody"),
    ],
)
def test_wrong_arguments__are_told(arguments, says):
    with pytest.raises(CommandError, match=says):
        run("sessionauth_import", *arguments)
    assert AccessToken.objects.count() == APIKey.objects.count() == 0


def test_package_that_is_gone__leaves_its_table(make_user, settings):
    settings.SESSIONAUTH_AUTHENTICATORS = [entry(["knox"])]
    _, secret = Knox().make(make_user("alice"))
    settings.INSTALLED_APPS = [app for app in settings.INSTALLED_APPS if app != "knox"]
    assert run_json("sessionauth_import", "knox")["rows"]["imported"] == 1
    assert run_json("sessionauth_import", "knox", "--table", "knox_authtoken")["rows"]["known"] == 1
    assert told(ask("wsgi", "/tell/", Knox().carry(secret)))["user"] == "alice"
