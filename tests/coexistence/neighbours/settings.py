"""A project with the usual libraries side by side and Django's own AuthenticationMiddleware: how it was before us."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.coexistence import databases

SECRET_KEY = "only-for-tests-only-for-tests-only-for-tests-only-for-tests"
ALLOWED_HOSTS = ["testserver"]
ROOT_URLCONF = "tests.coexistence.neighbours.urls"
DATABASES = {"default": databases.of_environment()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
STATIC_URL = "static/"
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/page/"
PASSWORD_HASHERS = ["tests.project.hashers.FastPBKDF2PasswordHasher"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "rest_framework.authtoken",
    "rest_framework_simplejwt.token_blacklist",
    "knox",
    "allauth",
    "allauth.account",
    "allauth.headless",
    "allauth.usersessions",
    "oauth2_provider",
    "ninja",
]

DJANGOS = "django.contrib.auth.middleware.AuthenticationMiddleware"

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    DJANGOS,
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
]

AUTHENTICATION_BACKENDS = [
    "oauth2_provider.backends.OAuth2Backend",
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

REST_FRAMEWORK = {"TEST_REQUEST_DEFAULT_FORMAT": "json"}
REST_KNOX = {"TOKEN_TTL": timedelta(hours=10), "AUTO_REFRESH": True}
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(days=1),
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
    "UPDATE_LAST_LOGIN": True,
}
OAUTH2_PROVIDER = {"SCOPES": {"read": "Read", "write": "Write"}, "PKCE_REQUIRED": False}

ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = False
USERSESSIONS_TRACK_ACTIVITY = True
HEADLESS_CLIENTS = ("app", "browser")

LOGGING = {"version": 1, "disable_existing_loggers": False, "loggers": {"django": {"level": "CRITICAL"}}}
