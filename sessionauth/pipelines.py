"""Commands to Redis or Valkey, several at once and all by one client, where the cache is Django's own for them.

Any other cache is asked command by command, through Django's interface.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary, WeakSet

from django.core.cache.backends.redis import RedisCache, RedisCacheClient


def speaks_to(cache: Any) -> bool:
    """Say whether `cache` is one whose client is known; a class derived from it may spread keys over servers."""
    return type(cache) is RedisCache and type(cache._cache) is RedisCacheClient


def runs_scripts(cache: Any) -> bool:
    """Say whether scripts run on the server of `cache`, as far as is known: until it has refused one."""
    return speaks_to(cache) and _client(cache) not in _unscripted


def count(cache: Any, keys: Iterable[tuple[str, int]]) -> list[int]:
    """Count one more of each of `keys`, which last so many seconds from the first on; return the counts.

    What `cache.add(key, 1, seconds) or cache.incr(key)` does, in one round trip.
    """
    pipeline = _pipeline(cache)
    for key, seconds in keys:
        made = _made(cache, key)
        pipeline.set(made, 0, ex=seconds, nx=True)
        pipeline.incrby(made, 1)
    return [int(found) for found in pipeline.execute()[1::2]]


#: What the client raises where our user may run no scripts, or a proxy knows none, and where keys are spread over
#: servers. By name, for the client library is not one that we depend on.
REFUSALS = frozenset({"NoPermissionError", "ResponseError"})
SPREAD = "ClusterCrossSlotError"
#: How a server names the command that it does not know or that our user may not run. Of what passes, such as that it
#: is still loading, has no memory left or is a replica for now, no message names it.
NAMES_EVAL = re.compile(r"['`\"]eval['`\"]", re.IGNORECASE)
#: Counts one more of each Limited, or of none where one is full. Each has two KEYS and two ARGV, in its order, and two
#: numbers in the answer: the count with it, and whether its mark is there, -1 where it is not full. One below none had
#: lost its end, for somebody was about to give back to a window that is gone.
TAKE = """
local is_full, found = false, {}
for nth = 1, #KEYS, 2 do
  local count = tonumber(redis.call('GET', KEYS[nth]) or 0)
  found[nth], found[nth + 1] = count + 1, -1
  if count >= tonumber(ARGV[nth]) then
    is_full, found[nth + 1] = true, redis.call('EXISTS', KEYS[nth + 1])
  end
end
if is_full then return found end
for nth = 1, #KEYS, 2 do
  if redis.call('INCR', KEYS[nth]) <= 1 then redis.call('EXPIRE', KEYS[nth], ARGV[nth + 1]) end
end
return found
"""
#: Counts one less of each of KEYS, of which there are ARGV[1]; the one after them, if any, is asked for: is it there?
GIVE_BACK = """
local all = tonumber(ARGV[1])
for nth = 1, all do
  if redis.call('DECR', KEYS[nth]) < 0 then redis.call('DEL', KEYS[nth]) end
