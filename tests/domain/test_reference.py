"""References can be read out at a window, typed in small letters, and never guessed one after the other."""

from __future__ import annotations

import pytest

from seatbook.domain.reference import ALPHABET, format_reference, new_code, parse_reference


def test_a_reference_is_read_back_as_it_was_given_out() -> None:
    for event_id in (1, 7, 10, 999_999_999_999):
        code = new_code()
        assert parse_reference(format_reference(event_id, code)) == (event_id, code)


def test_a_reference_looks_like_the_one_in_the_product() -> None:
    assert format_reference(7, "K2M9QX") == "7-K2M9QX"


def test_small_letters_and_blanks_around_are_fine() -> None:
    assert parse_reference("  7-k2m9qx\n") == (7, "K2M9QX")


@pytest.mark.parametrize(
    "nonsense",
    [
        "",
        "7",
        "K2M9QX",
        "7-K2M9Q",
        "7-K2M9QXX",
        "7K2M9QX",
        "7 -K2M9QX",
        "0-K2M9QX",
        "07-K2M9QX",
        "-7-K2M9QX",
        "7-K2M9QO",  # the letter that a zero could be
        "7-K2M9Q1",
        "7-K2M9Q\u0665",
        "\u0667-K2M9QX",
        "9" * 30 + "-K2M9QX",
        "7-K2M9QX; DROP TABLE seat",
        "7-K2M9Q\0",
    ],
)
def test_what_is_no_reference_is_told_apart(nonsense: str) -> None:
    assert parse_reference(nonsense) is None


def test_an_id_that_fits_a_reference_fits_the_database() -> None:
    parsed = parse_reference("9" * 18 + "-K2M9QX")
    assert parsed is not None
    assert parsed[0] < 2**63


def test_codes_have_no_sign_that_is_mistaken_for_another() -> None:
    assert not set("01OILU") & set(ALPHABET)
    assert len(set(ALPHABET)) == len(ALPHABET)


def test_codes_are_drawn_from_the_whole_alphabet_and_hardly_ever_repeat() -> None:
    codes = [new_code() for _ in range(2_000)]
    assert {sign for code in codes for sign in code} == set(ALPHABET)
    assert len(set(codes)) >= 1_995
