"""Accounts: create, sign in, change and reset a password, give a role.

What is secret and what is not: a username that is taken is told at once, as
names are seen by staff anyway. A mail address that is taken is told as well
when somebody registers, because the account is usable at once and no mail has
to be waited for; how often one network address may ask is limited by `web`.
Signing in and resetting a password never tell whether there is an account.
"""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from seatbook.domain import passwords
from seatbook.domain.mail import Letter, put_in_outbox
from seatbook.domain.names import clean_email, clean_username, one_spelling
from seatbook.domain.once import safe_to_repeat
from seatbook.domain.transaction import run_transaction, violated_constraint
from seatbook.errors import N_, InvalidInput, NameTaken, NotFound, ResetLinkSpent, SignInRefused
from seatbook.models import User
from seatbook.models.account import ROLES


@dataclass(frozen=True, slots=True)
class Account:
    """One user. A session is worth something only while its `sign_in_version` is this one.

    `language` is that of their letters, with its region ("de", "de_CH"); None: not known yet.
    """

    id: int
    username: str
    email: str
    role: str
    sign_in_version: int
    language: str | None


ACCOUNT_COLUMNS = (User.id, User.username, User.email, User.role, User.sign_in_version, User.language)


def create_account(username: str, *, email: str, password: str, role: str = "customer") -> Account:
    """Make an account. Raises InvalidInput for what is not fit, NameTaken for a name or address in use."""
    username, email = clean_username(username), clean_email(email)
    _check_role(role)
    passwords.check_password(password, username=username, email=email)
    values = {
        "username": username,
        "email": email,
        "password_hash": passwords.hash_password(password),
        "role": role,
        # A random start: a session of another database, or of the one before it was
        # set up anew, never fits the user who has the same id here.
        "sign_in_version": secrets.randbelow(2**30) + 1,
    }
    query = insert(User).values(values).returning(*ACCOUNT_COLUMNS)
    try:
        return run_transaction(lambda session: Account(*session.execute(query).one()))
    except IntegrityError as error:
        # Two people may ask for one name at the same moment: the schema decides.
        constraint = violated_constraint(error)
        if constraint not in ("uq_user_account_username", "uq_user_account_email"):
            raise
        # It names one fault only; where both are taken, the name is the one to tell.
        if constraint == "uq_user_account_username" or _find(_is_called(username)):
            raise NameTaken(field="username", value=username) from error
        raise NameTaken(field="email", value=email) from error


def sign_in(name: str, *, password: str) -> Account:
    """The account that `name` (a username or a mail address, in any case) and `password` belong to.

    Raises SignInRefused, the same and after the same work, whether the name or
    the password is wrong. No transaction is open while the password is checked.
    """
    found = _find(_is_called(name))
    kept = found.password_hash if found else None
    if not passwords.verify_password(kept, password=password) or found is None:
        raise SignInRefused()
    if passwords.needs_rehash(found.password_hash):
        # Unless it was changed meanwhile.
        unchanged = (User.id == found.account.id) & (User.password_hash == found.password_hash)
        _update(unchanged, password_hash=passwords.hash_password(password))
    return found.account


def change_password(user_id: int, *, current_password: str, new_password: str) -> Account:
    """Give the account a new password, and raise its `sign_in_version`: every other session ends.

    Raises SignInRefused when `current_password` is not the present one.
    """
    found = _find_or_refuse(User.id == user_id)
    if not passwords.verify_password(found.password_hash, password=current_password):
        raise SignInRefused()
    return _set_password(found.account, new_password=new_password)


def set_password(username: str, *, new_password: str) -> Account:
    """Give the account a new password without asking for the old one, and end its sessions. For the operator."""
    return _set_password(_find_or_refuse(_is_called(username)).account, new_password=new_password)


def set_role(username: str, *, role: str) -> Account:
    """Give the account another role. It counts from the account's next request."""
    _check_role(role)
    account = _find_or_refuse(_is_called(username)).account
    return _update(User.id == account.id, role=role) or _nobody()


