"""The pattern of our secrets, in the words of the programs that look for secrets."""

from __future__ import annotations

import json

from sessionauth import crypto
from sessionauth.conf import settings
from sessionauth.credentials import scanning

#: The forms that `written()` knows.
FORMS = ("regex", "gitleaks", "github", "trufflehog")
#: What random base62 has at least: it keeps examples such as xxxx… out.
ENTROPY = 3


def written(form: str) -> str:
    """Return the pattern of today's brand and kinds in one of FORMS.

    "regex" is the bare expression; "gitleaks" a whole .gitleaks.toml, "github" what is asked by the form of a custom
    pattern and by the partner programme, "trufflehog" a configuration with a custom detector.
    """
    return {"regex": _regex, "gitleaks": _gitleaks, "github": _github, "trufflehog": _trufflehog}[form]()


def keywords() -> list[str]:
    """Return how secrets begin: what scanners look for before they try the expression."""
    return [f"{settings.KEY_BRAND}_{kind}_" for kind in scanning.kinds()]


def sample() -> str:
    """Return a secret of the right form that is nobody's, to try a scanner with."""
    body = "ThisIsNoSecretButHasAllOfTheirForm"[: crypto.BODY_LENGTH]
    return f"{settings.KEY_BRAND}_key_{body}{crypto.checksum(body)}"


def _regex() -> str:
    return rf"\b{scanning.expression()}\b"


def _gitleaks() -> str:
    brand = settings.KEY_BRAND
    return f"""\
title = "Keys and tokens that begin with {brand}_"

[extend]
useDefault = true

[[rules]]
id = "sessionauth-{brand}"
description = "A key or token of a sessionauth site"
regex = '''{_regex()}'''
keywords = {json.dumps(keywords())}
entropy = {ENTROPY}
"""


def _github() -> str:
    # Theirs is Hyperscan, which takes what stands around the secret apart from it.
    return f"""\
Pattern name:  sessionauth-{settings.KEY_BRAND}
Secret format: {scanning.expression()}
Before secret: \\A|[^0-9A-Za-z]
After secret:  \\z|[^0-9A-Za-z]
Test string:   {sample()}
"""


def _trufflehog() -> str:
    return f"""\
detectors:
  - name: sessionauth-{settings.KEY_BRAND}
    keywords: {json.dumps(keywords())}
    regex:
      secret: '\\b({scanning.expression()})\\b'
    entropy: {ENTROPY}
"""
