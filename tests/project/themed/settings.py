"""Settings: the theme before the admin, as it wants; our app last."""

from __future__ import annotations

import warnings

from tests.project import settings as plain
from tests.project.settings import *  # noqa: F403

# The theme's own, which Django 6.1 would have otherwise; ours overrides another.
warnings.filterwarnings("ignore", message=r"Overriding get_action_choices\(\)")

ROOT_URLCONF = "tests.impersonation.site"
INSTALLED_APPS = ["unfold", *(app for app in plain.INSTALLED_APPS if app != "sessionauth")]
INSTALLED_APPS += ["tests.project.themed", "sessionauth"]
MIDDLEWARE = [*plain.MIDDLEWARE]
MIDDLEWARE.insert(
    MIDDLEWARE.index("sessionauth.middleware.AuthenticationMiddleware") + 1,
    "sessionauth.impersonation.middleware.ImpersonationMiddleware",
)
