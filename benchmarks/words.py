"""The prose of docs/performance.md, and how its numbers are written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

CASES = {
    "page": "a page that looks at nobody",
    "session": "a session",
    "key": "a key",
    "token": "a token",
    "key_of_100": "a key of a hundred",
    "got": "one cache GET",
    "cached_key": "a cached key",
    "malformed_key": "a malformed key",
    "bad_login": "a wrong password",
    "good_login": "a login",
    "locked": "a refused attempt",
    "impersonated": "impersonating",
}

HEAD = """\
# Performance

What a request costs with `sessionauth`, beside what is named next to it. 1.00 is what the other costs in the same
minute on the same machine; 0.50 is half of it, 2.00 twice. Everything of ours is on: guards, lockout, device cookie,
events, impersonation. *Calls* are functions entered, as a ratio, too: the figure that no busy machine blurs. *At most*
is what the project has set itself, on SQLite / PostgreSQL where they differ; *hoped for* is what code made by hand for
nothing else comes to.

The figures want a quiet machine, and all were measured in one go, those of sessions a second time with thrice the
rounds. What requests enter now, beside the same baselines, stands in `benchmarks/expected.json`, which every run of the
tests compares.
"""

SLOWER = """\
## What is slower

Where a request of ours costs more than what it is compared with, the worst first:
"""

WHY = """\
## Where it goes

Of each request that costs more than was set: the functions that it enters, and its time, by whose modules they are,
beside those of what it is compared with, and the modules that have most of them. What is written in C counts for the
module that calls it. The time is that of whoever runs when a clock ticks, on SQLite.
"""

#: Why a goal is missed, by scenario: what stands in the way, and what nobody wanted to give for it.
REASONS = {
    "page": """\
Ours enters as many functions as stock Django. What is left are some 4 µs: one middleware more, that of impersonation,
with its frame and its look at each view, and a look at cookies and headers where Django only lays a lazy user down.
To join the two middleware would change the order of what a project has put between them.""",
    "page_async": """\
Django's other five middleware alone, with none for sessions and users, cost 0.86 of this: each of the twelve hops
into threads is theirs. What ours add is told in the row without them.""",
    "session": """\
On SQLite two fifths of the time of our own engine are the page itself. A page that executes the join by Django's
cursor, with its placeholders converted once, and makes the two rows of it is 0.29 already: the columns are those of
the user, all of which a project may ask of `request.user`. On PostgreSQL most of the time is that it reads and plans
the join anew for each request: 165 µs, and 30 where it has been prepared, which the row below has. Only a project can
know whether it may: see {doc}`howto/session-engine`.""",
    "session_signed": """\
On SQLite half of the time is the page itself, a sixth the query, and to read the cookie takes 20 µs; the rest are many
steps of 1 to 3 µs. On PostgreSQL 0.60 are 394 µs, of which the page takes 145, after waiting for an answer, and the
join of login session and user 206: 43 are left for what takes 140 where nobody waits. Stock asks for the user alone,
141; that a sign-out ends the session, too, is the difference.""",
    "session_async": """\
