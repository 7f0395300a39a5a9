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
        ("Алиса 2", "Алиса 2"),
        ("山田エリ", "山田エリ"),
        ("やまだ Eriー", "やまだ Eriー"),
        ("이민호 李敏鎬", "이민호 李敏鎬"),
        ("\u02bbOkina O\u02bcNeil", "\u02bbOkina O\u02bcNeil"),
        ("\u0915\u094d\u0937\u092e\u093e", "\u0915\u094d\u0937\u092e\u093e"),
        ("\u0639\u0644\u06cc \u06f1\u06f2", "\u0639\u0644\u06cc \u06f1\u06f2"),
        ("\uff41\uff4c\uff49\uff43\uff45", "alice"),
        ("\U0001d41a\U0001d425\U0001d422\U0001d41c\U0001d41e", "alice"),
        ("\ufb01nn", "finn"),
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
        "\uff20lice",
        "alice\ufe0f",
        "al\u034fice",
        "alice\U000e0100",
        "alice\u3164",
        "alice\u115f",
        "alice\u17b5",
        "alice\u180b",
    ],
)
def test_what_is_no_username_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput, match="username") as refusal:
        clean_username(typed)

    assert refusal.value.data["field"] == "username"


@pytest.mark.parametrize(
    ("typed", "one", "other"),
    [
        ("\u0430lice", "\u0430", "l"),
        ("alic\u0435", "a", "\u0435"),
        ("b\u03bfb", "b", "\u03bf"),
        ("\u0391\u0410\u0391", "\u0391", "\u0410"),
        ("Ali\u0441e \u5c71", "A", "\u0441"),
        ("\u13aalice", "\u13aa", "l"),
        ("b\u0966b", "b", "\u0966"),
    ],
)
def test_a_name_that_mixes_alphabets_is_refused_and_says_which_letters(
    typed: str, one: str, other: str
) -> None:
    with pytest.raises(InvalidInput, match="one alphabet") as refusal:
        clean_username(typed)

    assert f"“{one}” and “{other}”" in refusal.value.sentence()


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
