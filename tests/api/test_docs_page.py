from __future__ import annotations

import re

from flask import Flask

from seatbook.api import limits
from seatbook.api.docs_page import _chapters
from seatbook.api.problems import CODES_OF_TRANSPORT, STATUS_OF_CODE
from seatbook.api.words import EVERYWHERE
from seatbook.domain.tokens import LOGIN_TOKEN_LIFETIME
from seatbook.web import limits as of_pages
from seatbook.web.security import MAX_REQUEST_BYTES
from tests.api.caller import description, operations
from tests.visitor import Visitor


def test_every_operation_and_every_code_is_on_the_page(app: Flask) -> None:
    page = Visitor(app).open("/api/docs/").text

    for method, path, operation in operations():
        assert f'id="{operation["operationId"]}"' in page
        assert f'data-method="{method}" data-path="{path}"' in page
    for code in STATUS_OF_CODE | CODES_OF_TRANSPORT:
        assert f'<div id="{code}"><dt>' in page
        assert not re.search(
            rf'id="{code}"><dt><code>{code}</code></dt><dd>[^/]*</span> <span></span>', page
        ), code


def test_the_page_shows_an_answer_of_every_operation_and_fills_in_no_ids(app: Flask) -> None:
    """An example of an id is shown in its field and not sent: there may be such an event, and a form cancels it."""
    page = Visitor(app).open("/api/docs/").text

    assert page.count("<h3>For example</h3>") == len(operations())
    assert "&#34;reservation_id&#34;: &#34;7-K2M9QX&#34;" in page
    assert 'data-in="path" placeholder="7-K2M9QX"' in page
    assert not re.search(r'<input[^>]* data-in="(path|query)"[^>]* value=', page)


def test_every_address_of_a_problem_is_on_the_page(app: Flask) -> None:
    visitor = Visitor(app)
    problem = visitor.open("/api/nowhere/").json
    assert problem is not None
    page, _, anchor = problem["type"].partition("#")

    assert f'id="{anchor}"' in visitor.open(page).text


def test_the_page_needs_nothing_that_the_policy_forbids(app: Flask) -> None:
    answer = Visitor(app).open("/api/docs/")

    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert not re.search(r"<[^>]+\s(style|on\w+)=", answer.text)
    assert all("nonce=" in script for script in re.findall(r"<script[^>]*>", answer.text))


def test_every_field_and_every_name_of_a_request_says_what_it_is(app: Flask) -> None:
    """Money says it by its kind; `file` and such by a description of their own."""
    page = Visitor(app).open("/api/docs/").text
    mute = [
        f"{operation.id}: {name}"
        for operations_of in _chapters(description()).values()
        for operation in operations_of
        for name, about in [
            *((field.name, field.about) for field in operation.takes),
            *((one.name, one.about) for one in operation.parameters),
        ]
        if not about
    ]

    assert mute == []
    # Of one name, the words for what is asked are none for what is answered.
    schemas = description()["components"]["schemas"]
    assert "description" not in schemas["BookedPlace"]["properties"]["area"]
    assert "description" not in schemas["Reservation"]["properties"]["status"]
    assert "in_review" in schemas["StaffEventDetails"]["properties"]["takings"]["description"]
    assert "whole number, 1 to 86,400" in page
    assert "whole number, 1 to 100, default 50" in page
    assert "true: there is more than came at once" in page
    assert "What is left out stays." in page


def test_the_page_says_how_to_pay_and_how_to_verify(app: Flask) -> None:
    page = Visitor(app).open("/api/docs/").text

    assert "becomes=paid" in page
    assert "def is_ours" in page
    for words in ("1,200 requests a minute", "64 kB", "Idempotency-Replayed", "For a day"):
        assert words in page


def test_limits_on_the_page_are_those_that_are_kept() -> None:
    told = " ".join(text for _, text in EVERYWHERE)

    assert (limits.REQUESTS_OF_TOKEN, limits.REQUESTS_OF_ADDRESS) == ("1200/minute", "2400/minute")
    assert of_pages.HOLDS_OF_HOLDER == "300/minute"
    assert of_pages.SIGN_INS_OF_ADDRESS == "30/minute;300/hour"
    assert of_pages.REGISTRATIONS_OF_ADDRESS == "10/minute;60/hour"
    assert of_pages.WRONG_CODES_OF_ADDRESS == "20/minute;100/hour"
    assert MAX_REQUEST_BYTES == 64 * 1024
    assert LOGIN_TOKEN_LIFETIME.days == 30
    assert "300 holds a minute" in told
