"""Fill the database: people and invoices once, keys and tokens anew at each start."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.models import Group, Permission
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from demo.ledger import write_ledger
from demo.people import ALICE, GROUPS, PEOPLE, ROOT, SAM, Person
from demo.secrets import PARTNER, PARTNER_PATH, Secrets
from invoices.partner import address, signed_headers
from sessionauth import crypto
from sessionauth.credentials.issuing import issue_login_token
from sessionauth.models import AccessToken, APIKey, LoginSession
from sessionauth.scopes import ISSUE
from sessionauth.sessions import registry

READ = ["invoices:read"]
#: How long the keys of a start are kept: another demo may be running with them.
KEPT = timedelta(days=1)


def seed(label: str = "demo") -> Secrets:
    """Make whatever is missing and return fresh secrets for the curl lines.

    A secret is known only when it is issued, so each start issues new ones and revokes those that are older than a day.
    `label` keeps them apart: a check ends its own at once, and not those of a running demo.
    """
    write_groups()
    people = {person.email: write_person(person) for person in PEOPLE}
    partner = write_partner()
    write_ledger(alice=people[ALICE.email], partner=partner, today=timezone.localdate())
    retire(label)
    return issue(label, alice=people[ALICE.email], sam=people[SAM.email], root=people[ROOT.email])


def write_groups() -> None:
    """Give each group its permissions."""
    for name, codenames in GROUPS.items():
        group, _ = Group.objects.get_or_create(name=name)
        found = Permission.objects.filter(content_type__app_label__in=("invoices", "sessionauth"))
        group.permissions.set(found.filter(codename__in=codenames))


def write_person(person: Person) -> User:
    """Make the account of a person; one that was changed since gets the printed password back."""
    user = User.objects.filter(email=person.email).first()
    if user is None:
        user = User(email=person.email, name=person.name)
    user.is_active, user.is_staff, user.is_superuser = True, person.is_staff, person.is_superuser
    if not user.has_usable_password() or not user.check_password(person.password):
        user.set_password(person.password)
    user.save()
    user.groups.set(Group.objects.filter(name=person.group))
    return user


def write_partner() -> User:
    """Make the user who stands for the partner's system; nobody can sign in as it."""
    user = User.objects.filter(email=address(PARTNER)).first()
    return user or User.objects.create_user(address(PARTNER), name="Northwind Referrals")


def retire(label: str, older_than: timedelta = KEPT) -> None:
    """Revoke what was issued under `label` longer ago than `older_than`, and delete what was revoked before."""
    before = timezone.now() - older_than
    for model in (AccessToken, APIKey):
        issued = model.objects.filter(name__startswith=f"{label}: ", created_at__lt=before)
        issued.exclude(revoked_at=None).delete()
        for credential in issued:
            credential.revoke("issued anew")
    sessions = LoginSession.objects.filter(user_agent=_browser(label), created_at__lt=before)
    sessions.exclude(revoked_at=None).delete()
    registry.revoke_rows(sessions, "issued anew")


def issue(label: str, *, alice: User, sam: User, root: User) -> Secrets:
    """Issue one of each kind."""

    def named(model: type[AccessToken] | type[APIKey], name: str, user: User | None, **fields: Any) -> str:
        return str(model.objects.issue(user=user, name=f"{label}: {name}", **fields)[1])

    expired = timezone.now() - timedelta(days=1)
    revoked_row, revoked = APIKey.objects.issue(user=alice, name=f"{label}: revoked")
    revoked_row.revoke("revoked for the demo")
    read_key = named(APIKey, "only reads", alice, scopes=READ)
    ended_row, ended = sign_in(label, alice)
    registry.revoke(ended_row, "ended for the demo")
    _, login_token, _ = issue_login_token(alice, name=f"{label}: signed in by a program")
    _, _, refresh_token = issue_login_token(alice, name=f"{label}: signed in by another")
    return Secrets(
        label=label,
        alice_token=named(AccessToken, "all that Alice may", alice),
        sam_token=named(AccessToken, "all that Sam may", sam),
        read_key=read_key,
        truncated_key=read_key[:-5],
        mistyped_key=read_key[:-1] + ("a" if read_key[-1] != "a" else "b"),
        sam_read_key=named(APIKey, "Sam's, only reads", sam, scopes=READ),
        root_key=named(APIKey, "all that root may", root),
        root_read_key=named(APIKey, "root's, only reads", root, scopes=READ),
        service_key=named(APIKey, "bookkeeping export, nobody's", None, scopes=READ),
        expired_key=named(APIKey, "expired", alice, expires_at=expired),
        revoked_key=revoked,
        unknown_key=crypto.new_secret("sa", "key"),
        login_token=login_token,
        refresh_token=str(refresh_token),
        rotating_key=named(APIKey, "rotates itself", alice, scopes=READ),
        leaving_key=named(APIKey, "revokes itself", alice, scopes=READ),
        issuing_key=named(APIKey, "issues others", alice, scopes=[*READ, ISSUE]),
        session=sign_in(label, alice)[1],
        ended_session=ended,
        partner=signed_headers(PARTNER, "GET", PARTNER_PATH),
        partner_late=signed_headers(PARTNER, "GET", PARTNER_PATH, moment=0),
    )


def sign_in(label: str, user: User) -> tuple[LoginSession, str]:
    """Sign `user` in without a browser; return the login session and the cookie."""
    request = HttpRequest()
    request.META = {"REMOTE_ADDR": "127.0.0.1", "HTTP_USER_AGENT": _browser(label)}
    request.session = import_module(settings.SESSION_ENGINE).SessionStore()
    login(request, user)
    request.session.save()
    row = LoginSession.objects.filter(user=user, user_agent=_browser(label)).latest("pk")
    return row, str(request.session.session_key)


def _browser(label: str) -> str:
    return f"curl lines ({label})"