def note_language(user_id: int, *, language: str) -> None:
    """From now on the account's letters are written in `language`."""
    _update(User.id == user_id, language=language)


def sign_out_everywhere(user_id: int) -> Account:
    """End every session of the account: `sign_in_version` goes up."""
    return _update(User.id == user_id, sign_in_version=User.sign_in_version + 1) or _nobody()


def request_password_reset(email: str, *, compose: Callable[[Account], Letter]) -> None:
    """Put the letter that `compose` writes into the outbox, when somebody has that address.

    Returns nothing in either case: whoever asks must not learn which it was.
    """
    try:
        address = clean_email(email)
    except InvalidInput:
        return

    def act(session: Session) -> None:
        row = session.execute(select(*ACCOUNT_COLUMNS).where(_has_email(address))).one_or_none()
        if row is not None:
            put_in_outbox(session, compose(Account(*row)))

    run_transaction(act)


def check_reset(user_id: int, *, sign_in_version: int) -> Account:
    """The account of a reset link, while the link is good. Raises ResetLinkSpent."""
    found = _find((User.id == user_id) & (User.sign_in_version == sign_in_version))
    if found is None:
        raise ResetLinkSpent()
    return found.account


def reset_password(user_id: int, *, sign_in_version: int, new_password: str) -> Account:
    """Give the account a new password by a reset link. It works once: the link names the version
    that this raises. Raises ResetLinkSpent."""
    account = check_reset(user_id, sign_in_version=sign_in_version)
    changed = _replace_password(
        account, new_password=new_password, condition=User.sign_in_version == sign_in_version
    )
    if changed is None:
        raise ResetLinkSpent()
    return changed


def _set_password(account: Account, *, new_password: str) -> Account:
    return _replace_password(account, new_password=new_password) or _nobody()


def _replace_password(
    account: Account, *, new_password: str, condition: ColumnElement[bool] | None = None
) -> Account | None:
    passwords.check_password(new_password, username=account.username, email=account.email)
    who = User.id == account.id
    return _update(
        who if condition is None else who & condition,
        password_hash=passwords.hash_password(new_password),
        sign_in_version=User.sign_in_version + 1,
    )


@dataclass(frozen=True, slots=True)
class _Found:
    account: Account
    password_hash: str


@safe_to_repeat
def _find(condition: ColumnElement[bool]) -> _Found | None:
    """What is looked up is nobody's effect, and a password's hash is kept in one place only."""
    query = select(*ACCOUNT_COLUMNS, User.password_hash).where(condition)
    row = run_transaction(lambda session: session.execute(query).one_or_none())
    return None if row is None else _Found(Account(*row[:-1]), row[-1])


def _find_or_refuse(condition: ColumnElement[bool]) -> _Found:
    found = _find(condition)
    return found if found is not None else _nobody()


def _update(condition: ColumnElement[bool], **values: Any) -> Account | None:
    query = update(User).where(condition).values(values).returning(*ACCOUNT_COLUMNS)
    query = query.execution_options(synchronize_session=False)
    row = run_transaction(lambda session: session.execute(query).one_or_none())
    return None if row is None else Account(*row)


def _is_called(name: str) -> ColumnElement[bool]:
    """Whether a user has this username or mail address, in any case.

    At most one has: a username holds no "@", and an address does.
    """
    spelled = " ".join(unicodedata.normalize("NFC", name).split()).replace("\0", "")
    if "@" in spelled:
        return _has_email(spelled)
    return func.lower(User.username) == func.lower(one_spelling(spelled))


def _has_email(address: str) -> ColumnElement[bool]:
    return func.lower(User.email) == func.lower(address)


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise InvalidInput(field="role", reason=N_("A role is one of %(roles)s."), roles=", ".join(ROLES))


def _nobody() -> NoReturn:
    raise NotFound(what="user")
