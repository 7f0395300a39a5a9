from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.ctx import AppContext
from sqlalchemy import select

from seatbook.domain import accounts, passwords
from seatbook.extensions import db
from seatbook.models import Mail, User
from seatbook.web import reset_link
from tests.visitor import PASSWORD, TOKEN, Visitor

NEW_PASSWORD = "amber goat ladder"


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app)


@pytest.fixture
def alice(app: Flask) -> Visitor:
    """Alice, who has an account and is signed in."""
    alice = Visitor(app)
    assert alice.register("alice").status_code == 303
    return alice


def mails(app: Flask) -> list[Mail]:
    with app.app_context():
        return list(db.session.scalars(select(Mail).order_by(Mail.id)))


def link_in(mail: Mail) -> str:
    """The path of the link in a mail."""
    assert mail.body_text
    found = re.search(r"^http://127\.0\.0\.1:8000(/reset-password/\S+)$", mail.body_text, re.MULTILINE)
    assert found is not None, mail.body_text
    return found[1]


def faults(html: str) -> dict[str, str]:
    """By field: the sentence that its input is tied to."""
    return {
        name: unescape(sentence)
        for name, sentence in re.findall(r'class="field-fault" id="(\w+)-fault">([^<]+)<', html)
    }


# --- register ---


def test_whoever_registers_is_signed_in_and_goes_on_where_they_were(visitor: Visitor) -> None:
    answer = visitor.register("alice", next="/account")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/account")
    page = visitor.open("/account").text
    assert "Welcome, alice." in page
    assert "alice@example.org" in page


def test_each_fault_is_at_its_field_and_nothing_is_kept(app: Flask, visitor: Visitor) -> None:
    answer = visitor.register("al", email="nowhere", password="short")

    assert answer.status_code == 422
    assert faults(answer.text) == {
        "username": "A username has 3 to 40 characters.",
        "email": "That is not a mail address. One looks like ada@example.org.",
        "password": "Please choose at least 10 characters. A few words in a row are fine.",
    }
    username = re.search(r'<input[^>]*id="username"[^>]*>', answer.text)
    assert username is not None
    assert 'aria-describedby="username-fault username-hint"' in username[0]
    assert 'aria-invalid="true"' in username[0]
    assert "autofocus" in username[0]
    assert answer.text.count("autofocus") == 1
    assert "short" not in answer.text
    with app.app_context():
        assert db.session.scalars(select(User)).all() == []


def test_empty_fields_are_told_what_to_type(visitor: Visitor) -> None:
    assert faults(visitor.send("/register").text) == {
        "username": "Please choose a username.",
        "email": "Please type your mail address.",
        "password": "Please choose a password.",
    }


@pytest.mark.parametrize(
    ("fields", "field"), [({"username": "ALICE"}, "username"), ({"email": "Alice@example.org"}, "email")]
)
def test_what_somebody_else_has_is_told_at_its_field(
    alice: Visitor, visitor: Visitor, fields: dict[str, Any], field: str
) -> None:
    typed: dict[str, Any] = {"username": "bob", "email": "bob@example.org", "password": PASSWORD, **fields}

    answer = visitor.send("/register", **typed)

    assert answer.status_code == 409
    assert faults(answer.text) == {field: f"{fields[field]} is taken already. Is it yours? Then sign in."}
    assert not visitor.is_signed_in


def test_a_name_is_shown_as_text_and_never_as_html(visitor: Visitor) -> None:
    answer = visitor.register("<script>alert(1)</script>")

    assert answer.status_code == 422
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert" in answer.text


# --- sign in and out ---


@pytest.mark.parametrize("name", ["alice", "ALICE", "alice@example.org"])
def test_signing_in_goes_on_where_the_visitor_was(alice: Visitor, visitor: Visitor, name: str) -> None:
    answer = visitor.sign_in(name, next="/account")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/account")
    assert visitor.is_signed_in


def test_an_unknown_name_and_a_wrong_password_get_the_same_page(alice: Visitor, app: Flask) -> None:
    pages = []
    for name, password in (("alice", "velvet tram pianos"), ("nobody", PASSWORD)):
        answer = Visitor(app).sign_in(name, password=password)
        assert answer.status_code == 422
        assert "That name and password do not match. Please try again." in answer.text
        password_field = re.search(r'<input[^>]*id="password"[^>]*>', answer.text)
        assert password_field is not None
        assert "autofocus" in password_field[0]
        pages.append(re.sub(r'value="[^"]*"|nonce="[^"]*"', "", answer.text))

    assert pages[0] == pages[1]


def test_an_unknown_name_costs_a_check_of_a_password(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str | None] = []
    check = passwords.verify_password

    def watched(kept: str | None, *, password: str) -> bool:
        checked.append(kept)
        return check(kept, password=password)

    monkeypatch.setattr(passwords, "verify_password", watched)
    visitor.sign_in("nobody")

    assert checked == [None]


