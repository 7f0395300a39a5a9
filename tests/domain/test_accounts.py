from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import partial

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.ctx import AppContext
from sqlalchemy import func, select, update

from seatbook.domain import accounts, passwords
from seatbook.domain.accounts import Account
from seatbook.domain.mail import Letter
from seatbook.errors import InvalidInput, NameTaken, NotFound, ResetLinkSpent, SignInRefused
from seatbook.extensions import db
from seatbook.models import Mail, User
from tests.race import lost, race, won

PASSWORD = "velvet tram piano"


@pytest.fixture(autouse=True)
def _in_an_application(app_context: AppContext) -> Iterator[None]:
    yield


@pytest.fixture
def alice() -> Account:
    return accounts.create_account("Alice", email="Alice@example.org", password=PASSWORD)


def letter_to(account: Account) -> Letter:
    return Letter(account.email, "A new password", f"version {account.sign_in_version}")


def outbox() -> list[tuple[str, str]]:
    db.session.rollback()
    rows = db.session.execute(select(Mail.recipient, Mail.body_text).order_by(Mail.id))
    return [(row.recipient, row.body_text) for row in rows]


def test_an_account_is_made_for_a_customer(alice: Account) -> None:
    assert (alice.username, alice.email, alice.role) == ("Alice", "Alice@example.org", "customer")


@pytest.mark.parametrize(
    ("username", "email", "field"),
    [
        ("Alice", "other@example.org", "username"),
        ("aLICE", "other@example.org", "username"),
        ("bob", "alice@EXAMPLE.org", "email"),
    ],
)
def test_a_name_or_an_address_belongs_to_one_account_in_any_case(
    alice: Account, username: str, email: str, field: str
) -> None:
    with pytest.raises(NameTaken) as refusal:
        accounts.create_account(username, email=email, password=PASSWORD)

    assert refusal.value.data["field"] == field
    assert db.session.scalar(select(func.count()).select_from(User)) == 1


def test_the_same_letters_composed_in_another_way_are_the_same_name() -> None:
    accounts.create_account(unicodedata.normalize("NFC", "Émile"), email="e@example.org", password=PASSWORD)

    with pytest.raises(NameTaken):
        accounts.create_account(
            unicodedata.normalize("NFD", "émile"), email="e2@example.org", password=PASSWORD
        )
    assert accounts.sign_in(unicodedata.normalize("NFD", "ÉMILE"), password=PASSWORD).username == "Émile"


def test_a_name_in_another_form_of_its_letters_is_the_same_name(alice: Account) -> None:
    wide = "\uff21\uff4c\uff49\uff43\uff45"

    with pytest.raises(NameTaken):
        accounts.create_account(wide, email="other@example.org", password=PASSWORD)

    assert accounts.sign_in(wide, password=PASSWORD) == alice


def test_of_eight_who_ask_for_one_name_at_the_same_moment_one_gets_it(app: Flask) -> None:
    asks = [
        partial(accounts.create_account, "alice", email=f"alice{n}@example.org", password=PASSWORD)
        for n in range(8)
    ]

    outcomes = race(app, *asks)

    assert len(won(outcomes)) == 1
    assert {refusal.data["field"] for refusal in lost(outcomes, NameTaken)} == {"username"}


def test_an_unfit_role_is_refused() -> None:
    with pytest.raises(InvalidInput, match="customer, door, box_office, admin"):
        accounts.create_account("alice", email="a@example.org", password=PASSWORD, role="king")


@pytest.mark.parametrize("name", ["Alice", "alice", " ALICE ", "alice@example.org", "ALICE@Example.org"])
def test_signing_in_takes_the_name_or_the_address_in_any_case(alice: Account, name: str) -> None:
    assert accounts.sign_in(name, password=PASSWORD) == alice


@pytest.mark.parametrize("name", ["alice", "bob", "", "alice@elsewhere.example", "a\0lice"])
def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(alice: Account, name: str) -> None:
    with pytest.raises(SignInRefused) as refusal:
        accounts.sign_in(name, password="velvet tram pianos")

    assert str(refusal.value) == str(SignInRefused())
    assert refusal.value.data == {}


