from __future__ import annotations

import unicodedata
from typing import Literal

import pytest
from argon2 import PasswordHasher, Type, extract_parameters

from seatbook.domain import passwords
from seatbook.errors import InvalidInput


def test_a_password_is_kept_as_argon2id_with_the_parameters_of_owasp() -> None:
    kept = passwords.hash_password("velvet tram piano")

    parameters = extract_parameters(kept)
    assert parameters.type is Type.ID
    assert (parameters.memory_cost, parameters.time_cost, parameters.parallelism) == (19_456, 2, 1)
    assert "velvet" not in kept


def test_only_the_password_itself_fits() -> None:
    kept = passwords.hash_password("velvet tram piano")

    assert passwords.verify_password(kept, password="velvet tram piano")
    assert not passwords.verify_password(kept, password="velvet tram pianO")
    assert not passwords.verify_password("no hash at all", password="velvet tram piano")


def test_nobody_has_a_password_and_finding_that_out_is_the_same_work(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Watched(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
            asked.append(str(hash))
            return super().verify(hash, password)

    monkeypatch.setattr(passwords, "hasher", Watched(time_cost=2, memory_cost=19_456, parallelism=1))

    assert not passwords.verify_password(None, password="velvet tram piano")
    assert not passwords.verify_password(None, password="nobody has this password")
    assert len(asked) == 2
    assert extract_parameters(asked[0]) == extract_parameters(passwords.hash_password("velvet tram piano"))


def test_one_look_is_one_password_however_the_keyboard_composes_it() -> None:
    kept = passwords.hash_password(unicodedata.normalize("NFC", "café au lait crème"))

    assert passwords.verify_password(kept, password=unicodedata.normalize("NFD", "café au lait crème"))


def test_a_hash_of_other_parameters_is_due_to_be_made_again() -> None:
    weaker = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("velvet tram piano")

    assert passwords.needs_rehash(weaker)
    assert not passwords.needs_rehash(passwords.hash_password("velvet tram piano"))


@pytest.mark.parametrize(
    "password",
    [
        "velvet tram piano",
        "Grüße aus Tampere",
        "пароль из пяти слов",
        "x7#kQ!m2Lp",
        "x" * 5 + "y" * 5 + "zebra",
        "correct horse battery piano",
        "a sentence that goes on and on " * 32,
    ],
)
def test_a_long_enough_password_of_ones_own_is_fit(password: str) -> None:
    passwords.check_password(password, username="alice", email="alice@example.org")


@pytest.mark.parametrize(
    ("password", "because"),
    [
        ("", "at least 10"),
        ("velvettra", "at least 10"),
        ("x" * 990 + "velvet tram", "at most 1,000"),
        ("password123", "Many people"),
        ("P@ssw0rd2024!", "Many people"),
        ("1234567890", "Many people"),
        ("0987654321", "Many people"),
        ("qwertyuiop", "Many people"),
        ("aaaaaaaaaaaa", "Many people"),
        ("121212121212", "Many people"),
        ("correct horse battery staple", "Many people"),
        ("iloveyou!!!!!", "Many people"),
        ("alice-alice", "your name"),
        ("Alice123456789", "your name"),
        ("alice@example.org", "your name"),
        ("Seatbook2026!!", "your name"),
    ],
)
def test_what_everybody_would_try_first_is_refused(password: str, because: str) -> None:
    with pytest.raises(InvalidInput, match=because) as refusal:
        passwords.check_password(password, username="alice", email="alice@example.org")

    assert refusal.value.data["field"] == "password"


@pytest.mark.parametrize("password", ["velvet\0tram piano", "velvet tram \ud800 piano"])
def test_what_is_not_text_is_refused_and_fits_nobody(password: str) -> None:
    with pytest.raises(InvalidInput, match="not text"):
        passwords.check_password(password)

    assert not passwords.verify_password(passwords.hash_password("velvet tram piano"), password=password)
