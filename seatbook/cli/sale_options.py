"""How an event is sold, as options of `flask event create`: who pays when, what it costs beside prices."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, TypeVar

import click

from seatbook.domain.events import SaleTerms
from seatbook.domain.money import price_minor

F = TypeVar("F", bound=Callable[..., Any])

PAYMENTS = ("none", "counter", "online")
NEVER = "never"


@dataclass(frozen=True, slots=True)
class CancelUntil:
    """The buyer's deadline: so many seconds before the start, or None: buyers cannot cancel by themselves."""

    seconds_before_start: int | None


class _CancelUntil(click.ParamType[CancelUntil]):
    name = "deadline"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> CancelUntil:
        if str(value).strip().casefold() == NEVER:
            return CancelUntil(None)
        match = re.fullmatch(r"([0-9]{1,5}):([0-5][0-9])", str(value))
        if match is None:
            self.fail(
                f"“{value}” is not a deadline. Write hours and minutes before the start, such as 24:00, "
                f"or “{NEVER}”.",
                param,
                ctx,
            )
        before = timedelta(hours=int(match[1]), minutes=int(match[2]))
        return CancelUntil(int(before.total_seconds()))


OPTIONS = (
    click.option(
        "--payment",
        type=click.Choice(PAYMENTS),
        help="none: reserving is all there is; counter: paid at the window; online: paid before it is theirs."
        "  [default: online; none with --free]",
    ),
    click.option(
        "--payment-ttl",
        type=int,
        metavar="SECONDS",
        help="How long a buyer has to pay online.  [default: 900; 1800 where time slots are sold and no stock]",
    ),
    click.option(
        "--late-offer",
        type=int,
        metavar="SECONDS",
        help="Who paid too late is offered equal places for so long.  [default: the money goes back at once]",
    ),
    click.option("--fee-per-place", metavar="AMOUNT", help="On top of each price; not of what is free."),
    click.option("--fee-per-order", metavar="AMOUNT", help="On top of each purchase that costs anything."),
    click.option(
        "--cancel-until",
        type=_CancelUntil(),
        metavar="HOURS:MINUTES",
        help="So long before the start buyers may cancel by themselves; or “never”.  [default: the start]",
    ),
)


def sale_options(command: F) -> F:
    """The options, in this order; what they gave comes as keyword arguments for `sale_terms`."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def sale_terms(
    given: Mapping[str, Any], *, prices: Mapping[str, int], currency: str, **others: Any
) -> SaleTerms:
    """The terms that were asked for; `others` are those that have options of their own. Raises InvalidInput."""
    is_priced = any(prices.values())
    payment = given["payment"] or ("online" if is_priced else "none")
    if payment == "online" and not is_priced:
        raise click.UsageError("Nothing costs anything, so there is nothing to pay online.")
    terms = SaleTerms(
        payment=payment,
        payment_ttl_seconds=given["payment_ttl"],
        late_offer_seconds=given["late_offer"],
        fee_per_place_minor=_minor(given["fee_per_place"], currency),
        fee_per_order_minor=_minor(given["fee_per_order"], currency),
        **others,
    )
    until = given["cancel_until"]
    if until is None:
        return terms
    return replace(terms, cancel_seconds_before_start=until.seconds_before_start)


def _minor(amount: str | None, currency: str) -> int:
    return 0 if amount is None else price_minor(amount, currency=currency)


PAYMENT_SAID = {
    "none": "Reserving is all there is to do: nothing is paid.",
    "counter": "Buyers pay at the window.",
    "online": "Buyers pay online before places are theirs.",
}
