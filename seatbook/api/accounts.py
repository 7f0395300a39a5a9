"""Accounts and their tokens: register, sign in, and see or revoke what may act in one's name."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from seatbook.api import limits
from seatbook.api.credentials import BOOK, READ, STAFF, user_id
from seatbook.api.routes import Routes
from seatbook.api.shapes import Answer, Body, Id, Instant, OneOf, Part, Seconds, Text
from seatbook.domain import accounts, once, tokens
from seatbook.domain.accounts import Account
from seatbook.domain.names import MIN_USERNAME_LENGTH
from seatbook.domain.passwords import MAX_LENGTH, MIN_LENGTH
from seatbook.domain.tokens import LOGIN_TOKEN_LIFETIME, MadeToken
from seatbook.errors import CredentialsNeeded, InvalidInput, NameTaken, NotFound, SignInRefused
from seatbook.models.token import TOKEN_ORIGINS, TOKEN_SCOPES
from seatbook.queries.accounts import account_by_id
from seatbook.queries.tokens import tokens_of

routes = Routes("Accounts and tokens")

Scope = Annotated[str, OneOf(*TOKEN_SCOPES)]


class Registration(Body):
    """A name in letters of one alphabet; a password that neither the name nor a list of common ones tells."""

    username: Annotated[Text, Field(min_length=MIN_USERNAME_LENGTH, max_length=200, examples=["ada"])]
    email: Annotated[
        Text,
        Field(
            min_length=3, max_length=320, examples=["ada@example.org"], json_schema_extra={"format": "email"}
        ),
    ]
    password: Annotated[
        Text, Field(min_length=MIN_LENGTH, max_length=MAX_LENGTH, examples=["velvet tram piano"])
    ]


class SignIn(Body):
    """`username` may be the mail address. `scopes`: what the token shall be good for; read and book unless told.
    staff is refused to whoever is none."""

    username: Annotated[Text, Field(min_length=1, max_length=320, examples=["ada"])]
    password: Annotated[Text, Field(min_length=1, max_length=1_000, examples=["velvet tram piano"])]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=3, default_factory=lambda: [READ, BOOK])]


class User(Part):
    id: Id
    username: str
    email: str
    role: str


class WithToken(Answer):
    """`token` is shown here and never again: send it as `Authorization: Bearer TOKEN`."""

    message: str
    user: User
    token: str
    scopes: list[Scope]
    expires_at: Instant | None
    expires_in_seconds: Seconds | None


class Token(Part):
    id: Id
    name: str
    origin: Annotated[str, OneOf(*TOKEN_ORIGINS)]
    scopes: list[Scope]
    created_at: Instant
    expires_at: Instant | None
    expires_in_seconds: Seconds | None
    last_used_at: Annotated[Instant | None, Field(description="To the minute.")]


class TokenList(Answer):
    tokens: list[Token]


class OneUser(Answer):
    user: User


class Done(Answer):
    message: str


@routes.post(
    "/seats/register/",
    WithToken,
    status=201,
    refuses=(InvalidInput, NameTaken),
    limits=limits.REGISTRATION,
)
def register(body: Registration) -> WithToken:
    """Make an account, and a token for it."""
    account = accounts.create_account(body.username, email=body.email, password=body.password)
    return _with_token(account, scopes=[READ, BOOK], message=f"Welcome, {account.username}.")


@routes.post("/seats/login/", WithToken, refuses=(SignInRefused, InvalidInput), limits=limits.SIGN_IN)
def login(body: SignIn) -> WithToken:
    """Get a token by name and password.

    It is good for 30 days, and until the password is changed.
    """
    # It has no effect but the token itself, and what it reads on the way shall be kept under no key.
    with once.aside():
        account = accounts.sign_in(body.username, password=body.password)
    if STAFF in body.scopes and account.role == "customer":
        raise InvalidInput(
            field="scopes", reason="The scope staff is for accounts of staff, and this is none. Leave it out."
        )
    return _with_token(account, scopes=body.scopes, message=f"Signed in as {account.username}.")


@routes.get("/account/", OneUser, scope=READ)
def get_account() -> OneUser:
    """Whose token this is."""
    account = account_by_id(user_id())
    if account is None:
        raise CredentialsNeeded()
    return OneUser(user=_user(account))


@routes.get("/account/tokens/", TokenList, scope=READ)
def list_tokens() -> TokenList:
    """The tokens of your account that work, the newest first."""
    return TokenList(
        tokens=[
            Token(
                id=line.id,
                name=line.name,
                origin=line.origin,
                scopes=list(line.scopes),
                created_at=line.created_at,
                expires_at=line.expires_at,
                expires_in_seconds=line.seconds_left,
                last_used_at=line.last_used_at,
            )
            for line in tokens_of(user_id())
        ]
    )


@routes.post("/account/tokens/<int:token_id>/revoke/", Done, scope=BOOK, refuses=(NotFound,))
def revoke_token(token_id: int) -> Done:
    """End one of your tokens at once, this one too.

    Again changes nothing.
    """
    tokens.revoke_token(user_id(), token_id=token_id)
    return Done(message="The token is revoked.")


def _with_token(account: Account, *, scopes: list[str], message: str) -> WithToken:
    # Apart from the request's key: if its first answer is lost there is one token more, and not one that nobody knows.
    with once.aside():
        made: MadeToken = tokens.make_token(
            account.id, name="Signed in", scopes=scopes, origin="login", lifetime=LOGIN_TOKEN_LIFETIME
        )
    return WithToken(
        message=message,
        user=_user(account),
        token=made.secret or "",
        scopes=list(made.scopes),
        expires_at=made.expires_at,
        expires_in_seconds=made.seconds_left,
    )


def _user(account: Account) -> User:
    return User(id=account.id, username=account.username, email=account.email, role=account.role)
