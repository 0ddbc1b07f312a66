"""The default test project: stock `auth.User`, the two lines of the README, our backend before Django's.

Other projects stand beside it as `settings_<name>.py`, start with `from tests.project.settings import *` and change
what they are about.
"""

from __future__ import annotations

from tests.project import environment

SECRET_KEY = "only-for-tests-only-for-tests-only-for-tests-only-for-tests"
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
ROOT_URLCONF = "tests.project.urls"
DATABASES = environment.databases()
CACHES = environment.caches()
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
STATIC_URL = "static/"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/whoami/"
PASSWORD_HASHERS = [
    "tests.project.hashers.FastPBKDF2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.Argon2PasswordHasher",
]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "sessionauth",
    "tests.project",
    "tests.project.organisations",
]

# What Django 6.1 asks for; before, nobody reads it.
MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "sessionauth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

# Nothing here calls login(request, user) with a user whom no backend has seen.
SILENCED_SYSTEM_CHECKS = ["sessionauth.W073"]

AUTHENTICATION_BACKENDS = [
    "sessionauth.backends.SessionAuthBackend",
    "django.contrib.auth.backends.ModelBackend",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "sessionauth.context_processors.request_auth",
            ],
        },
    },
]

# The suite signs in by the hundred from one address. Tests of the guards, and of every way in that they stand on,
# switch them on (the fixture `guarded`).
SESSIONAUTH_GUARDS_ENABLED = False