def test_somebody_who_is_signed_in_is_not_asked_again(alice: Visitor) -> None:
    answer = alice.open("/sign-in?next=/account")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/account")
    assert alice.open("/register").status_code == 303


def test_signing_out_ends_the_session(alice: Visitor) -> None:
    answer = alice.send("/sign-out", page="/account")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert not alice.is_signed_in
    assert alice.client.get("/sign-out").status_code == 405


def test_a_page_for_users_leads_to_the_sign_in_and_back(visitor: Visitor, alice: Visitor) -> None:
    answer = visitor.open("/account")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in?next=/account")
    page = visitor.open("/sign-in?next=/account").text
    assert 'name="next" type="hidden" value="/account"' in page
    assert "Please sign in first." in page


def test_htmx_is_sent_to_the_sign_in_as_a_whole_page(visitor: Visitor) -> None:
    answer = visitor.open(
        "/account", headers={"HX-Request": "true", "HX-Current-URL": "http://localhost/shows/3"}
    )

    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/sign-in?next=/shows/3"


# --- change the password ---


def test_a_changed_password_signs_out_every_other_browser(alice: Visitor, app: Flask) -> None:
    phone = Visitor(app)
    phone.sign_in("alice")
    stolen = Visitor(app)
    stolen.cookie = alice.cookie

    answer = alice.send("/account", current_password=PASSWORD, password=NEW_PASSWORD)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/account")
    assert "Your password is changed." in alice.open("/account").text
    assert not phone.is_signed_in
    assert not stolen.is_signed_in
    assert Visitor(app).sign_in("alice", password=PASSWORD).status_code == 422
    assert Visitor(app).sign_in("alice", password=NEW_PASSWORD).status_code == 303


@pytest.mark.parametrize(
    ("current", "new", "fault"),
    [
        ("velvet tram pianos", NEW_PASSWORD, {"current_password": "That is not your present password."}),
        (
            PASSWORD,
            "short",
            {"password": "Please choose at least 10 characters. A few words in a row are fine."},
        ),
        (
            "",
            "",
            {
                "current_password": "Please type your present password.",
                "password": "Please choose a password.",
            },
        ),
    ],
)
def test_a_password_that_cannot_be_changed_says_why(
    alice: Visitor, app: Flask, current: str, new: str, fault: dict[str, str]
) -> None:
    answer = alice.send("/account", current_password=current, password=new)

    assert answer.status_code == 422
    assert faults(answer.text) == fault
    assert alice.is_signed_in
    assert Visitor(app).sign_in("alice").status_code == 303


def test_signing_out_everywhere_ends_all_sessions_and_keeps_the_password(alice: Visitor, app: Flask) -> None:
    phone = Visitor(app)
    phone.sign_in("alice")

    alice.send("/account/sign-out-everywhere", page="/account")

    assert not alice.is_signed_in
    assert not phone.is_signed_in
    assert Visitor(app).sign_in("alice").status_code == 303


def test_an_operator_who_sets_a_password_ends_the_sessions(alice: Visitor, app_context: AppContext) -> None:
    accounts.set_password("alice", new_password=NEW_PASSWORD)

    assert not alice.is_signed_in


# --- a new password by mail ---


def test_whoever_forgot_the_password_gets_a_link_by_mail(
    alice: Visitor, visitor: Visitor, app: Flask
) -> None:
    answer = visitor.send("/forgot-password", email="ALICE@example.org")

    assert answer.status_code == 200
    (mail,) = mails(app)
    assert mail.recipient == "alice@example.org"
    page = visitor.open(link_in(mail))
    assert page.status_code == 200
    assert "For alice." in page.text
    answer = visitor.send(link_in(mail), password=NEW_PASSWORD)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert visitor.is_signed_in
    assert not alice.is_signed_in
    assert Visitor(app).sign_in("alice", password=NEW_PASSWORD).status_code == 303


def test_asking_for_a_link_looks_the_same_when_there_is_no_account(alice: Visitor, app: Flask) -> None:
    pages = []
    for email in ("alice@example.org", "nobody@example.org"):
        answer = Visitor(app).send("/forgot-password", email=email)
        assert answer.status_code == 200
        pages.append(re.sub(r'value="[^"]*"|nonce="[^"]*"', "", answer.text.replace(email, "ADDRESS")))

    assert pages[0] == pages[1]
    assert [mail.recipient for mail in mails(app)] == ["alice@example.org"]


