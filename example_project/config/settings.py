"""Settings of the Invoice Desk, written to be read: each line that concerns `sessionauth` says what it does.

Environment variables, all optional:

EXAMPLE_VAR_DIR         where the database and the made SECRET_KEY are kept (default: `var/` beside `manage.py`)
EXAMPLE_SECRET_KEY      the SECRET_KEY (default: made at the first start and kept in EXAMPLE_VAR_DIR)
EXAMPLE_DEBUG           "0" switches DEBUG off
EXAMPLE_ALLOWED_HOSTS   further host names, separated by commas (default: this machine only)
EXAMPLE_HTTPS           "1" for a real host name behind a TLS proxy: HTTPS only, with Secure cookies
"""

from __future__ import annotations

import os
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import django

from config.secret_key import secret_key

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("EXAMPLE_VAR_DIR") or BASE_DIR / "var").absolute()

SECRET_KEY = secret_key(VAR_DIR)
DEBUG = os.environ.get("EXAMPLE_DEBUG", "1") != "0"
SHOW_PASSWORDS = DEBUG  # on the sign-in page, those of the demo
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS += [name for name in os.environ.get("EXAMPLE_ALLOWED_HOSTS", "").split(",") if name]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    # The first of the two lines that switch sessionauth on: its records, checks and signals.
    "sessionauth",
    "accounts",
    "invoices",
    "demo",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "config.content_security.content_security_policy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    # The second line, in the place of Django's own AuthenticationMiddleware, of which it is a subclass.
    "sessionauth.middleware.AuthenticationMiddleware",
    # Whoever holds the permission `sessionauth.impersonate` may act as a customer; right after the line above.
    "sessionauth.impersonation.middleware.ImpersonationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

# Everything below is a choice of this site: the two lines above and `migrate` are enough.

AUTH_USER_MODEL = "accounts.User"

AUTHENTICATION_BACKENDS = [
    # First: it finds the account and checks the password at the same cost for known and unknown names.
    "sessionauth.backends.SessionAuthBackend",
    # Stays: it answers for permissions, and taking the line above out again signs nobody out.
    "django.contrib.auth.backends.ModelBackend",
    # Our own: a one-time link by mail. It stands behind the first line, so the guards ask about it as well.
    "accounts.backends.LinkBackend",
]

# Who may try how often. Without this setting it is 10 a minute for an address and 5 in five minutes for an account;
# here the lines that the demo prints try wrong passwords, too. The last two are as they would be without it.
SESSIONAUTH_LOGIN_GUARDS = [
    {
        "NAME": "sessionauth.guards.rate_limit.RateLimitGuard",
        "OPTIONS": {"by": "address", "rates": ["60/m", "600/h"]},
    },
    {"NAME": "sessionauth.guards.rate_limit.RateLimitGuard", "OPTIONS": {"by": "account", "rates": ["10/5m", "60/h"]}},
    "sessionauth.guards.lockout.LockoutGuard",
    "sessionauth.guards.active.ActiveUserGuard",
]

# How a request may say who it is, asked in this order; the first that finds a credential of its own decides.
SESSIONAUTH_AUTHENTICATORS = [
    # Authorization: Bearer sa_pat_…
    "sessionauth.authenticators.token.BearerAuthenticator",
    # Authorization: Token sa_pat_…, as older clients of many sites send it
    {"NAME": "sessionauth.authenticators.token.TokenAuthenticator", "OPTIONS": {"keyword": "Token"}},
    # X-Api-Key: sa_key_…
    "sessionauth.authenticators.api_key.APIKeyAuthenticator",
    # Our own: a partner's system signs its requests. The function is invoices/partner.py.
    {
        "NAME": "sessionauth.authenticators.callback.CallbackAuthenticator",
        "OPTIONS": {
            "name": "partner",
            "callback": "invoices.partner.authenticate",
            # No browser sends these headers unasked, so this is no carrier that another site could abuse.
            "ambient": False,
            "vary": ["X-Partner", "X-Partner-Timestamp", "X-Partner-Signature"],
        },
    },
    # The session cookie of a browser.
    "sessionauth.authenticators.session.SessionAuthenticator",
    # A browser that its owner asked to remember, once the session is gone: known, but not fresh.
    "sessionauth.authenticators.remember.RememberAuthenticator",
    # Authorization: Basic …, for scripts that only know a name and a password
    "sessionauth.authenticators.basic.BasicAuthenticator",
]
# What the challenge of a 401 calls this site.
SESSIONAUTH_REALM = "Invoice Desk"

