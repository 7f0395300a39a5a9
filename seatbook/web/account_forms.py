"""The forms of the account pages. What is fit is decided by `domain`; a form only asks it and shows the answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import EmailField, Field, HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, StopValidation

from seatbook.domain.names import clean_email, clean_username
from seatbook.domain.passwords import check_password
from seatbook.errors import InvalidInput, NameTaken
from seatbook.web.errors import sentence_of

NEW_PASSWORD_HINT = _l("At least 10 characters. A few words in a row are easy to remember and hard to guess.")


def _needed(sentence: str) -> InputRequired:
    return InputRequired(message=sentence)


def _fit(check: Callable[[str], Any]) -> Callable[[FlaskForm, Field], None]:
    """Let the domain judge a field."""

    def validate(_form: FlaskForm, field: Field) -> None:
        try:
            check(field.data)
        except InvalidInput as error:
            raise StopValidation(sentence_of(error)) from error

    return validate


class AccountForm(FlaskForm):
    """A form that can show a refusal of the domain at the field which it is about."""

    def show(self, error: InvalidInput | NameTaken) -> None:
        """Put the refusal's sentence at its field; at the first one when no field has that name."""
        field = self._fields.get(error.data.get("field")) or next(iter(self))
        field.errors = [*field.errors, sentence_of(error)]


class SignInForm(AccountForm):
    name = StringField(
        _l("Username or mail address"),
        [_needed(_l("Please type your username or your mail address."))],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    password = PasswordField(
        _l("Password"),
        [_needed(_l("Please type your password."))],
        render_kw={"autocomplete": "current-password"},
    )
    next = HiddenField()


class RegisterForm(AccountForm):
    username = StringField(
        _l("Username"),
        [_needed(_l("Please choose a username.")), _fit(clean_username)],
        description=_l("Letters, digits and spaces, at least 3. Only the box office sees it."),
        render_kw={
            "autocomplete": "username",
            "autocapitalize": "none",
            "spellcheck": "false",
            "maxlength": 80,
        },
    )
    email = EmailField(
        _l("Mail address"),
        [_needed(_l("Please type your mail address.")), _fit(clean_email)],
        description=_l("For a new password when you forget yours, and for nothing else."),
        render_kw={"autocomplete": "email", "maxlength": 254},
    )
    password = PasswordField(
        _l("Password"),
        [_needed(_l("Please choose a password."))],
        description=NEW_PASSWORD_HINT,
        render_kw={"autocomplete": "new-password", "minlength": 10},
    )
    next = HiddenField()

    def validate_password(self, field: Field) -> None:
        _fit(lambda typed: check_password(typed, username=self.username.data, email=self.email.data))(
            self, field
        )


class ForgotPasswordForm(AccountForm):
    email = EmailField(
        _l("Mail address"),
        [_needed(_l("Please type the mail address of your account.")), _fit(clean_email)],
        render_kw={"autocomplete": "email", "maxlength": 254},
    )


class ResetPasswordForm(AccountForm):
    password = PasswordField(
        _l("New password"),
        [_needed(_l("Please choose a password."))],
        description=NEW_PASSWORD_HINT,
        render_kw={"autocomplete": "new-password", "minlength": 10},
    )


class ChangePasswordForm(AccountForm):
    current_password = PasswordField(
        _l("Present password"),
        [_needed(_l("Please type your present password."))],
        render_kw={"autocomplete": "current-password"},
    )
    password = PasswordField(
        _l("New password"),
        [_needed(_l("Please choose a password."))],
        description=NEW_PASSWORD_HINT,
        render_kw={"autocomplete": "new-password", "minlength": 10},
    )
