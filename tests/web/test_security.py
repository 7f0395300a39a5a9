from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from seatbook import create_app
from tests.visitor import TOKEN, Visitor

PAGES = ["/", "/sign-in", "/nowhere", "/events/99999999999999999999"]


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app)


def nonce_of(csp: str) -> str:
    found = re.search(r"'nonce-([\w-]{22})'", csp)
    assert found is not None, csp
    return found[1]


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_carries_the_strict_policy(visitor: Visitor, path: str) -> None:
    csp = visitor.open(path).headers["Content-Security-Policy"]

    assert csp == (
        "default-src 'none'; "
        f"script-src 'nonce-{nonce_of(csp)}'; "
        "style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types htmx"
    )


def test_a_nonce_is_good_for_one_answer(visitor: Visitor) -> None:
    nonces = {nonce_of(visitor.open("/sign-in").headers["Content-Security-Policy"]) for _ in range(5)}

    assert len(nonces) == 5


@pytest.mark.parametrize("path", PAGES)
def test_nothing_on_a_page_needs_what_the_policy_forbids(visitor: Visitor, path: str) -> None:
    answer = visitor.open(path)
    nonce = nonce_of(answer.headers["Content-Security-Policy"])

    assert not re.search(r"<[^>]+\sstyle=", answer.text)
    assert not re.search(r"<[^>]+\son\w+=", answer.text)
    assert "<style" not in answer.text
    assert "javascript:" not in answer.text
    for script in re.findall(r"<script[^>]*>", answer.text):
        assert f'nonce="{nonce}"' in script
        assert "src=" in script or "application/json" in script


def test_the_other_protecting_headers_are_there(visitor: Visitor) -> None:
    headers = visitor.open("/sign-in").headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert "Strict-Transport-Security" not in headers


def test_a_cookie_is_out_of_reach_of_scripts_and_other_sites(visitor: Visitor) -> None:
    cookie = visitor.open("/sign-in").headers["Set-Cookie"]

    assert cookie.startswith("seatbook=")
    assert "; HttpOnly" in cookie
    assert "; SameSite=Lax" in cookie
    assert "; Path=/" in cookie
    assert "Secure" not in cookie


def test_over_https_the_cookie_is_bound_to_it(app: Flask) -> None:
    secure = create_app(replace(app.extensions["seatbook"], cookie_secure=True))
    answer = secure.test_client().get("/sign-in", base_url="https://lyric.example")

    assert answer.headers["Set-Cookie"].startswith("__Host-seatbook=")
    assert "; Secure" in answer.headers["Set-Cookie"]
    assert "Domain=" not in answer.headers["Set-Cookie"]
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


# --- forms come from our own pages ---


@pytest.mark.parametrize("path", ["/sign-in", "/register", "/sign-out", "/forgot-password", "/account"])
@pytest.mark.parametrize("token", [None, "", "made.up.token"])
def test_a_form_without_its_token_is_refused_and_changes_nothing(
    visitor: Visitor, path: str, token: str | None
) -> None:
    visitor.register("alice")
    answer = visitor.client.post(path, data={"csrf_token": token} if token is not None else {})

    assert answer.status_code == 400
    assert "Nothing was changed." in answer.text
    assert "This form is out of date" in answer.text
    assert visitor.is_signed_in


def test_a_token_of_another_visitor_is_refused(app: Flask, visitor: Visitor) -> None:
    token = TOKEN.search(Visitor(app).open("/sign-in").text)
    assert token is not None
    visitor.open("/sign-in")

    assert visitor.client.post("/sign-in", data={"csrf_token": token[1], "name": "a"}).status_code == 400


def test_an_htmx_request_without_its_token_gets_the_message_alone(visitor: Visitor) -> None:
    visitor.open("/sign-in")
    answer = visitor.client.post("/sign-out", headers={"HX-Request": "true"})

    assert answer.status_code == 400
    assert set(re.findall(r'hx-target="#(\w+)"', answer.text)) == {"said", "refused", "choices"}
    assert "Nothing was changed." in answer.text
    assert "<html" not in answer.text


def test_over_https_a_form_of_another_site_is_refused(app: Flask) -> None:
    secure = create_app(replace(app.extensions["seatbook"], cookie_secure=True))
    client = secure.test_client()
    ours = "https://lyric.example"
    token = TOKEN.search(client.get("/sign-in", base_url=ours).text)
    assert token is not None
    form = {"csrf_token": token[1], "name": "", "password": ""}

    elsewhere = client.post(
        "/sign-in", base_url=ours, data=form, headers={"Referer": "https://evil.example/"}
    )
    here = client.post("/sign-in", base_url=ours, data=form, headers={"Referer": f"{ours}/sign-in"})

    assert elsewhere.status_code == 400
    assert here.status_code == 422


