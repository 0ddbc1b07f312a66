"""What a User-Agent says of browser and system, by family: versions change with every update and tell nobody apart."""

from __future__ import annotations

import re
from functools import lru_cache

from django.utils.translation import gettext

#: In this order: nearly every browser also claims to be those further down.
BROWSERS = (
    (re.compile(r"\bEdg(?:e|A|iOS)?/"), "Edge"),
    (re.compile(r"\b(?:OPR|OPX|OPT|Opera)\b"), "Opera"),
    (re.compile(r"\bSamsungBrowser/"), "Samsung Internet"),
    (re.compile(r"\bVivaldi/"), "Vivaldi"),
    (re.compile(r"\bYaBrowser/"), "Yandex Browser"),
    (re.compile(r"\b(?:DuckDuckGo|Ddg)/"), "DuckDuckGo"),
    (re.compile(r"\b(?:Firefox|FxiOS)/"), "Firefox"),
    (re.compile(r"\b(?:Chrome|Chromium|HeadlessChrome|CriOS)/"), "Chrome"),
    (re.compile(r"\bSafari/"), "Safari"),
    (re.compile(r"\b(?:MSIE |Trident/)"), "Internet Explorer"),
)
SYSTEMS = (
    (re.compile(r"\bWindows\b"), "Windows"),
    (re.compile(r"\b(?:iPhone|iPod)\b"), "iOS"),
    (re.compile(r"\biPad\b"), "iPadOS"),
    (re.compile(r"\bAndroid\b"), "Android"),
    (re.compile(r"\bCrOS\b"), "ChromeOS"),
    (re.compile(r"\b(?:Macintosh|Mac OS X|Darwin)\b"), "macOS"),
    (re.compile(r"\b(?:Linux|X11)\b"), "Linux"),
)
#: A robot names itself so, whatever browser it claims to be besides.
ROBOT = re.compile(r"\b([A-Za-z-]{0,30}[Bb]ot)\b")
PRODUCT = re.compile(r"[A-Za-z][\w.+ -]{0,29}?(?=/|$)")


@lru_cache(maxsize=256)
def browser(user_agent: str) -> str:
    """Return the family of the browser, or the name of another program that says one; empty if there is none."""
    if robot := ROBOT.search(user_agent):
        return robot[1]
    if known := _first(BROWSERS, user_agent):
        return known
    product = PRODUCT.match(user_agent)
    return product[0] if product and product[0] != "Mozilla" else ""


@lru_cache(maxsize=256)
def system(user_agent: str) -> str:
    """Return the family of the system; empty if it is none that is known."""
    return _first(SYSTEMS, user_agent)


def words(user_agent: str) -> str:
    """Return browser and system for people to read, such as "Firefox on Linux"."""
    names = {"browser": browser(user_agent), "system": system(user_agent)}
    if names["browser"] and names["system"]:
        return gettext("%(browser)s on %(system)s") % names
    return names["browser"] or names["system"] or gettext("Unknown browser")


def _first(families: tuple[tuple[re.Pattern[str], str], ...], user_agent: str) -> str:
    return next((name for pattern, name in families if pattern.search(user_agent)), "")
