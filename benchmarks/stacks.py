"""The stacks: what a project has installed and configured in order to know who asks. Each is declared once, here."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
DJANGOS = "django.contrib.auth.middleware.AuthenticationMiddleware"
OURS = "sessionauth.middleware.AuthenticationMiddleware"
OUR_SESSIONS = "sessionauth.sessions.middleware.SessionMiddleware"
IMPERSONATION = "sessionauth.impersonation.middleware.ImpersonationMiddleware"
MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"
NEVER = 10**9
OFTEN = "1000000/h"


class StackFailed(Exception):
    """A stack could not be started, or did not answer as it should; the message is the end of what it printed."""


@dataclass(frozen=True)
class Stack:
    """A project that differs from `startproject` in what is written here, and in nothing else.

    `kit` is the module of its pages and credentials, `requires` are the packages it needs besides Django. `behind` is
    middleware right behind the one that authenticates, `last` is at the end of the list. `is_lean` leaves out all of
    Django's other middleware, whose threads are most of what a request under ASGI costs. `postgres` is what its entry
    of DATABASES says besides, on PostgreSQL.
    """

    name: str
    title: str
    kit: str
    requires: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()
    authentication: str = DJANGOS
    sessions: str = "django.contrib.sessions.middleware.SessionMiddleware"
    is_lean: bool = False
    behind: tuple[str, ...] = ()
    last: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    postgres: Mapping[str, Any] = field(default_factory=dict)


def _dependencies() -> tuple[str, ...]:
    """Return what the package itself depends on besides Django."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return tuple(one for one in project["dependencies"] if not one.startswith("django>"))


def _ours(name: str, title: str, kit: str = "ours", **changes: Any) -> Stack:
    """Return a stack with everything of ours on: guards, lockout, device cookie, events, impersonation."""
    rates = changes.pop("rates", (OFTEN, OFTEN))
    guards = [
        {"NAME": "sessionauth.guards.rate_limit.RateLimitGuard", "OPTIONS": {"by": by, "rates": [rate]}}
        for by, rate in zip(("address", "account"), rates, strict=True)
    ]
    settings = {
        "AUTHENTICATION_BACKENDS": ["sessionauth.backends.SessionAuthBackend", MODEL_BACKEND],
        "SESSIONAUTH_LOGIN_GUARDS": [
            *guards,
            "sessionauth.guards.lockout.LockoutGuard",
            "sessionauth.guards.active.ActiveUserGuard",
        ],
        "SESSIONAUTH_LOCKOUT_LIMIT": NEVER,
        "SESSIONAUTH_LOCKOUT_WAIT_FROM": NEVER,
        "SESSIONAUTH_KEY_FAILURE_RATE": "100000000/m",
        "SESSIONAUTH_IMPERSONATION_REASON": "off",
        "SESSIONAUTH_IMPERSONATION_FRESH": False,
    }
    return Stack(
        name,
        title,
        f"benchmarks.kits.{kit}",
        requires=_dependencies() + changes.pop("requires", ()),
        apps=("sessionauth", *changes.pop("apps", ())),
        authentication=OURS,
        sessions=OUR_SESSIONS,
        behind=(IMPERSONATION,),
        settings=settings | changes.pop("settings", {}),
        **changes,
    )


SIGNED = "django.contrib.sessions.backends.signed_cookies"
OUR_ENGINE = "sessionauth.sessions.db"
#: What PostgreSQL has parsed and planned once, it runs again; for who is not behind a pool that hands out connections
#: by the transaction.
PREPARED = {"OPTIONS": {"server_side_binding": True, "prepare_threshold": 5}}
#: Under ASGI each request has a thread of its own, and with it, without a pool, a connection of its own.
POOLED = {"OPTIONS": {"pool": True}, "CONN_MAX_AGE": 0}
POOL = ("psycopg[binary,pool]>=3.2",)
ARGON2 = {"PASSWORD_HASHERS": ["django.contrib.auth.hashers.Argon2PasswordHasher"]}
DRF = ("djangorestframework>=3.16",)
SERVER = ("gunicorn>=23",)
ALLAUTH = {"ACCOUNT_EMAIL_VERIFICATION": "none", "ACCOUNT_LOGIN_METHODS": {"username"}}
ALLAUTH_FREE = ALLAUTH | {"ACCOUNT_RATE_LIMITS": {"login": None, "login_failed": None}}
ALLAUTH_BACKENDS = [MODEL_BACKEND, "allauth.account.auth_backends.AuthenticationBackend"]

DRF_TOKENS = Stack(
    "drf",
    "DRF TokenAuthentication",
    "benchmarks.kits.drf_token",
    requires=DRF,
    apps=("rest_framework", "rest_framework.authtoken"),
)


def _axes(name: str, title: str, limit: int, handler: str = "database.AxesDatabaseHandler") -> Stack:
    return Stack(
        name,
        title,
        "benchmarks.kits.logins",
        requires=("django-axes>=8",),
        apps=("axes",),
        last=("axes.middleware.AxesMiddleware",),
        settings={
            "AUTHENTICATION_BACKENDS": ["axes.backends.AxesStandaloneBackend", MODEL_BACKEND],
            "AXES_FAILURE_LIMIT": limit,
            "AXES_HANDLER": f"axes.handlers.{handler}",
            "AXES_VERBOSE": False,
        },
    )


def _allauth(name: str, title: str, settings: Mapping[str, Any]) -> Stack:
    return Stack(
        name,
        title,
        "benchmarks.kits.allauth_pages",
        requires=("django-allauth>=65",),
        apps=("allauth", "allauth.account"),
        last=("allauth.account.middleware.AccountMiddleware",),
        settings={"AUTHENTICATION_BACKENDS": ALLAUTH_BACKENDS, **settings},
    )


