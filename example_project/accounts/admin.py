"""The stock admin for users who sign in by e-mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as StockUserAdmin

from accounts.models import User

if TYPE_CHECKING:
    Base = StockUserAdmin[User]
else:
    Base = StockUserAdmin


class UserAdmin(Base):
    """Show what this user model has, in the place of `username` and its companions."""

    ordering = ("name",)
    list_display = ("email", "name", "is_staff", "is_active")
    search_fields = ("email", "name")
    readonly_fields = ("date_joined", "last_login")
    fieldsets = (
        (None, {"fields": ("email", "name", "password")}),
        ("May", {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        ("When", {"fields": ("date_joined", "last_login")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("email", "name", "usable_password", "password1", "password2")}),
    )


admin.site.register(User, UserAdmin)