Django gives each request a thread of its own, and with it, on SQLite, a connection of its own, stock's included. A view
without sessions that goes into the thread, connects and executes one statement is 0.71 of stock's session already.""",
    "session_lean": """\
As above: with no other middleware a view without sessions that goes into the thread, connects and executes our
statement by hand takes 1275 µs on SQLite, where 0.60 are 1278; 150 of these SQLite takes to read what tables there are
on each new connection, stock's and ours. On PostgreSQL it is 3 ms to connect, for both. What is ours shows with a pool,
in the row below.""",
    "key": """\
On SQLite a page that executes our one statement by Django's cursor as it is comes to 0.42 of the instructions of
DRF's whole request, with nothing made of it yet; with its placeholders converted once to 0.28 of the time, and to
0.37 with a key and its owner made of the 35 columns that come. 12 µs are left for the form, checksum and digest of
the secret, its end and its limits, for `request.user` and `request.auth`, for whether a program may go to that view,
and for `Vary`: a third of what that takes in instructions, of a token a seventh. Not to fetch what is seldom read
would have `auth.credential` ask the database for it later, which async views must not. On PostgreSQL most of it is
that it plans the join anew for each request; the row below has it prepared.""",
    "cached_key": """\
Beside one look into a dictionary of the same process, 4 µs, everything counts. Made by hand, a view that does what
the rules of revocation ask for (both entries, form, checksum and digest of the secret, seal and end of the entry, two
rows, `Vary`) comes to 1.17. The 32 µs more are what makes it part of a site: credentials are looked for in each place
where one may stand, and must not contradict each other (8 µs in all), what a key is limited to, when it was last used
and an identity that nobody can change (6), whose tenant's entry it is (3), putting it on the request (3), and whether
a program may go to that view (2.5). The second entry, by which more rows than can be listed are revoked at once,
cannot be had for less: kept in the process it would let in what was revoked. With Valkey, where such a cache is meant
to live (of local memory `check` warns), the look costs what it costs, and the goal is reached.""",
    "malformed_key": """\
A third of what it costs beyond the page is the line that Django writes into the log for each 401.""",
    "good_login": """\
On SQLite it is commits, 82 µs each: seven where stock Django has three, 330 µs, and 1.20 leaves 396 for all of ours.
They are the slot that is taken before the password is hashed, the slot given back, the login session and the event.
They share no transaction with Django's own on purpose: an error of a project's receiver would take the count back, and
a slot would be held over the whole request, so that whoever signs in meanwhile would be told to wait. On PostgreSQL it
is seven statements and two commands to Valkey beside stock Django's five statements, BEGIN and COMMIT twice: what is on
record against the account, the login session, the event, and the slot that is taken and given back.""",
    "bad_login": """\
The attempt is counted before the password is hashed and told of after it: two writes where stock Django has none. One
write for both would hold a lock while the password is hashed, or lose the event with the view's transaction. Written
by hand, one statement for two counters and one for the event, with no lockout, log or device, it is 1.84 of stock on
SQLite, where 2.00 leaves 60 µs for all of that. On PostgreSQL it is four trips for stock's one: Valkey, the account,
the lockout and the event; the first failure under a name asks once more what is on record.""",
    "bad_login_axes": """\
Two writes by hand and nothing else are some 0.38 of what axes takes on SQLite; what is above are the lockout, the
device, a second line of log and a record with all its facts.""",
    "locked": """\
Without the hash stock Django's wrong password is next to nothing. Written by hand, a refusal that reads the form, looks
at the counters once, writes a line of log and shows our page is 0.89 of it on SQLite and 0.88 on PostgreSQL; the page
alone, of three templates that a project may override, is 0.76 and 0.55. Where the rate of a name is used up no account
is looked for any more, but about once a minute for the record of a name that is refused again and again, and each time
where a receiver or a guard of the project's wants to know whose it is. What is left above the hand-written refusal are
some 230 µs on PostgreSQL: the guards, a record with all its facts, and middleware. To remember in each process for a
moment that a door is shut would spare the command to Valkey; an unlock would then take effect that much later.""",
    "impersonated": """\
Two people take part: both password hashes are compared, the rules, the floor and the permission of the actor asked
again (20 µs in the query alone), five more moments read, and two more rows made. Each of these is a promise: whoever
loses the right to impersonate, or is signed out, is out with the next request. On SQLite the database alone takes 37
µs where the goal leaves 33. On PostgreSQL 1.10 are 753 µs, and the statement alone takes 505, nearly all of it to read
and plan it; prepared it takes 208.""",
}

EACH = """\
## Each in turn

*Calls* are functions entered for one request, in Python and in C; *statements* go to the database, *cache* counts
commands to the cache, *threads* are the hops to the thread of the database and back under ASGI, of all the middleware
together. Where the two databases differ, SQLite stands first. Brackets hold the least and the most of all
rounds: how far they lie apart says how busy the machine was, and the median does not care.
"""