def test_an_unknown_name_costs_a_check_of_a_password_too(
    alice: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks: list[bool] = []
    check = passwords.verify_password

    def watched(kept: str | None, *, password: str) -> bool:
        checks.append(kept is None)
        return check(kept, password=password)

    monkeypatch.setattr(passwords, "verify_password", watched)
    for name in ("alice", "nobody"):
        with pytest.raises(SignInRefused):
            accounts.sign_in(name, password="velvet tram pianos")

    assert checks == [False, True]


def test_no_connection_is_kept_while_a_password_is_checked(
    alice: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_use: list[int] = []
    check = passwords.verify_password

    def watched(kept: str | None, *, password: str) -> bool:
        in_use.append(db.engine.pool.checkedout())  # type: ignore[attr-defined]
        return check(kept, password=password)

    monkeypatch.setattr(passwords, "verify_password", watched)
    accounts.sign_in("alice", password=PASSWORD)

    assert in_use == [0]


def test_a_password_kept_by_old_parameters_is_kept_anew_at_the_next_sign_in(alice: Account) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    db.session.execute(update(User).values(password_hash=old))
    db.session.commit()

    assert accounts.sign_in("alice", password=PASSWORD) == alice

    kept = db.session.scalars(select(User.password_hash)).one()
    assert kept != old
    assert not passwords.needs_rehash(kept)
    assert accounts.sign_in("alice", password=PASSWORD) == alice


def test_a_new_password_raises_the_version_and_replaces_the_old_one(alice: Account) -> None:
    changed = accounts.change_password(alice.id, current_password=PASSWORD, new_password="amber goat ladder")

    assert changed.sign_in_version == alice.sign_in_version + 1
    assert accounts.sign_in("alice", password="amber goat ladder") == changed
    with pytest.raises(SignInRefused):
        accounts.sign_in("alice", password=PASSWORD)


def test_a_password_is_not_changed_without_the_present_one(alice: Account) -> None:
    with pytest.raises(SignInRefused):
        accounts.change_password(
            alice.id, current_password="velvet tram pianos", new_password="amber goat ladder"
        )
    with pytest.raises(InvalidInput):
        accounts.change_password(alice.id, current_password=PASSWORD, new_password="alice12345")

    assert accounts.sign_in("alice", password=PASSWORD) == alice


def test_a_reset_letter_is_in_the_outbox_of_whoever_has_an_account(alice: Account) -> None:
    accounts.request_password_reset("ALICE@example.org", compose=letter_to)
    accounts.request_password_reset("bob@example.org", compose=letter_to)
    accounts.request_password_reset("no address", compose=letter_to)

    assert outbox() == [("Alice@example.org", f"version {alice.sign_in_version}")]


def test_a_reset_works_once(alice: Account) -> None:
    version = alice.sign_in_version

    changed = accounts.reset_password(alice.id, sign_in_version=version, new_password="amber goat ladder")

    assert changed.sign_in_version == version + 1
    assert accounts.sign_in("alice", password="amber goat ladder") == changed
    with pytest.raises(ResetLinkSpent):
        accounts.reset_password(alice.id, sign_in_version=version, new_password="third word chain")
    assert accounts.sign_in("alice", password="amber goat ladder") == changed


def test_of_two_resets_by_one_link_at_the_same_moment_one_counts(app: Flask, alice: Account) -> None:
    new_passwords = ["amber goat ladder", "third word chain"]
    outcomes = race(
        app,
        *[
            partial(
                accounts.reset_password, alice.id, sign_in_version=alice.sign_in_version, new_password=new
            )
            for new in new_passwords
        ],
    )

    assert len(won(outcomes)) == 1
    assert len(lost(outcomes, ResetLinkSpent)) == 1
    winner = new_passwords[0] if isinstance(outcomes[0], Account) else new_passwords[1]
    assert accounts.sign_in("alice", password=winner).sign_in_version == alice.sign_in_version + 1


def test_a_changed_password_spends_every_reset_link_sent_before(alice: Account) -> None:
    accounts.change_password(alice.id, current_password=PASSWORD, new_password="amber goat ladder")

    with pytest.raises(ResetLinkSpent):
        accounts.check_reset(alice.id, sign_in_version=alice.sign_in_version)


def test_the_operator_sets_roles_and_passwords(alice: Account) -> None:
    assert accounts.set_role("alice", role="box_office").role == "box_office"

    changed = accounts.set_password("alice@example.org", new_password="amber goat ladder")

    assert changed.sign_in_version == alice.sign_in_version + 1
    assert accounts.sign_in("alice", password="amber goat ladder").role == "box_office"
    with pytest.raises(NotFound, match="no such user"):
        accounts.set_role("bob", role="admin")


def test_two_accounts_begin_with_versions_that_nobody_guesses() -> None:
    versions = {
        accounts.create_account(f"user{n}", email=f"u{n}@example.org", password=PASSWORD).sign_in_version
        for n in range(3)
    }

    assert len(versions) == 3
