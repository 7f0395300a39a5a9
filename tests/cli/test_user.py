from __future__ import annotations

import pytest
from click.testing import Result
from flask import Flask
from flask.ctx import AppContext

from seatbook.domain import accounts
from seatbook.errors import SignInRefused

PASSWORD = "velvet tram piano"


def run(app: Flask, *arguments: str, typed: str | None = None) -> Result:
    return app.test_cli_runner().invoke(args=["user", *arguments], input=typed)


def create(
    app: Flask, username: str = "alice", *, password: str = PASSWORD, role: str = "customer"
) -> Result:
    return run(
        app,
        *["create", username, "--email", f"{username}@example.org", "--role", role, "--password-stdin"],
        typed=f"{password}\n",
    )


def test_create_makes_an_account_with_its_role(app: Flask, app_context: AppContext) -> None:
    result = create(app, role="box_office")

    assert (result.exit_code, result.output) == (0, "alice is a user now, with the role box_office.\n")
    assert accounts.sign_in("alice", password=PASSWORD).role == "box_office"


def test_create_asks_for_the_password_twice(
    app: Flask, app_context: AppContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seatbook.cli.user._somebody_types", lambda: True)

    result = run(
        app,
        *["create", "alice", "--email", "alice@example.org"],
        typed=f"{PASSWORD}\nvelvet tram piamo\n{PASSWORD}\n{PASSWORD}\n",
    )

    assert result.exit_code == 0
    assert "do not match" in result.output
    assert PASSWORD not in result.output
    assert accounts.sign_in("alice", password=PASSWORD).role == "customer"


@pytest.mark.parametrize(
    ("username", "password", "sentence"),
    [
        ("al", PASSWORD, "A username has 3 to 40 characters."),
        ("bob", "short", "Please choose at least 10 characters."),
        ("bob", "bob1234567", "That is your name with little added."),
        ("ALICE", PASSWORD, "ALICE is taken already."),
    ],
)
def test_a_refusal_is_a_sentence_and_exit_code_1(
    app: Flask, app_context: AppContext, username: str, password: str, sentence: str
) -> None:
    create(app)

    result = create(app, username, password=password)

    assert result.exit_code == 1
    assert result.stderr.startswith(sentence)
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    "arguments",
    [
        ["create", "alice"],
        ["create", "alice", "--email", "a@example.org", "--role", "king", "--password-stdin"],
        ["create", "alice", "--email", "a@example.org", "--password", PASSWORD],
        ["create", "alice", "--email", "a@example.org", "--password-stdin"],
        ["create", "alice", "--email", "a@example.org"],
        ["set-role", "alice", "king"],
        ["set-password", "alice"],
    ],
)
def test_wrong_usage_is_exit_code_2(app: Flask, arguments: list[str]) -> None:
    result = run(app, *arguments, typed="")

    assert result.exit_code == 2
    assert "Usage:" in result.stderr


def test_set_role_gives_another_role(app: Flask, app_context: AppContext) -> None:
    create(app)

    result = run(app, "set-role", "ALICE", "admin")

    assert (result.exit_code, result.output) == (0, "alice has the role admin now.\n")
    assert accounts.sign_in("alice", password=PASSWORD).role == "admin"
    assert run(app, "set-role", "bob", "admin").exit_code == 1


def test_set_password_replaces_the_password(app: Flask, app_context: AppContext) -> None:
    create(app)
    version = accounts.sign_in("alice", password=PASSWORD).sign_in_version

    result = run(app, "set-password", "alice", "--password-stdin", typed="amber goat ladder\n")

    assert result.exit_code == 0
    assert accounts.sign_in("alice", password="amber goat ladder").sign_in_version == version + 1
    with pytest.raises(SignInRefused):
        accounts.sign_in("alice", password=PASSWORD)
