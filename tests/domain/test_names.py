from __future__ import annotations

import unicodedata

import pytest

from seatbook.domain.names import clean_email, clean_username
from seatbook.errors import InvalidInput


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("alice", "alice"),
        ("  Ada   Lovelace ", "Ada Lovelace"),
        ("Émile", "Émile"),
        (unicodedata.normalize("NFD", "Émile"), unicodedata.normalize("NFC", "Émile")),
        ("Åsa-Maria O'Neil", "Åsa-Maria O'Neil"),
        ("李小龍", "李小龍"),
        ("x" * 40, "x" * 40),
    ],
)
def test_a_username_has_one_spelling(typed: str, kept: str) -> None:
    assert clean_username(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "  ",
        "ab",
        "x" * 41,
        "alice@example.org",
        "a\0lice",
        "alice\u202eecila",
        "<b>alice",
        "...",
        "a\ud800lice",
    ],
)
def test_what_is_no_username_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput, match="username") as refusal:
        clean_username(typed)

    assert refusal.value.data["field"] == "username"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ada@example.org", "ada@example.org"),
        ("  Ada.Lovelace+box@Example.ORG ", "Ada.Lovelace+box@example.org"),
        ("dörte@büro.example", "dörte@büro.example"),
    ],
)
def test_a_mail_address_has_one_spelling(typed: str, kept: str) -> None:
    assert clean_email(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ada",
        "ada@",
        "@example.org",
        "ada@example",
        "ada@example..org",
        "ada@@example.org",
        "ada lovelace@example.org",
        "ada@example.org\nBcc: all@example.org",
        "ada@example.org\0",
        ".ada@example.org",
        "ada..l@example.org",
        "ada@example.org, bob@example.org",
        "x" * 65 + "@example.org",
        "ada@" + "x" * 250 + ".org",
        "ada\u202e@example.org",
    ],
)
def test_what_is_no_mail_address_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput, match="mail address") as refusal:
        clean_email(typed)

    assert refusal.value.data["field"] == "email"
