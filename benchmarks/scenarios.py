"""The questions that are measured: who is compared, in what, with whom, and what was to be reached."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One contestant: a stack, the case it is asked with, and how high it may be at most, on SQLite | PostgreSQL.

    `dream` is what hand-made code with nothing around it says might be reached.
    """

    stack: str
    case: str
    goal: tuple[float, float] | None = None
    dream: tuple[float, float] | None = None

    @property
    def key(self) -> str:
        return f"{self.stack}/{self.case}"


@dataclass(frozen=True)
class Scenario:
    """A comparison. The first row is the baseline, 1.00; goals are of our rows, as issue and page tell them.

    `backends` are those on which there is something to compare.
    """

    name: str
    title: str
    rows: tuple[Row, ...]
    is_async: bool = False
    backends: tuple[str, ...] = ("sqlite", "postgres")

    @property
    def baseline(self) -> Row:
        return self.rows[0]


def _same(value: float) -> tuple[float, float]:
    return value, value


ALL = [
    Scenario(
        "page",
        "A page that looks at nobody",
        (
            Row("stock", "page"),
            Row("ours", "page", _same(1.0), _same(0.85)),
            Row("hijack", "page"),
            Row("impersonate", "page"),
            Row("allauth", "page"),
            Row("axes", "page"),
        ),
    ),
    Scenario(
        "page_cookie",
        "The same page, asked by a browser that is signed in",
        (
            Row("stock", "page_cookie"),
            Row("ours", "page_cookie"),
            Row("hijack", "page_cookie"),
            Row("impersonate", "page_cookie"),
        ),
    ),
    Scenario(
        "page_async",
        "A page that looks at nobody, under ASGI",
        (
            Row("stock", "page"),
            Row("ours", "page", _same(0.75), _same(0.62)),
            Row("hijack", "page"),
            Row("impersonate", "page"),
            Row("allauth", "page"),
        ),
        is_async=True,
    ),
    Scenario(
        "page_lean",
        "A page that looks at nobody, under ASGI, with no other middleware",
        (Row("stock_lean", "page"), Row("ours_lean", "page", _same(0.75), _same(0.62))),
        is_async=True,
    ),
    Scenario(
        "session",
        "A page that asks who is there, with Django's sessions in the database",
        (
            Row("stock", "session"),
            Row("ours", "session", (0.65, 0.75), (0.55, 0.65)),
            Row("ours_engine", "session", (0.40, 0.55), (0.27, 0.42)),
            Row("user_sessions", "session"),
            Row("hijack", "session"),
            Row("impersonate", "session"),
        ),
    ),
    Scenario(
        "session_prepared",
        "The same with statements that PostgreSQL has prepared",
        (
            Row("stock_prepared", "session"),
            Row("ours_prepared", "session", (0.65, 0.75), (0.55, 0.65)),
            Row("ours_engine_prepared", "session", (0.40, 0.55), (0.27, 0.42)),
        ),
        backends=("postgres",),
    ),
    Scenario(
        "session_signed",
        "The same with sessions in signed cookies",
        (Row("stock_signed", "session"), Row("ours_signed", "session", _same(0.60), _same(0.45))),
    ),
    Scenario(
        "session_async",
        "A page that asks who is there, under ASGI",
        (
            Row("stock", "session"),
            Row("ours", "session"),
            Row("ours_engine", "session", _same(0.60), _same(0.42)),
            Row("hijack", "session"),
        ),
        is_async=True,
    ),
    Scenario(
        "session_lean",
        "A page that asks who is there, under ASGI, with no other middleware",
        (
            Row("stock_lean", "session"),
            Row("ours_lean", "session"),
            Row("ours_engine_lean", "session", _same(0.60), _same(0.42)),
        ),
        is_async=True,
    ),
    Scenario(
        "session_pooled",
        "A page that asks who is there, under ASGI, with no other middleware, and a pool of connections",
        (Row("stock_pooled", "session"), Row("ours_engine_pooled", "session", _same(0.60), _same(0.42))),
        is_async=True,
        backends=("postgres",),
    ),
    Scenario(
        "key",
        "A key or token",
        (
            Row("drf", "key"),
            Row("ours", "key", (0.40, 0.60), (0.28, 0.50)),
            Row("ours", "token", (0.40, 0.60), (0.28, 0.50)),
            Row("ours_drf", "key", _same(0.80), _same(0.70)),
            Row("ours_ninja", "key"),
            Row("ninja", "key"),
            Row("api_key", "key"),
            Row("knox", "key"),
        ),
    ),
    Scenario(
        "key_prepared",
        "A key or token, with statements that PostgreSQL has prepared",
        (
            Row("drf_prepared", "key"),
            Row("ours_prepared", "key", (0.40, 0.60), (0.28, 0.50)),
        ),
        backends=("postgres",),
    ),
    Scenario(
        "key_of_100",
        "A key of a user who has a hundred",
        (
            Row("ours", "key"),
            Row("ours", "key_of_100", _same(1.15), _same(1.0)),
            Row("knox", "key"),
            Row("knox", "key_of_100"),
        ),
    ),
    Scenario(
        "cached_key",
        "A key that the cache knows",
        (Row("one_get", "got"), Row("ours_cached", "cached_key", _same(1.3), _same(1.1))),
    ),
    Scenario(
        "unknown_key",
        "A key that nobody has",
        (
            Row("drf", "unknown_key"),
            Row("ours", "unknown_key"),
            Row("ninja", "unknown_key"),
            Row("api_key", "unknown_key"),
            Row("knox", "unknown_key"),
        ),
    ),
    Scenario(
        "malformed_key",
        "What looks like a key of ours and cannot be one",
        (Row("stock", "page"), Row("ours", "malformed_key", _same(1.3), _same(1.15))),
    ),
    Scenario(
        "good_login",
        "A login that succeeds",
        (
            Row("stock", "good_login"),
            Row("ours", "good_login", _same(1.2), _same(0.7)),
            Row("ours", "managed_login", _same(1.2), _same(0.7)),
            Row("axes", "good_login"),
            Row("axes_cache", "good_login"),
            Row("ratelimit", "good_login"),
            Row("allauth", "good_login"),
        ),
    ),
    Scenario(
        "bad_login",
        "A wrong password",
        (
            Row("stock", "bad_login"),
            Row("ours", "bad_login", (2.0, 3.0), (1.2, 2.0)),
            Row("axes", "bad_login"),
            Row("axes_cache", "bad_login"),
            Row("ratelimit", "bad_login"),
            Row("allauth", "bad_login"),
        ),
    ),
    Scenario(
        "bad_login_axes",
        "A wrong password, beside a counter in the database",
        (Row("axes", "bad_login"), Row("ours", "bad_login", _same(0.4))),
    ),
    Scenario(
        "unknown_login",
        "A name that nobody has",
        (
            Row("stock", "unknown_login"),
            Row("ours", "unknown_login"),
            Row("axes", "unknown_login"),
            Row("ratelimit", "unknown_login"),
            Row("allauth", "unknown_login"),
        ),
    ),
    Scenario(
        "locked",
        "An attempt that is refused unlooked at",
        (
            Row("stock", "bad_login"),
            Row("ours_locked", "locked", (0.6, 1.2), (0.35, 0.5)),
            Row("axes_locked", "locked"),
            Row("ratelimit_locked", "locked"),
            Row("allauth_locked", "locked"),
        ),
    ),
    Scenario(
        "impersonated",
        "Somebody acts as somebody else",
        (
            Row("ours", "session"),
            Row("ours", "impersonated", _same(1.10), _same(1.05)),
            Row("stock", "session"),
            Row("hijack", "impersonated"),
            Row("impersonate", "impersonated"),
        ),
    ),
]

SCENARIOS = {scenario.name: scenario for scenario in ALL}
