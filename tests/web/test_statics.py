from __future__ import annotations

import gzip
import hashlib
import os
from pathlib import Path

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient

from seatbook.web.statics import ContentHashes


def address_of(app: Flask, filename: str) -> str:
    with app.test_request_context():
        return url_for("static", filename=filename)


def test_an_address_carries_the_hash_of_its_content_and_is_kept_for_a_year(
    app: Flask, client: FlaskClient
) -> None:
    content = Path(str(app.static_folder), "css/account.css").read_bytes()

    address = address_of(app, "css/account.css")

    assert address == f"/static/css/account.css?v={hashlib.sha256(content).hexdigest()[:12]}"
    assert client.get(address).headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("query", ["", "?v=000000000000"])
def test_without_the_right_hash_a_browser_asks_each_time(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/static/css/account.css{query}")

    assert answer.headers["Cache-Control"] == "no-cache"
    again = client.get(f"/static/css/account.css{query}", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_a_file_that_is_not_there_has_an_address_without_a_hash(app: Flask, client: FlaskClient) -> None:
    assert address_of(app, "css/none.css") == "/static/css/none.css"
    assert client.get("/static/css/none.css").status_code == 404


def test_a_file_that_changed_has_another_hash(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("a {}")
    hashes = ContentHashes(tmp_path)
    before = hashes.of("a.css")
    (tmp_path / "a.css").write_text("b {}")
    os.utime(tmp_path / "a.css", ns=(1, 1))

    assert before != hashes.of("a.css")


def test_no_file_outside_of_the_folder_is_given_out(client: FlaskClient) -> None:
    for path in ("../setup.cfg", "..%2fsetup.cfg", "%2e%2e/setup.cfg"):
        assert client.get(f"/static/{path}").status_code == 404


@pytest.mark.parametrize("path", ["/static/css/base.css", "/sign-in", "/register"])
def test_text_is_sent_compressed_to_whoever_reads_that(client: FlaskClient, path: str) -> None:
    plain = client.get(path)
    packed = client.get(path, headers={"Accept-Encoding": "gzip"})

    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert len(packed.data) < len(plain.data) / 2
    assert len(gzip.decompress(packed.data)) > len(plain.data) * 0.9


@pytest.mark.parametrize(
    ("wish", "encoding"),
    [
        ("gzip;q=0", None),
        ("br;q=0, gzip;q=0", None),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0, *", "gzip"),
        ("*;q=0", None),
        ("*", "br"),
        ("gzip;q=0.2, br;q=0.1", "gzip"),
        ("identity, gzip;q=0.5", None),
        ("gzip, identity", "gzip"),
        ("deflate, zstd", None),
        ("", None),
    ],
)
def test_what_somebody_cannot_read_is_not_sent_to_them(
    client: FlaskClient, wish: str, encoding: str | None
) -> None:
    for path in ("/static/css/base.css", "/sign-in"):
        answer = client.get(path, headers={"Accept-Encoding": wish})
        assert answer.headers.get("Content-Encoding") == encoding


def test_a_compressed_answer_is_confirmed_by_its_etag(client: FlaskClient) -> None:
    asks = {"Accept-Encoding": "br"}
    answer = client.get("/static/css/base.css", headers=asks)
    assert answer.headers["Content-Encoding"] == "br"

    again = client.get("/static/css/base.css", headers={**asks, "If-None-Match": answer.headers["ETag"]})

    assert again.status_code == 304
