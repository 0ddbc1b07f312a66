"""Browser and system by family, from the User-Agents that are out there."""

from __future__ import annotations

import pytest

from sessionauth.sessions import browsers

pytestmark = pytest.mark.once

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
WINDOWS = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/126.0.0.0 Safari/537.36"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
ANDROID = f"Mozilla/5.0 (Linux; Android 14; K) {WEBKIT}"


@pytest.mark.parametrize(
    ("agent", "browser", "system"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", "Firefox", "Linux"),
        ("Mozilla/5.0 (Android 14; Mobile; rv:127.0) Gecko/127.0 Firefox/127.0", "Firefox", "Android"),
        (f"{IPHONE} FxiOS/127.0 Mobile/15E148 Safari/605.1.15", "Firefox", "iOS"),
        (WINDOWS, "Chrome", "Windows"),
        (f"{WINDOWS} Edg/126.0.0.0", "Edge", "Windows"),
        (f"{WINDOWS} OPR/111.0.0.0", "Opera", "Windows"),
        (f"{WINDOWS} Vivaldi/6.7", "Vivaldi", "Windows"),
        (f"{WINDOWS} YaBrowser/24.4", "Yandex Browser", "Windows"),
        (f"{ANDROID} Chrome/126.0.0.0 Mobile Safari/537.36", "Chrome", "Android"),
        (f"{ANDROID} SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36", "Samsung Internet", "Android"),
        (f"{ANDROID} Chrome/126.0.0.0 Mobile Safari/537.36 EdgA/126.0", "Edge", "Android"),
        (f"{IPHONE} CriOS/126.0 Mobile/15E148 Safari/604.1", "Chrome", "iOS"),
        (f"{IPHONE} Version/17.5 Mobile/15E148 Safari/604.1", "Safari", "iOS"),
        ("Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) Version/17.5 Safari/604.1", "Safari", "iPadOS"),
        (f"{MAC} Version/17.5 Safari/605.1.15", "Safari", "macOS"),
        (f"{MAC} Version/17.5 Safari/605.1.15 Ddg/17.5", "DuckDuckGo", "macOS"),
        (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {WEBKIT} Chrome/126.0 Safari/537.36", "Chrome", "ChromeOS"),
        (f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} HeadlessChrome/126.0 Safari/537.36", "Chrome", "Linux"),
        ("Mozilla/5.0 (Windows NT 10.0; Trident/7.0; rv:11.0) like Gecko", "Internet Explorer", "Windows"),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "Googlebot", ""),
        (f"{WINDOWS[:-14]} (compatible; bingbot/2.0)", "bingbot", "Windows"),
        ("curl/8.5.0", "curl", ""),
        ("Wget/1.21.4", "Wget", ""),
        ("python-requests/2.32.3", "python-requests", ""),
        ("okhttp/4.12.0", "okhttp", ""),
        ("Our App/2.1 (iPhone; iOS 17.5)", "Our App", "iOS"),
        ("Mozilla/5.0", "", ""),
        ("", "", ""),
        ("(((((", "", ""),
        ("x" * 300, "", ""),
    ],
)
def test_families(agent, browser, system):
    assert (browsers.browser(agent), browsers.system(agent)) == (browser, system)


@pytest.mark.parametrize(("old", "new"), [("Chrome/126.0.0.0", "Chrome/127.0.1.2"), ("NT 10.0", "NT 11.0")])
def test_families__outlive_an_update(old, new):
    assert browsers.browser(WINDOWS.replace(old, new)) == browsers.browser(WINDOWS)
    assert browsers.system(WINDOWS.replace(old, new)) == browsers.system(WINDOWS)


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (WINDOWS, "Chrome on Windows"),
        ("curl/8.5.0", "curl"),
        ("Mozilla/5.0 (X11)", "Linux"),
        ("", "Unknown browser"),
        ("<script>alert(1)</script>/1", "Unknown browser"),
    ],
)
def test_words__are_for_people(agent, words):
    assert browsers.words(agent) == words