ALL = [
    Stack("stock", "stock Django", "benchmarks.kits.logins"),
    Stack("stock_signed", "stock, signed cookies", "benchmarks.kits.base", settings={"SESSION_ENGINE": SIGNED}),
    Stack("one_get", "stock Django", "benchmarks.kits.one_get"),
    _ours("ours", "sessionauth"),
    Stack(
        "ours_core",
        "sessionauth, the two lines alone",
        "benchmarks.kits.base",
        requires=_dependencies(),
        apps=("sessionauth",),
        authentication=OURS,
    ),
    _ours("ours_signed", "sessionauth, signed cookies", settings={"SESSION_ENGINE": SIGNED}),
    _ours("ours_engine", "sessionauth, its own engine", settings={"SESSION_ENGINE": OUR_ENGINE}),
    Stack("stock_lean", "stock Django", "benchmarks.kits.base", is_lean=True),
    _ours("ours_lean", "sessionauth", is_lean=True),
    Stack("stock_prepared", "stock Django", "benchmarks.kits.base", postgres=PREPARED),
    _ours("ours_prepared", "sessionauth", postgres=PREPARED),
    _ours(
        "ours_engine_prepared",
        "sessionauth, its own engine",
        settings={"SESSION_ENGINE": OUR_ENGINE},
        postgres=PREPARED,
    ),
    Stack("stock_pooled", "stock Django", "benchmarks.kits.base", POOL, is_lean=True, postgres=POOLED),
    _ours(
        "ours_engine_pooled",
        "sessionauth, its own engine",
        requires=POOL,
        settings={"SESSION_ENGINE": OUR_ENGINE},
        is_lean=True,
        postgres=POOLED,
    ),
    _ours("ours_engine_lean", "sessionauth, its own engine", settings={"SESSION_ENGINE": OUR_ENGINE}, is_lean=True),
    _ours("ours_locked", "sessionauth, 5 attempts an hour", rates=(OFTEN, "5/h")),
    _ours("ours_cached", "sessionauth, KEY_CACHE", settings={"SESSIONAUTH_KEY_CACHE": "default"}),
    _ours("ours_drf", "sessionauth through REST framework", "ours_drf", requires=DRF, apps=("rest_framework",)),
    _ours("ours_ninja", "sessionauth through Ninja", "ours_ninja", requires=("django-ninja>=1.4",)),
    DRF_TOKENS,
    replace(DRF_TOKENS, name="drf_prepared", postgres=PREPARED),
    Stack(
        "knox",
        "knox",
        "benchmarks.kits.knox_token",
        requires=("django-rest-knox>=5", *DRF),
        apps=("rest_framework", "knox"),
    ),
    Stack(
        "api_key",
        "drf-api-key",
        "benchmarks.kits.drf_api_key",
        requires=("djangorestframework-api-key>=3", *DRF),
        apps=("rest_framework", "rest_framework_api_key"),
    ),
    Stack("ninja", "Ninja, lookup by hand", "benchmarks.kits.ninja_key", requires=("django-ninja>=1.4",)),
    _axes("axes", "axes, in the database", NEVER),
    _axes("axes_cache", "axes, in the cache", NEVER, "cache.AxesCacheHandler"),
    _axes("axes_locked", "axes, in the database, after 5", 5),
    Stack("ratelimit", "django-ratelimit", "benchmarks.kits.ratelimited", requires=("django-ratelimit>=4.1",)),
    Stack(
        "ratelimit_locked",
        "django-ratelimit, 5 an hour",
        "benchmarks.kits.ratelimited",
        requires=("django-ratelimit>=4.1",),
        settings={"BENCH_RATE": "5/h"},
    ),
    _allauth("allauth", "allauth", ALLAUTH_FREE),
    _allauth(
        "allauth_locked", "allauth, its own limit on failures", ALLAUTH | {"ACCOUNT_RATE_LIMITS": {"login": None}}
    ),
    Stack(
        "hijack",
        "hijack",
        "benchmarks.kits.hijacked",
        requires=("django-hijack>=3",),
        apps=("hijack",),
        last=("hijack.middleware.HijackUserMiddleware",),
    ),
    Stack(
        "impersonate",
        "impersonate",
        "benchmarks.kits.impersonated",
        requires=("django-impersonate>=1.9",),
        apps=("impersonate",),
        behind=("impersonate.middleware.ImpersonateMiddleware",),
    ),
    Stack(
        "user_sessions",
        "user-sessions",
        "benchmarks.kits.base",
        requires=("django-user-sessions>=2", "setuptools<81"),  # it asks pkg_resources
        apps=("user_sessions",),
        sessions="user_sessions.middleware.SessionMiddleware",
        settings={"SESSION_ENGINE": "user_sessions.backends.db", "SILENCED_SYSTEM_CHECKS": ["admin.E410"]},
    ),
    Stack("stock_served", "stock Django", "benchmarks.kits.base", requires=SERVER),
    _ours("ours_served", "sessionauth, its own engine", requires=SERVER, settings={"SESSION_ENGINE": OUR_ENGINE}),
    Stack("stock_argon2", "stock, Argon2", "benchmarks.kits.logins", requires=("argon2-cffi>=23.1",), settings=ARGON2),
    _ours("ours_argon2", "sessionauth, Argon2", settings=ARGON2),
    # What the check on counts must find: tests/test_bench_counts.py.
    _ours("ours_wasteful", "sessionauth, made slower on purpose", last=("benchmarks.wasteful.Wasteful",)),
]

STACKS = {stack.name: stack for stack in ALL}