# --- input that is no text ---


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "ali\0ce", "password": "x"},
        {"name": "alice", "password": "velvet\0tram"},
        {"na\0me": "alice"},
    ],
)
def test_a_nul_in_a_form_is_a_sentence(visitor: Visitor, fields: dict[str, Any]) -> None:
    answer = visitor.send("/sign-in", **fields)

    assert answer.status_code == 422
    assert "not text" in answer.text


def test_a_nul_in_an_address_is_a_sentence(visitor: Visitor) -> None:
    assert visitor.open("/?kind=%00").status_code == 422
    assert visitor.open("/reservations/%00").status_code == 404
    assert visitor.open("/%00").status_code == 404


@pytest.mark.parametrize(("typed", "status"), [(b"%ff%fe%80", 422), (b"\xff\xfe\x80", 400)])
def test_bytes_that_are_no_text_are_no_failure(visitor: Visitor, typed: bytes, status: int) -> None:
    token = TOKEN.search(visitor.open("/sign-in").text)
    assert token is not None
    body = b"csrf_token=" + token[1].encode() + b"&name=" + typed + b"&password=" + typed

    answer = visitor.client.post(
        "/sign-in", data=body, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )

    assert answer.status_code == status


@pytest.mark.parametrize("id", ["9223372036854775808", "99999999999999999999999"])
def test_an_id_that_no_row_can_have_is_not_there(visitor: Visitor, id: str) -> None:
    for path in (f"/events/{id}", f"/shows/{id}", f"/events/{id}/changes"):
        assert visitor.open(path).status_code == 404


@pytest.mark.parametrize(
    ("asked", "method", "target"),
    [
        ("/reservations", "GET", "/reservations/"),
        ("/reservations?page=2&name=%C3%89mile%20%26", "GET", "/reservations/?page=2&name=%C3%89mile%20%26"),
        ("/events//7/best", "POST", "/events/7/best"),
        ("//evil.example//sign-in", "GET", None),
    ],
)
def test_a_redirect_names_no_host(visitor: Visitor, asked: str, method: str, target: str | None) -> None:
    path, _, query = asked.partition("?")
    answer = visitor.client.open(
        method=method,
        environ_overrides={"PATH_INFO": path, "QUERY_STRING": query},
        headers={"Host": "evil.example"},
    )

    assert answer.headers.get("Location") == target
    assert answer.status_code == (308 if target else 404)
    assert target is None or "evil.example" not in answer.text


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_more_than_any_form_needs_is_not_read(visitor: Visitor, kind: str) -> None:
    answer = visitor.client.post("/sign-in", data={"name": "x" * 70_000}, headers={"Content-Type": kind})

    assert answer.status_code == 413
    assert "Please send less." in answer.text


# --- caches ---


def test_a_page_for_somebody_is_kept_nowhere_and_others_are_asked_for_anew(
    app: Flask, visitor: Visitor
) -> None:
    visitor.register("alice")

    assert visitor.open("/").headers["Cache-Control"] == "no-store"
    assert Visitor(app).open("/").headers["Cache-Control"] == "private, no-cache"


# --- behind a proxy ---


def test_only_a_proxy_that_we_were_told_of_speaks_for_its_visitors(app: Flask) -> None:
    told = {
        "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "lyric.example",
    }
    seen: dict[int, tuple[str | None, str]] = {}
    for proxies in (0, 1):
        behind = create_app(replace(app.extensions["seatbook"], trusted_proxies=proxies))

        @behind.get("/seen")
        def seen_by_a_page(proxies: int = proxies) -> str:
            from flask import request

            seen[proxies] = (request.remote_addr, request.host_url)
            return ""

        behind.test_client().get("/seen", headers=told)

    assert seen == {0: ("127.0.0.1", "http://localhost/"), 1: ("203.0.113.9", "https://lyric.example/")}


def test_a_request_id_is_on_the_answer_and_taken_from_a_known_proxy_only(
    app: Flask, visitor: Visitor
) -> None:
    own = visitor.open("/sign-in").headers["X-Request-ID"]
    assert re.fullmatch(r"[0-9a-f]{10}", own)
    offered = {"X-Request-ID": "proxy-made-1234"}
    assert visitor.open("/sign-in", headers=offered).headers["X-Request-ID"] != "proxy-made-1234"

    behind = create_app(replace(app.extensions["seatbook"], trusted_proxies=1)).test_client()
    assert behind.get("/sign-in", headers=offered).headers["X-Request-ID"] == "proxy-made-1234"
    forged = behind.get("/sign-in", headers={"X-Request-ID": "a b<script>"}).headers["X-Request-ID"]
    assert re.fullmatch(r"[0-9a-f]{10}", forged)