GROWTH = """\
## Tables that grow

What a request costs with so many rows, as a multiple of what it costs with ten thousand; set: at most 1.15. The
yardstick is a page of the same project that looks at nobody. Keys and tokens are spread over as many users; sessions
and events are all of one user, which is the worst that can happen to them and no site's everyday. *Calls* are functions
entered: one number where they are the same at each size, none where only the time was measured.
"""

SERVING = """\
## Requests a second

A page that asks who is there, through gunicorn with one worker, which a client on another core keeps busy: requests a
second of stock Django with its sessions in the database, and of ours with its own engine. Set: at least 1.80 times as
many; hoped for: 2.40. The server takes its part of each request, of both: with a single thread 170 to 200 µs, with four
320 to 410, which leave 1.80 on SQLite to a request of ours that takes 0.35 of stock Django's in process.
"""

REFUSED = """\
## Many refused attempts

What an attempt on a locked account costs after a dozen of them, and after ten thousand. Set: the same.
"""

MEMORY = """\
## Memory

What a process that has answered a few requests has for itself, in MiB more than one of stock Django. Its tables are
there already, and all modules compiled: a process that migrates keeps the models of every migration. Set for ours
without frameworks: at most +6, and +2 for the two lines alone. Of what these take, 0.7 are eight models and their six
bases with 247 fields, which a plain app of the same fields takes as well; 1.0 is the code of 71 modules; 0.7 are the
functions, classes and names that it makes. What is needed only once somebody signs in is loaded then.
"""

STORM = """\
## A storm of logins

Sixteen people sign in at once, with Argon2, in one ASGI process. What everybody else feels meanwhile, as a multiple of
what they feel beside stock Django: 99th percentiles of how late the event loop is and of how long a small page is
waited for, of which forty a second are asked for whether or not those before have been answered, over seven such
storms. Set: at most 0.20, 0.20, and at least 0.85 of the logins.
"""

LAYERS = """\
## The layer alone, beside other frameworks

What knowing who asks adds to a page that does not ask, in the framework each is made for, as a multiple of what stock
Django's session adds. The users of imia and Flask-Login are in memory here, Django's and ours in SQLite: what lies
between is mostly the database.
"""

METHOD = """\
## How this is measured

`./dev bench` makes all of this page; `./dev bench --help` says how to measure a part. Each contestant is a project as
`startproject` makes it, with all of its middleware, in a process and an environment of its own. Under ASGI most of what
that costs are the threads of Django's other middleware, so there are rows without those, too. It asks itself, through
Django's real WSGI and ASGI handlers, and so neither network nor server takes part. Contestants take turns, A B C A B C,
the next round backwards; the median request of each turn is divided by the baseline's of the same round, and the median
of these ratios is what you read. Each contestant has three processes, one after the other, as where a process happens
to lie in memory makes it up to a tenth faster or slower for as long as it lives. SQLite is a file, with its cache in
memory; PostgreSQL goes with Valkey, both by sockets and without waiting for the disk, as we ask what *we* cost. The
password hash is taken out of logins (it costs a thousand times everything else, for all alike) except in the storm.

What that does not tell: requests a second of your site. Views, templates and your queries cost more than all of this in
nearly every project. Calls, statements and commands to the cache are the same on every run; a check in CI, `python -m
benchmarks.counts`, fails where one of our requests enters a fifth more functions than it did, as a ratio to the
baseline of the same run, or sends a statement more. No check looks at seconds.
"""


def number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def range_of(figures: dict[str, Any] | None) -> str:
    """Return "0.52 (0.48 to 0.61)"."""
    if figures is None or "ratio" not in figures:
        return ""
    return f"{figures['ratio']:.2f} ({figures['least']:.2f} to {figures['most']:.2f})"


def both(figures: Sequence[dict[str, Any] | None], figure: str) -> str:
    """Return a count, or the counts where databases or sizes differ."""
    return " / ".join(str(one) for one in dict.fromkeys(each[figure] for each in figures if each))
