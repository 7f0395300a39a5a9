"""Bodies in chunks, over a real connection: whole or refused, never cut off and believed."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from seatbook.web.security import MAX_REQUEST_BYTES
from tests.conftest import LiveServer

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
SIGN_IN = b'{"username": "ada", "password": "nobody has it"}'


def ask(server: LiveServer, path: str, *, kind: str, chunks: list[bytes]) -> tuple[int, bytes]:
    connection = HTTPConnection(urlsplit(server.url).netloc, timeout=30)
    try:
        connection.request(
            "POST", path, body=iter(chunks), headers={"Content-Type": kind}, encode_chunked=True
        )
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


@pytest.mark.parametrize("filling", [0, MAX_REQUEST_BYTES - len(SIGN_IN)])
def test_a_body_in_chunks_is_read_up_to_the_limit(live_server: LiveServer, filling: int) -> None:
    chunks = [SIGN_IN[:9], SIGN_IN[9:], *([b" " * filling] if filling else [])]
    status, body = ask(live_server, "/api/seats/login/", kind=JSON, chunks=chunks)
    assert (status, json.loads(body)["code"]) == (401, "sign_in_refused")


@pytest.mark.parametrize("ending", [b"", b"garbage"])
def test_a_body_in_chunks_that_is_too_large_is_refused(live_server: LiveServer, ending: bytes) -> None:
    """What stands before the limit is good JSON by itself."""
    chunks = [SIGN_IN, b" " * (MAX_REQUEST_BYTES - len(SIGN_IN) + 1), ending]
    status, body = ask(
        live_server, "/api/seats/login/", kind=JSON, chunks=[chunk for chunk in chunks if chunk]
    )
    assert (status, json.loads(body)["code"]) == (413, "too_large")


def test_a_form_in_chunks_that_is_too_large_is_refused(live_server: LiveServer) -> None:
    status, _body = ask(
        live_server, "/sign-in", kind=FORM, chunks=[b"username=ada&password=", b"a" * MAX_REQUEST_BYTES]
    )
    assert status == 413


def test_chunks_that_are_none_are_an_unreadable_body(live_server: LiveServer) -> None:
    connection = HTTPConnection(urlsplit(live_server.url).netloc, timeout=30)
    connection.putrequest("POST", "/api/seats/login/")
    connection.putheader("Content-Type", JSON)
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders(b"no length\r\n{}\r\n0\r\n\r\n")
    assert connection.getresponse().status == 400
    connection.close()