end
return KEYS[all + 1] and redis.call('EXISTS', KEYS[all + 1]) or 0
"""


class Limited(NamedTuple):
    """A counter up to a `limit`, which lasts so many `seconds` from the first on; `mark` is a key beside it."""

    key: str
    mark: str
    limit: int
    seconds: int


class Taken(NamedTuple):
    """The `counts`, one by one; but if some are `full` nothing was taken, and by their keys: is their mark there?"""

    counts: list[int]
    full: dict[str, bool]


def take(cache: Any, counters: Sequence[Limited]) -> Taken | None:
    """Count one more of each of `counters`, or of none where one is at its limit, in one round trip; see count().

    None where no scripts run; see runs_scripts().
    """
    keys = [key for one in counters for key in (one.key, one.mark)]
    found = _run(cache, TAKE, keys, [number for one in counters for number in (one.limit, one.seconds)])
    if found is None:
        return None
    told = zip(counters, found[1::2], strict=True)
    return Taken(found[::2], {one.key: bool(said) for one, said in told if said >= 0})


def add(cache: Any, key: str, seconds: int) -> bool:
    """Do as `cache.add(key, 1, seconds)`."""
    if not speaks_to(cache):
        return bool(cache.add(key, 1, seconds))
    return bool(_client(cache).set(_made(cache, key), 1, ex=seconds, nx=True))


def read(cache: Any, keys: Sequence[str]) -> dict[str, int]:
    """Return the numbers at `keys` that there are, from the server that is written to: a copy may be behind."""
    found = _client(cache).mget([_made(cache, key) for key in keys])
    return {key: int(number) for key, number in zip(keys, found, strict=True) if number is not None}


def get_many(cache: Any, keys: Sequence[str]) -> dict[str, Any]:
    """Do as `cache.get_many(keys)`, from the server that is written to: a copy may be behind."""
    if not speaks_to(cache):
        answers: dict[str, Any] = cache.get_many(keys)
        return answers
    found = _client(cache).mget([_made(cache, key) for key in keys])
    loads = cache._cache._serializer.loads
    return {key: loads(value) for key, value in zip(keys, found, strict=True) if value is not None}


def give_back(cache: Any, keys: Sequence[str], ask: str | None = None) -> bool:
    """Count one less of each of `keys`, and say whether the key `ask` is there.

    A key that was gone, its window being over, is not left behind: it would be below none, and a slot too many. Where
    no scripts run it is deleted by a second question, and is there in between.
    """
    if runs_scripts(cache):
        told = _run(cache, GIVE_BACK, keys if ask is None else [*keys, ask], [len(keys)])
        if told is not None:
            return bool(told)
    pipeline, made = _pipeline(cache), [_made(cache, key) for key in keys]
    for key in made:
        pipeline.decrby(key, 1)
    if ask is not None:
        pipeline.exists(_made(cache, ask))
    answers = pipeline.execute()
    if gone := [key for key, left in zip(made, answers, strict=False) if left < 0]:
        _client(cache).delete(*gone)
    return bool(ask is not None and answers[-1])


def _run(cache: Any, script: str, keys: Sequence[str], arguments: Sequence[int]) -> Any:
    """Return what `script` answers; None where the server turns out to run none for us, which is not asked again.

    The script goes along each time: it is half a kilobyte, and a server that is told of it by its SHA-1 may have
    forgotten it. The client's own object for a script holds that client, and with it the connections of each thread and
    task that has ever come by.
    """
    client, made = _client(cache), [_made(cache, key) for key in keys]
    try:
        return client.eval(script, len(made), *made, *arguments)
    except Exception as error:
        if not _is_for_good(error):
            raise
        _unscripted.add(client)
        return None


def _is_for_good(error: Exception) -> bool:
    name, told = type(error).__name__, str(error)
    # Until redis-py 6 a server's CROSSSLOT was any other answer to its plain client.
    is_told = told.startswith("CROSSSLOT") or NAMES_EVAL.search(told) is not None
    return name == SPREAD or (name in REFUSALS and is_told)


#: By Django's client, which makes another one for each command, and with it a table of some hundred answers.
_clients: WeakKeyDictionary[RedisCacheClient, Any] = WeakKeyDictionary()
#: Those that have refused it.
_unscripted: WeakSet[Any] = WeakSet()


def _made(cache: Any, key: str) -> str:
    """Return what the server knows `key` by.

    Django's commands look, besides, through each letter for what memcached would refuse: a quarter of what it took to
    ask for two counters and their marks, whose keys are digests.
    """
    return str(cache.make_key(key))


def _client(cache: Any) -> Any:
    """Return the client of the server that is written to; its pool of connections is Django's, and knows of forks."""
    found = _clients.get(cache._cache)
    if found is None:
        found = _clients[cache._cache] = cache._cache.get_client(write=True)
    return found


def _pipeline(cache: Any) -> Any:
    return _client(cache).pipeline(transaction=False)
