"""Prices: text of people and whole minor units, by the digits of the currency."""

from __future__ import annotations

import pytest

from seatbook.domain.money import checked_currency, price_minor
from seatbook.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("45.00", "EUR", 4500),
        ("45", "EUR", 4500),
        ("45.5", "EUR", 4550),
        (" 0.05 ", "EUR", 5),
        ("0", "EUR", 0),
        ("45.000", "EUR", 4500),
        ("4500", "JPY", 4500),
        ("1.250", "KWD", 1250),
        # Binary fractions would make 28 of it.
        ("0.29", "USD", 29),
    ],
)
def test_a_price_is_minor_units_by_the_currency(text: str, currency: str, minor: int) -> None:
    assert price_minor(text, currency=currency) == minor


@pytest.mark.parametrize(
    "text", ["", "free", "45,00", "€45", "-1", "1e3", "NaN", "4 5", ".5", "5.", "\u0664"]
)
def test_what_is_no_price_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"such as 45\.00"):
        price_minor(text, currency="EUR")


def test_more_decimals_than_the_currency_has_are_refused() -> None:
    with pytest.raises(InvalidInput, match="EUR has 2"):
        price_minor("45.005", currency="EUR")
    with pytest.raises(InvalidInput, match="JPY has none"):
        price_minor("45.5", currency="JPY")


def test_a_price_beyond_reason_is_refused() -> None:
    with pytest.raises(InvalidInput, match="more than a price can be"):
        price_minor("999999999999999", currency="EUR")


def test_a_currency_is_known_in_any_case() -> None:
    assert checked_currency(" eur") == "EUR"


@pytest.mark.parametrize("code", ["", "EURO", "XQZ", "€", "EU"])
def test_what_is_no_currency_is_refused(code: str) -> None:
    with pytest.raises(InvalidInput, match="ISO 4217"):
        checked_currency(code)


@pytest.mark.parametrize("code", ["XXX", "xts", "XAU", "XAG", "XPD", "XPT", "XDR", "XBA", "XUA"])
def test_a_code_that_is_no_money_is_no_currency(code: str) -> None:
    with pytest.raises(InvalidInput, match=f"“{code}” is not a currency"):
        checked_currency(code)


@pytest.mark.parametrize("code", ["XAF", "XCD", "XOF", "XPF"])
def test_money_of_several_countries_is_a_currency(code: str) -> None:
    assert checked_currency(code) == code
