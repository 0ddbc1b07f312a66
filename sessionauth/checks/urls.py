"""What the checks ask of a project's URLs, without raising: Django's own checks tell of broken ones."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.shortcuts import resolve_url
from django.urls import NoReverseMatch, Resolver404, get_resolver, get_script_prefix, resolve
from django.utils import translation

from sessionauth.checks import reading


def namespaces(*, with_app_names: bool = True) -> set[str] | None:
    """Return the URL namespaces of the project, and the app names; None where its URLs cannot be read."""
    try:
        return set(_names_below(get_resolver(), with_app_names))
    except Exception:
        return None


def _names_below(resolver: Any, with_app_names: bool) -> Iterator[str]:
    for pattern in getattr(resolver, "url_patterns", ()):
        if namespace := getattr(pattern, "namespace", None):
            yield namespace
        if with_app_names and (app_name := getattr(pattern, "app_name", None)):
            yield app_name
        yield from _names_below(pattern, with_app_names)


def url_of(page: Any) -> str:
    """Return the URL that `page`, a URL or the name of a view, leads to; "" for none, `page` where nobody can tell."""
    try:
        return str(resolve_url(page)) if page else ""
    except NoReverseMatch:
        return ""
    except Exception:  # the URLs are broken, or `page` is something else
        return page if isinstance(page, str) else ""


def has_page(url: str) -> bool:
    """Say whether `url` leads to a view of this project; True where that cannot be told, as of another host."""
    try:
        parts = urlsplit(url)
        if parts.scheme or parts.netloc:
            return True
        path = "/" + parts.path.removeprefix(get_script_prefix()).lstrip("/")
        return any(_is_path(one) for one in _led_to(path))
    except Exception:
        return True


def _led_to(path: str) -> Iterator[str]:
    """Yield `path` and whatever Django would redirect it to: with a slash at its end, with a language before it."""
    paths = [path, f"{path}/"] if reading.flag("APPEND_SLASH") and not path.endswith("/") else [path]
    yield from paths
    if translation.get_language_from_path(path) is None:
        yield from (f"/{translation.get_language()}{one}" for one in paths)


def _is_path(path: str) -> bool:
    with translation.override(translation.get_language_from_path(path) or translation.get_language()):
        try:
            resolve(path)
        except Resolver404:
            return False
    return True


def may_be_others() -> bool:
    """Say whether requests may be served by other URLs than ROOT_URLCONF: by those that a middleware picks."""
    for path in reading.strings("MIDDLEWARE"):
        if path.startswith(("django.", "sessionauth.")):
            continue
        try:
            if "urlconf" in inspect.getsource(inspect.getmodule(reading.load(path).found)):  # type: ignore[arg-type]
                return True
        except (OSError, TypeError):  # nobody can read it
            return True
    return False


def has_name(name: str) -> bool:
    """Say whether `name` is that of a URL, whichever arguments it takes; True where that cannot be told."""
    *namespaces, own = name.split(":")
    try:
        resolver: Any = get_resolver()
        for namespace in namespaces:
            resolver = resolver.namespace_dict[namespace][1]
        return bool(resolver.reverse_dict.getlist(own))
    except KeyError:
        return False
    except Exception:
        return True
