"""The forms by themselves, as a project may put them into views of its own."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model, user_login_failed

from sessionauth.forms import ConfirmLoginForm, EndSessionsForm, LoginForm, PasswordResetForm, name_label
from tests.guards.entries import rate

pytestmark = pytest.mark.django_db


def test_login_form__checks_without_a_request(make_user, password):
    alice = make_user("alice")
    form = LoginForm(data={"username": "alice", "password": password})
    assert form.is_valid()
    assert form.get_user() == alice
    assert form.cleaned_data["remember"] is False


@pytest.mark.parametrize("data", [{}, {"username": "alice"}, {"password": "x"}, {"username": "", "password": ""}])
def test_login_form__without_both_asks_nobody(data, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert not LoginForm(data=data).is_valid()


def test_login_form__an_inactive_user_looks_like_a_wrong_password(make_user, password, settings):
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.AllowAllUsersModelBackend"]
    make_user("alice", is_active=False)
    texts = []
    for given in (password, "wrong"):
        form = LoginForm(data={"username": "alice", "password": given})
        assert not form.is_valid()
        texts.append(str(form.errors))
    assert texts[0] == texts[1]


def test_login_form__an_inactive_user_is_counted_like_a_wrong_password(make_user, password, settings, guarded):
    """Or a right guess would be known by never being refused."""
    settings.AUTHENTICATION_BACKENDS = [
        "sessionauth.backends.SessionAuthBackend",
        "django.contrib.auth.backends.AllowAllUsersModelBackend",
    ]
    guarded(rate("account", "2/d"))
    make_user("alice", is_active=False)
    denials = []
    for _ in range(3):
        form = LoginForm(data={"username": "alice", "password": password})
        assert not form.is_valid()
        denials.append(form.denied.code)
    assert denials == ["inactive", "inactive", "too_many_attempts"]


def test_login_form__tells_of_a_failure_without_the_password(rf, make_user):
    told = []

    def note(**kwargs):
        told.append(kwargs["credentials"])

    user_login_failed.connect(note)
    try:
        LoginForm(rf.post("/"), data={"username": "alice", "password": "my-secret"}).is_valid()
    finally:
        user_login_failed.disconnect(note)
    assert len(told) == 1
    assert told[0]["username"] == "alice"
    assert "my-secret" not in str(told)


def test_name_label__names_what_one_may_sign_in_with(settings):
    assert name_label() == "Username"
    settings.SESSIONAUTH_LOGIN_FIELDS = ["username", "email"]
    assert name_label() == "Username or email address"
    assert LoginForm().fields["username"].widget.attrs["maxlength"] == 254


def test_forms__keep_no_password_in_the_page(rf):
    for form in (
        LoginForm(data={"username": "alice", "password": "my-secret"}),
        ConfirmLoginForm(rf.get("/"), initial={"password": "my-secret"}),
    ):
        assert "my-secret" not in str(form)


def test_end_sessions_form__asks_for_the_password_only_where_it_is_needed(rf):
    assert list(EndSessionsForm(rf.get("/"), needs_password=True).fields) == ["password"]
    assert EndSessionsForm(rf.get("/"), {}, needs_password=False).is_valid()


def test_password_reset_form__calls_the_address_as_the_user_model_does(monkeypatch):
    model = get_user_model()
    monkeypatch.setattr(model._meta.get_field(model.get_email_field_name()), "verbose_name", "mail box")
    assert PasswordResetForm().fields["email"].label == "Mail box"
    monkeypatch.setattr(model, "EMAIL_FIELD", "nowhere")
    assert PasswordResetForm().fields["email"].label == "Email"
