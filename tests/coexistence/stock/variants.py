"""Projects that are not quite stock: their own user models, names and databases."""

from __future__ import annotations

from typing import Any

ACCOUNTS = """
INSTALLED_APPS += ["accounts"]
AUTH_USER_MODEL = "accounts.Person"
"""

ADMIN = """
from django.contrib import admin
from accounts.models import Person

admin.site.register(Person)
"""

EMAIL_USER = """
import uuid
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models

class People(BaseUserManager):
    def create_superuser(self, email, password):
        person = self.model(email=self.normalize_email(email), is_staff=True, is_superuser=True)
        person.set_password(password)
        person.save(using=self._db)
        return person

class Person(AbstractBaseUser, PermissionsMixin):
    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4)
    email = models.EmailField(unique=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    objects = People()
    USERNAME_FIELD = EMAIL_FIELD = "email"
"""

STRING_KEY = """
from django.contrib.auth.models import AbstractUser
from django.db import models

class Person(AbstractUser):
    # A name as a key, with all that a string may hold.
    username = models.CharField(max_length=40, primary_key=True)
"""

INHERITED = """
from django.contrib.auth.models import AbstractUser
from django.db import models

class Human(AbstractUser):
    pass

class Person(Human):
    # Its key is a one-to-one field to the other table.
    number = models.IntegerField(default=0)
"""

SAME_NAMES = """
from django.conf import settings
from django.db import models

class Owned(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    class Meta:
        abstract = True

class APIKey(Owned):
    key = models.CharField(max_length=40)

class AccessToken(Owned):
    token = models.CharField(max_length=40)

class LoginSession(Owned):
    session = models.CharField(max_length=40)

class Impersonation(Owned):
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="impersonations")

class Device(models.Model):
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="login_sessions",
                                related_query_name="sessionauth")
"""

ROUTER = """
from django.conf import settings

class Router:
    def db_for_read(self, model, **hints):
        return "people" if model._meta.app_label in settings.WITH_PEOPLE else None

    db_for_write = db_for_read

    def allow_relation(self, one, other, **hints):
        return True

    def allow_migrate(self, db, app_label, **hints):
        return (db == "people") == (app_label in settings.WITH_PEOPLE)
"""

PROXY = """
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.db import models

class Customer(User):
    class Meta:
        proxy = True
"""

PROXY_BACKENDS = """
from django.contrib.auth.backends import ModelBackend
from accounts.models import Customer

class ProxyBackend(ModelBackend):
    def authenticate(self, request, username=None, password=None, **kwargs):
        user = Customer.objects.filter(username=username).first()
        return user if user is not None and user.check_password(password) else None

    def get_user(self, user_id):
        return Customer.objects.filter(pk=user_id).first()
"""

WHO_URL = """
from django.contrib import admin
from django.http import HttpResponse
from django.urls import path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("who/", lambda request: HttpResponse(request.user.get_username())),
]
"""


def accounts(models: str, **files: str) -> dict[str, str]:
    """Return the files of an app `accounts`."""
    named = {f"accounts/{name}.py": text for name, text in files.items()}
    return {"accounts/__init__.py": "", "accounts/models.py": models, "desk/urls.py": WHO_URL} | named


def users_elsewhere(*with_people: str) -> dict[str, Any]:
    """Return a project whose users are in the database `people`, together with the apps `with_people`."""
    apps = ["auth", "contenttypes", "admin", *with_people]
    more = f'DATABASE_ROUTERS = ["desk.router.Router"]\nWITH_PEOPLE = {apps!r}\n'
    return {"more": more, "files": {"desk/router.py": ROUTER, "desk/urls.py": WHO_URL}, "bases": 2}


VARIANTS: dict[str, dict[str, Any]] = {
    "e-mail and UUID": {"more": ACCOUNTS, "files": accounts(EMAIL_USER, admin=ADMIN)},
    "string key": {"more": ACCOUNTS, "files": accounts(STRING_KEY, admin=ADMIN)},
    "two tables": {"more": ACCOUNTS, "files": accounts(INHERITED, admin=ADMIN)},
    "our names": {"more": 'INSTALLED_APPS += ["accounts"]\n', "files": accounts(SAME_NAMES)},
    "proxy user": {
        "more": 'INSTALLED_APPS += ["accounts"]\nAUTHENTICATION_BACKENDS = ["accounts.backends.ProxyBackend"]\n',
        "files": accounts(PROXY, backends=PROXY_BACKENDS),
    },
    "users in another database": users_elsewhere(),
    "users in another database, and we with them": users_elsewhere("sessionauth"),
}
