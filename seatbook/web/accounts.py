"""The account pages: register, sign in and out, change a password, get a new one by mail."""

from __future__ import annotations

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _
from flask_login import current_user, login_required
from werkzeug.wrappers import Response as BaseResponse

from seatbook.domain import accounts
from seatbook.domain.accounts import Account
from seatbook.domain.mail import Letter
from seatbook.errors import InvalidInput, NameTaken, ResetLinkSpent, SeatbookError, SignInRefused
from seatbook.web import limits
from seatbook.web.account_forms import (
    AccountForm,
    ChangePasswordForm,
    ForgotPasswordForm,
    RegisterForm,
    ResetPasswordForm,
    SignInForm,
)
from seatbook.web.errors import sentence_of, status_of
from seatbook.web.reset_link import GOOD_FOR_SECONDS, read_reset_token, reset_link_of
from seatbook.web.sessions import FRONT_PAGE, begin_session, end_session, safe_next
from seatbook.web.texts import speaking, spoken_locale

blueprint = Blueprint("accounts", __name__)

# A page with a form that was filled in wrongly.
CHECK_AGAIN = 422


@blueprint.after_request
def keep_nowhere(response: Response) -> Response:
    """These pages are about one person: no cache keeps them."""
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.route("/register", methods=["GET", "POST"])
@limits.registration
def register() -> BaseResponse:
    target = safe_next(request.values.get("next"))
    if current_user.is_authenticated:
        return redirect(target, 303)
    form = RegisterForm(data={"next": target} if request.method == "GET" else None)
    if request.method == "GET":
        return _page("account/register.html", form)
    if not form.validate():
        return _page("account/register.html", form, status=CHECK_AGAIN)
    try:
        account = accounts.create_account(
            form.username.data, email=form.email.data, password=form.password.data
        )
    except (InvalidInput, NameTaken) as error:
        form.show(error)
        return _page("account/register.html", form, status=status_of(error))
    begin_session(account)
    flash(_("Welcome, %(name)s. Your account is ready.", name=account.username))
    return redirect(target, 303)


@blueprint.route("/sign-in", methods=["GET", "POST"])
@limits.sign_in_of_address
@limits.wrong_sign_in_of_name_and_address
@limits.wrong_sign_in_of_name
def sign_in() -> BaseResponse:
    target = safe_next(request.values.get("next"))
    if current_user.is_authenticated:
        return redirect(target, 303)
    form = SignInForm(data={"next": target} if request.method == "GET" else None)
    if request.method == "GET":
        return _page("account/sign_in.html", form)
    if not form.validate():
        return _page("account/sign_in.html", form, status=CHECK_AGAIN)
    try:
        account = accounts.sign_in(form.name.data, password=form.password.data)
    except SignInRefused as error:
        return _page("account/sign_in.html", form, status=status_of(error), refusal=error)
    begin_session(account)
    flash(_("You are signed in as %(name)s.", name=account.username))
    return redirect(target, 303)


@blueprint.post("/sign-out")
def sign_out() -> BaseResponse:
    end_session()
    flash(_("You are signed out."))
    return redirect(FRONT_PAGE, 303)


@blueprint.route("/account", methods=["GET", "POST"])
@login_required
@limits.password_change
def account() -> BaseResponse:
    form = ChangePasswordForm()
    if request.method == "GET":
        return _page("account/account.html", form)
    status, refusal = CHECK_AGAIN, None
    if form.validate():
        try:
            changed = accounts.change_password(
                current_user.id, current_password=form.current_password.data, new_password=form.password.data
            )
        except SignInRefused as error:
            status = status_of(error)
            form.current_password.errors = [_("That is not your present password.")]
        except InvalidInput as error:
            status = status_of(error)
            form.show(error)
        else:
            begin_session(changed)
            flash(_("Your password is changed. Every other browser and device is signed out."))
            return redirect(request.path, 303)
    return _page("account/account.html", form, status=status, refusal=refusal)


@blueprint.post("/account/sign-out-everywhere")
@login_required
def sign_out_everywhere() -> BaseResponse:
    accounts.sign_out_everywhere(current_user.id)
    end_session()
    flash(_("You are signed out, here and on every other browser and device."))
    return redirect(FRONT_PAGE, 303)


@blueprint.route("/forgot-password", methods=["GET", "POST"])
@limits.reset_of_address
@limits.reset_of_mailbox
def forgot_password() -> BaseResponse:
    form = ForgotPasswordForm()
    if request.method == "GET":
        return _page("account/forgot_password.html", form)
    if not form.validate():
        return _page("account/forgot_password.html", form, status=CHECK_AGAIN)
    accounts.request_password_reset(form.email.data, compose=_write_reset_letter)
    # The same page whether or not there is such an account.
    return _page("account/reset_sent.html", form, minutes=GOOD_FOR_SECONDS // 60)


@blueprint.route("/reset-password/<token>", methods=["GET", "POST"])
@limits.reset_of_address
def reset_password(token: str) -> BaseResponse:
    form = ResetPasswordForm()
    try:
        user_id, version = read_reset_token(token)
        owner = accounts.check_reset(user_id, sign_in_version=version)
        if request.method == "GET":
            return _page("account/reset_password.html", form, owner=owner)
        if not form.validate():
            return _page("account/reset_password.html", form, status=CHECK_AGAIN, owner=owner)
        changed = accounts.reset_password(user_id, sign_in_version=version, new_password=form.password.data)
    except ResetLinkSpent as error:
        return _page("account/reset_spent.html", form, status=status_of(error), refusal=error)
    except InvalidInput as error:
        form.show(error)
        return _page("account/reset_password.html", form, status=status_of(error), owner=owner)
    begin_session(changed)
    flash(_("Your new password is set, and you are signed in. Every other browser and device is signed out."))
    return redirect(FRONT_PAGE, 303)


def _page(
    template: str,
    form: AccountForm,
    *,
    status: int = 200,
    refusal: SeatbookError | None = None,
    **values: object,
) -> BaseResponse:
    """A page with its form. `refusal` is what stands over the form, when it is about no single field."""
    sentence = sentence_of(refusal) if refusal else None
    return make_response(render_template(template, form=form, refusal=sentence, **values), status)


def _write_reset_letter(owner: Account) -> Letter:
    """In the language of the owner, who may be somebody else than whoever asked."""
    with speaking(owner.language or spoken_locale()):
        body = render_template(
            "mail/reset_password.txt",
            username=owner.username,
            link=reset_link_of(owner),
            minutes=GOOD_FOR_SECONDS // 60,
        )
        return Letter(owner.email, subject=_("A new password for seatbook"), body_text=body)