# What a credential can be cut down to: a name, a description for people, and the permissions a person needs for it.
SESSIONAUTH_SCOPES = {
    "invoices:read": ("Read invoices", ["invoices.view_invoice"]),
    "invoices:write": ("Create invoices", ["invoices.add_invoice"]),
}

# Everything under /reports/ asks for a login although its views say nothing of it; /reports/help/ does not.
SESSIONAUTH_PROTECT = ("/reports/",)
SESSIONAUTH_EXEMPT = ("/reports/help/",)
SESSIONAUTH_ON_FAILURE = "redirect"

# Staff sign in at a door of their own: the URL namespace "staff" has its own login page.
LOGIN_URL = "sessionauth:login"
SESSIONAUTH_LOGIN_URLS = {"staff": "accounts:staff_sign_in"}
SESSIONAUTH_LOGIN_MESSAGE = "Please sign in to see this page."
LOGIN_REDIRECT_URL = "accounts:who_am_i"
LOGOUT_REDIRECT_URL = "home"

# A login counts as fresh for ten minutes; the page "Who am I" shows it turning stale.
SESSIONAUTH_FRESH_AGE = timedelta(minutes=10)

# Support acts as a customer only with a reason of these, and only to look: who may do more holds a permission for it.
SESSIONAUTH_IMPERSONATION_REASON_CHOICES = ["A call", "A mail", "A mistake of ours"]
SESSIONAUTH_IMPERSONATION_REFERENCE_PATTERN = r"[A-Z]+-\d+"
# Where one goes first: what the customer sees after signing in.
SESSIONAUTH_IMPERSONATION_START_URL = "invoices:list"

# Which partners may sign requests, and with which secret; in earnest this comes from a secret store.
PARTNER_SECRETS = {"northwind": sha256(b"northwind" + SECRET_KEY.encode()).hexdigest()}
# Five minutes are enough for clocks that differ. The demo prints signed lines that should work all day.
PARTNER_CLOCK_SKEW = timedelta(hours=24) if DEBUG else timedelta(minutes=5)

PASSWORD_HASHERS = [
    # The first is used for new passwords; the second still verifies older ones.
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# Mails go into files; the page "Mails of the demo" shows them.
MAIL_DIR = VAR_DIR / "mails"
if django.VERSION >= (6, 1):
    MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "OPTIONS": {"file_path": MAIL_DIR},
        }
    }
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = MAIL_DIR
DEFAULT_FROM_EMAIL = "desk@desk.example"

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": VAR_DIR / "desk.sqlite3",
        "OPTIONS": {
            # Readers do not wait for the writer, and a second writer waits instead of failing.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                # `auth` and `current_user` in every template; lazy, so a page that uses neither looks at nobody.
                "sessionauth.context_processors.request_auth",
            ],
        },
    }
]
# Refusals are everyday business here: only errors go to the console, whatever DEBUG says.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler", "level": "ERROR"}},
    "loggers": {"django": {"handlers": ["console"]}, "sessionauth": {"handlers": ["console"]}},
}

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True

HTTPS = os.environ.get("EXAMPLE_HTTPS") == "1"
SESSION_COOKIE_NAME = "invoice_desk_session"  # other sites on localhost keep their own cookies
SESSION_EXPIRE_AT_BROWSER_CLOSE = True  # whoever wants to be known for longer ticks the box
CSRF_COOKIE_NAME = "invoice_desk_csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 3600 if HTTPS else 0
# Only a proxy that sets this header itself, whatever the client sent, may stand in front.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "config.errors.csrf_failure"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
