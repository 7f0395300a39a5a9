"""What requests and answers are made of: strict bodies and queries, answers, and the kinds of values in them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from babel.numbers import get_currency_precision
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from seatbook.domain.local_time import FIRST_YEAR, LAST_YEAR

MAX_ID = 2**63 - 1
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_WHOLE = re.compile(r"-?[0-9]{1,19}", re.ASCII)

Id = Annotated[int, Field(ge=1, le=MAX_ID)]
# PostgreSQL has no NUL in text, and neither has anybody's name.
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
# The same, and not of spaces alone. A pattern beside `Text` would stand in the place of its own.
Words = Annotated[str, StringConstraints(pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")]


def rfc3339(at: datetime) -> str:
    """In UTC, to the millisecond: 2027-03-14T18:30:00.000Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Instant = Annotated[
    datetime,
    PlainSerializer(rfc3339, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2027-03-14T18:30:00.000Z"]}),
]
_SENT_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})",
    re.ASCII | re.IGNORECASE,
)


def _sent_instant(value: object) -> object:
    if not isinstance(value, str) or not _SENT_INSTANT.fullmatch(value):
        raise ValueError("instant")
    moment = datetime.fromisoformat(value.upper())
    # Before it is turned into UTC, and long before it is shown in a venue's time: both leave what Python can count
    # at either end of its years.
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise PydanticCustomError(
            "year", "It has to be in the years {first} to {last}", {"first": FIRST_YEAR, "last": LAST_YEAR}
        )
    return moment.astimezone(UTC)


# An instant in a request. It says its offset, so no zone has to be guessed, and is in a year that somebody may mean.
SentInstant = Annotated[
    datetime,
    BeforeValidator(_sent_instant),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2027-03-14T18:30:00+01:00"]}),
]
SentMoney = Annotated[
    str,
    Field(
        pattern=r"^[0-9]{1,13}(\.[0-9]{1,4})?$",
        examples=["45.00"],
        description="A decimal of the event's currency.",
    ),
]
Seconds = Annotated[float, Field(description="By the server's clock, so that a client's never matters.")]
Money = Annotated[
    str,
    Field(
        pattern=r"^[0-9]+(\.[0-9]+)?$", examples=["45.00"], description="A decimal of the event's currency."
    ),
]


def money(minor: int, currency: str) -> str:
    """4500 EUR is "45.00", 45 JPY is "45"."""
    digits: int = get_currency_precision(currency)
    return f"{Decimal(minor).scaleb(-digits):.{digits}f}"


def _whole(value: object) -> object:
    """A number in an address is written with digits alone; Python would take "1_0" and " 1" as well."""
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    if isinstance(value, str):
        raise ValueError("whole number")
    return value


def _day(value: object) -> object:
    """Python reads numbers as days since 1970, too."""
    if isinstance(value, str) and not _DAY.fullmatch(value):
        raise ValueError("day")
    return value


class Whole:
    """A number in an address: `Annotated[int, Whole(1, 100)]`."""

    def __init__(self, lowest: int, highest: int) -> None:
        self.number = core_schema.int_schema(ge=lowest, le=highest)

    def __get_pydantic_core_schema__(self, _source: Any, _handler: Any) -> CoreSchema:
        return core_schema.no_info_before_validator_function(_whole, self.number)

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, handler: Any) -> Any:
        return handler(self.number)


IdInAddress = Annotated[int, Whole(1, MAX_ID)]
DayInAddress = Annotated[date, BeforeValidator(_day, json_schema_input_type=date)]


class OneOf:
    """A text that is one of these: `Annotated[str, OneOf("held", "pending")]`."""

    def __init__(self, *words: str) -> None:
        self.words = words

    def __get_pydantic_core_schema__(self, _source: Any, _handler: Any) -> CoreSchema:
        return core_schema.literal_schema(list(self.words))


class Body(BaseModel):
    """What a request's body may be: these fields in these types, and no others."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Query(BaseModel):
    """What an address may ask for after its `?`. Every value is text there, so only its spelling is judged."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Part(BaseModel):
    """A piece of an answer."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_serialization_defaults_required=True)


class Answer(Part):
    success: Literal[True] = True
