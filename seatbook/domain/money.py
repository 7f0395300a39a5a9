"""Prices: decimal text of people ⇄ whole minor units, by the digits that the currency has."""

from __future__ import annotations

import re
from decimal import Decimal

from babel.numbers import get_currency_precision, list_currencies

from seatbook.errors import N_, InvalidInput

# A tenth of what a bigint can hold, so that a basket of many seats can be added up as well.
MAX_PRICE_MINOR = 10**15

# Codes that begin with X belong to no country: these few are money, and all others are metals, funds,
# units of account, "for tests" and "no currency". (ISO 4217, list one.)
_MONEY_OF_SEVERAL_COUNTRIES = {"XAF", "XCD", "XCG", "XOF", "XPF"}

_DECIMAL_TEXT = re.compile(r"[0-9]{1,15}(\.[0-9]+)?", re.ASCII)


def checked_currency(code: str) -> str:
    """The currency's ISO 4217 code in capitals. Raises InvalidInput when there is no such currency."""
    currency = code.strip().upper()
    is_known = re.fullmatch("[A-Z]{3}", currency, re.ASCII) and currency in list_currencies("en")
    if not is_known or (currency.startswith("X") and currency not in _MONEY_OF_SEVERAL_COUNTRIES):
        raise InvalidInput(
            field="currency",
            reason=N_(
                "“%(code)s” is not a currency. Use the three letters of ISO 4217, such as EUR, USD or JPY."
            ),
            code=code,
        )
    return currency


def price_minor(text: str, *, currency: str) -> int:
    """Minor units of a decimal text: "45.00" EUR is 4500, "45" JPY is 45, "1.250" KWD is 1250.

    `currency` must be known (see `checked_currency`). Raises InvalidInput for anything
    that is not a plain amount, and for more decimals than the currency has.
    """
    amount = text.strip()
    digits: int = get_currency_precision(currency)
    if not _DECIMAL_TEXT.fullmatch(amount):
        example = "45" if digits == 0 else f"45.{'0' * digits}"
        raise InvalidInput(
            field="price",
            reason=N_("“%(text)s” is not a price. Write it with digits and a point, such as %(example)s."),
            text=text,
            example=example,
        )
    minor = Decimal(amount).scaleb(digits)
    if minor != minor.to_integral_value():
        reason = N_("%(amount)s %(currency)s has too many decimals: %(currency)s has %(digits)s.")
        if digits == 0:
            reason = N_("%(amount)s %(currency)s has too many decimals: %(currency)s has none.")
        raise InvalidInput(field="price", reason=reason, amount=amount, currency=currency, digits=digits)
    if minor > MAX_PRICE_MINOR:
        reason = N_("%(amount)s %(currency)s is more than a price can be.")
        raise InvalidInput(field="price", reason=reason, amount=amount, currency=currency)
    return int(minor)


def amount_text(minor: int, *, currency: str) -> str:
    """The other way round, for commands and logs: 4500 EUR is "45.00 EUR"."""
    digits: int = get_currency_precision(currency)
    return f"{Decimal(minor).scaleb(-digits):,.{digits}f} {currency}"