def test_a_link_works_once(alice: Visitor, visitor: Visitor, app: Flask) -> None:
    visitor.send("/forgot-password", email="alice@example.org")
    visitor.send("/forgot-password", email="alice@example.org")
    first, second = (link_in(mail) for mail in mails(app))
    page_of_second = Visitor(app)
    page_of_second.open(second)
    assert Visitor(app).send(first, password=NEW_PASSWORD).status_code == 303

    for link in (first, second):
        answer = visitor.open(link)
        assert answer.status_code == 410
        assert "This link is spent" in answer.text
    answer = page_of_second.send(second, page="/register", password="third word chain")
    assert answer.status_code == 410
    assert Visitor(app).sign_in("alice", password=NEW_PASSWORD).status_code == 303


def test_a_link_is_spent_when_the_password_was_changed(alice: Visitor, visitor: Visitor, app: Flask) -> None:
    visitor.send("/forgot-password", email="alice@example.org")
    alice.send("/account", current_password=PASSWORD, password=NEW_PASSWORD)

    assert visitor.open(link_in(mails(app)[0])).status_code == 410


def test_a_link_is_spent_after_an_hour(
    alice: Visitor, visitor: Visitor, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor.send("/forgot-password", email="alice@example.org")
    link = link_in(mails(app)[0])
    assert visitor.open(link).status_code == 200
    assert reset_link.GOOD_FOR_SECONDS == 3600

    # The signature's clock: one second past the hour.
    now = time.time()
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: now + 3601)

    assert visitor.open(link).status_code == 410


@pytest.mark.parametrize("token", ["x", "WzEsMV0.aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb", "%00", "ä" * 300])
def test_a_made_up_link_opens_nothing(visitor: Visitor, token: str) -> None:
    assert visitor.open(f"/reset-password/{token}").status_code in (404, 410)


def test_a_session_cannot_pose_as_a_link(alice: Visitor, visitor: Visitor) -> None:
    assert visitor.open(f"/reset-password/{alice.cookie}").status_code == 410


def test_an_unfit_new_password_does_not_spend_the_link(alice: Visitor, visitor: Visitor, app: Flask) -> None:
    visitor.send("/forgot-password", email="alice@example.org")
    link = link_in(mails(app)[0])

    answer = visitor.send(link, password="alice12345")

    assert answer.status_code == 422
    assert "That is your name" in faults(answer.text)["password"]
    assert visitor.open(link).status_code == 200


def test_the_link_begins_with_the_public_address_and_not_with_what_the_request_says(
    alice: Visitor, visitor: Visitor, app: Flask
) -> None:
    page = visitor.client.get("/forgot-password", base_url="http://evil.example")
    token = TOKEN.search(page.text)
    assert token is not None
    visitor.client.post(
        "/forgot-password",
        base_url="http://evil.example",
        data={"csrf_token": token[1], "email": "alice@example.org"},
    )

    (mail,) = mails(app)
    assert mail.body_text
    assert "evil" not in mail.body_text
    link_in(mail)


def test_the_mail_of_a_reset_leaves_through_the_job(
    alice: Visitor, visitor: Visitor, app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from seatbook.jobs import tasks

    visitor.send("/forgot-password", email="alice@example.org")
    monkeypatch.setitem(
        app.extensions, "seatbook", replace(app.extensions["seatbook"], mail_dir=tmp_path / "mail")
    )
    with app.app_context():
        tasks.deliver_mail()

    (file,) = (tmp_path / "mail").iterdir()
    assert b"/reset-password/" in file.read_bytes()


# --- what all of these pages have in common ---


@pytest.mark.parametrize("path", ["/register", "/sign-in", "/forgot-password", "/reset-password/x"])
def test_account_pages_are_kept_by_no_cache(visitor: Visitor, path: str) -> None:
    assert visitor.open(path).headers["Cache-Control"] == "no-store"


def test_every_field_has_a_label_and_says_what_belongs_in_it(visitor: Visitor, alice: Visitor) -> None:
    wanted = {
        ("/register", "username"): "username",
        ("/register", "email"): "email",
        ("/register", "password"): "new-password",
        ("/sign-in", "name"): "username",
        ("/sign-in", "password"): "current-password",
        ("/forgot-password", "email"): "email",
        ("/account", "current_password"): "current-password",
        ("/account", "password"): "new-password",
    }
    for (path, name), autocomplete in wanted.items():
        page = (alice if path == "/account" else visitor).open(path).text
        assert f'<label for="{name}">' in page, (path, name)
        field = re.search(rf'<input[^>]* id="{name}"[^>]*>', page)
        assert field is not None, (path, name)
        assert f'autocomplete="{autocomplete}"' in field[0]


@pytest.fixture(autouse=True)
def _no_password_in_the_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level("DEBUG")
    yield
    assert PASSWORD not in caplog.text
    assert NEW_PASSWORD not in caplog.text
