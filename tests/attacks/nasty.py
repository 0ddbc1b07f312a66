"""What an attacker puts on the wire: strategies for Hypothesis, and an oracle that shares no code with the package."""

from __future__ import annotations

import base64
import re
import string
import zlib

from hypothesis import strategies as st

ALPHABET = (string.digits + string.ascii_uppercase + string.ascii_lowercase).encode()
KINDS = (b"key", b"pat", b"org", b"dev")
WELL_FORMED = re.compile(rb"sa_(key|pat|org|dev)_(?:[a-z][a-z0-9]{0,15}_)?([0-9A-Za-z]{32})([0-9A-Za-z]{6})", re.DOTALL)

MEGABYTE = 1_000_000
SPACES = st.sampled_from([b"", b" ", b"  ", b"\t", b" \t ", b"\xa0", b"\x00", b"\r", b"\n", b"%20", b","])
JUNK = st.one_of(
    st.binary(max_size=24),
    st.text(max_size=12).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.sampled_from(
        [b"", b"\x00", b"\xff\xfe", "é".encode(), "\N{SNOWMAN}".encode(), b",", b";", b'"', b"\\", b"_", b"=", b"%00"]
    ),
    st.sampled_from(
        [b"sa_key_", b"sa_ref_", b"sa_", b"sa_pat_x_", b"sa__", b"_", b"sa_key_test_", b"Bearer", b"Basic"]
    ),
)


def crc(body: bytes) -> bytes:
    """Return the checksum of a body, written anew from the description in the documentation."""
    value, digits = zlib.crc32(body), b""
    for _ in range(6):
        value, place = divmod(value, 62)
        digits = ALPHABET[place : place + 1] + digits
    return digits


def is_well_formed(value: bytes) -> bool:
    """Say whether `value` is worth a look into the database: our words, 32 characters and their checksum."""
    match = WELL_FORMED.fullmatch(value)
    return match is not None and crc(match[2]) == match[3]


def near(secret: bytes) -> st.SearchStrategy[bytes]:
    """Return values that differ a little from `secret`."""
    head, _, tail = secret.rpartition(b"_")
    body = tail[:32]

    def changed(place: int, char: int) -> bytes:
        return secret[:place] + bytes([char]) + secret[place + 1 :]

    def with_right_checksum(place: int, char: int) -> bytes:
        other = body[:place] + bytes([char]) + body[place + 1 :]
        return head + b"_" + other + crc(other)

    chars, places = st.sampled_from(ALPHABET), st.integers(0, 31)
    return st.one_of(
        st.builds(changed, st.integers(0, len(secret) - 1), st.one_of(chars, st.integers(0, 255))),
        st.builds(with_right_checksum, places, chars),
        st.integers(0, len(secret)).map(lambda end: secret[:end]),
        st.integers(0, len(secret)).map(lambda start: secret[start:]),
        st.sampled_from(
            [secret.swapcase(), secret.upper(), secret.lower(), tail, body, secret * 2, b"SA" + secret[2:]]
        ),
        st.sampled_from([b"sa_" + kind + b"_" + tail for kind in (*KINDS, b"ref", b"nokind", b"", b"KEY")]),
        st.sampled_from([brand + secret[2:] for brand in (b"sb", b"s", b"saa", b"", b"xsa", b"sk", b"ghp")]),
        st.sampled_from(
            [head + b"_live_" + tail, head + b"__" + tail, head + b"_LIVE_" + tail, head + b"_a_b_" + tail]
        ),
        st.builds(lambda before, after: before + secret + after, JUNK, JUNK),
        st.builds(lambda gap, other: secret + gap + other, SPACES, st.sampled_from([secret, b"", b"x"])),
    )


def values(*secrets: bytes) -> st.SearchStrategy[bytes]:
    """Return what may stand where a secret should."""
    return st.one_of(*(near(secret) for secret in secrets), JUNK, st.lists(JUNK, max_size=6).map(b"".join))


def basic(user: bytes) -> st.SearchStrategy[bytes]:
    """Return what may stand behind Basic."""
    plain = st.one_of(
        JUNK, st.builds(lambda name, password: name + b":" + password, st.sampled_from([user, b"", b"x"]), JUNK)
    )
    return st.one_of(JUNK, plain.map(base64.b64encode), plain.map(lambda value: base64.b64encode(value)[:-1]))


SCHEMES = st.sampled_from(
    [b"Bearer", b"bearer", b"BEARER", b"Token", b"Basic", b"Digest", b"Bearer:", b"", b"Bearer,", b"Bear\xc3\xa9r"]
)


def authorization(user: bytes, *secrets: bytes) -> st.SearchStrategy[bytes]:
    """Return values of Authorization."""
    gaps = st.one_of(st.just(b" "), SPACES)
    after = st.one_of(values(*secrets), values(*secrets), basic(user))
    one = st.builds(
        lambda before, scheme, gap, value, end: before + scheme + gap + value + end,
        SPACES,
        SCHEMES,
        gaps,
        after,
        SPACES,
    )
    joined = st.lists(one, min_size=2, max_size=3).map(b", ".join)
    return st.one_of(one, one, one, joined, JUNK)


def cookies(session_key: bytes, own: bytes = b"sessionid") -> st.SearchStrategy[bytes]:
    """Return values of Cookie; `own` is the name of the cookie that has `session_key`, or what else opens a session."""
    chars = st.sampled_from(b"abcdefghijklmnopqrstuvwxyz0123456789")
    changed = st.builds(
        lambda place, char: session_key[:place] + bytes([char]) + session_key[place + 1 :],
        st.integers(0, len(session_key) - 1),
        st.one_of(chars, st.integers(0, 255)),
    )
    near = st.one_of(
        changed,
        st.integers(0, len(session_key) - 1).map(lambda end: session_key[:end]),
        st.sampled_from(
            [
                session_key.upper(),
                session_key + b"x",
                session_key[::-1],
                b'"\\000' + session_key + b'"',
                b'"' + session_key,
                session_key * 2,
            ]
        ),
    )
    value = st.one_of(near, near, JUNK, st.lists(JUNK, max_size=4).map(b"".join))
    name = st.sampled_from([own, own, own, b" " + own + b" ", own.title(), b"my" + own, b"", b"csrftoken"])
    pair = st.builds(
        lambda key, equals, value: key + equals + value, name, st.sampled_from([b"=", b"=", b"", b"=="]), value
    )
    return st.one_of(pair, st.lists(pair, max_size=4).map(b"; ".join), JUNK)


def queries(*secrets: bytes) -> st.SearchStrategy[bytes]:
    """Return query strings."""
    value = values(*secrets)
    quoted = value.map(lambda raw: b"".join(b"%%%02x" % byte for byte in raw))
    name = st.sampled_from([b"api_key", b"api_key", b"api_key[]", b"API_KEY", b"api%5fkey", b"x", b""])
    pair = st.builds(
        lambda key, equals, value: key + equals + value,
        name,
        st.sampled_from([b"=", b"=", b"", b"&="]),
        st.one_of(value, quoted),
    )
    return st.one_of(pair, st.lists(pair, max_size=4).map(b"&".join), JUNK)
