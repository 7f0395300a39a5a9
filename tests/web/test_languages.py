from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from seatbook import create_app
from seatbook.web import languages
from seatbook.web.languages import locale_for
from tests.visitor import Visitor

# A third language, as a translator would bring it: one file.
PORTUGUESE = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Language: pt_BR\\n"
"Plural-Forms: nplurals=2; plural=(n > 1);\\n"

msgid "What’s on"
msgstr "Em cartaz"

#, fuzzy
msgid "Sign in"
msgstr "Assinar"
"""


@pytest.fixture
def app_in_three_languages(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Flask:
    for name, text in {"pt_BR": PORTUGUESE, "de": 'msgid "What’s on"\nmsgstr "Spielplan"\n'}.items():
        folder = tmp_path / name / "LC_MESSAGES"
        folder.mkdir(parents=True)
        (folder / "messages.po").write_text(text, "utf-8")
    monkeypatch.setattr(languages, "FOLDER", tmp_path)
    return create_app(app.extensions["seatbook"])


@pytest.mark.parametrize(
    ("chosen", "asked_for", "spoken"),
    [
        ("", [], "en"),
        ("", ["de"], "de"),
        ("", ["fr", "de-DE"], "de"),
        ("", ["fr", "it"], "en"),
        ("", ["en", "de"], "en"),
        ("", ["de-CH"], "de_CH"),
        ("", ["en-GB", "de"], "en_GB"),
        ("", ["en-US"], "en"),
        ("", ["pt-BR"], "pt_BR"),
        ("", ["DE-at"], "de_AT"),
        ("", ["de-Latn-CH", "de-XX", "de-1996", "*"], "de"),
        ("de", ["en-GB"], "de"),
        ("de", ["en-GB", "de-CH"], "de_CH"),
        ("en", ["de-DE", "en-IE"], "en_IE"),
        ("tlh", ["de"], "de"),
    ],
)
def test_a_choice_comes_first_then_the_browser_s_wishes_in_order(
    chosen: str, asked_for: list[str], spoken: str
) -> None:
    assert locale_for(chosen, asked_for, spoken=("de", "en", "pt_BR")) == spoken


@pytest.mark.parametrize("header", ["de;q=0, fr", "", "x" * 5000, "-,;q=,d\xe4", "de;q=nan"])
def test_what_a_browser_may_send_is_never_a_fault(client: FlaskClient, header: str) -> None:
    page = client.get("/", headers={"Accept-Language": header})
    assert (page.status_code, page.headers["Content-Language"]) == (200, "en")


def test_a_page_says_what_it_is_written_in_and_that_it_depends_on_the_visitor(
    app_in_three_languages: Flask,
) -> None:
    client = app_in_three_languages.test_client()
    for asked, tag, heading in [
        ("de-AT", "de", "Spielplan"),
        ("pt-BR", "pt-BR", "Em cartaz"),
        ("fr", "en", "What’s on"),
    ]:
        page = client.get("/", headers={"Accept-Language": asked})
        assert f'<html lang="{tag}">' in page.text
        assert f"<h1>{heading}</h1>" in page.text
        assert page.headers["Content-Language"] == tag
        assert {"Accept-Language", "Cookie"} <= set(page.vary)


def test_a_language_is_one_file_and_what_is_not_sure_in_it_stays_english(
    app_in_three_languages: Flask,
) -> None:
    page = app_in_three_languages.test_client().get("/", headers={"Accept-Language": "pt-BR"})
    assert "Assinar" not in page.text
    assert "Sign in" in page.text
    assert (
        '<button class="link" name="to" value="pt_BR" lang="pt-BR" aria-current="true">Português (Brasil)</button>'
        in page.text
    )


def test_the_switch_is_remembered_and_leads_back(app_in_three_languages: Flask) -> None:
    visitor = Visitor(app_in_three_languages)
    page = visitor.open("/?kind=film&page=2")
    assert 'name="next" value="/?kind=film&amp;page=2"' in page.text
    switched = visitor.open("/language?to=de&next=/?kind=film%26page=2")
    assert (switched.status_code, switched.headers["Location"]) == (303, "/?kind=film&page=2")
    assert switched.headers["Cache-Control"] == "no-store"
    again = visitor.open("/", headers={"Accept-Language": "pt-BR"})
    assert again.headers["Content-Language"] == "de"
    assert 'value="de" lang="de" aria-current="true">Deutsch</button>' in again.text


def test_a_choice_lasts_and_scripts_cannot_read_it(app_in_three_languages: Flask) -> None:
    client = app_in_three_languages.test_client()
    cookie = client.get("/language?to=de&next=/").headers["Set-Cookie"]
    assert cookie.startswith("language=de;")
    assert "Max-Age=31536000" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    # Nobody needs a session for it.
    assert client.get_cookie("seatbook") is None


@pytest.mark.parametrize("query", ["to=tlh&next=/", "next=/", "to=&next=/", "to=../../de&next=/"])
def test_a_language_that_nobody_speaks_is_not_remembered(app_in_three_languages: Flask, query: str) -> None:
    answer = app_in_three_languages.test_client().get(f"/language?{query}")
    assert answer.status_code == 303
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "", "reservations"]
)
def test_the_switch_leads_to_no_other_site(client: FlaskClient, target: str) -> None:
    assert client.get("/language", query_string={"to": "en", "next": target}).headers["Location"] == "/"


def test_from_a_refused_form_the_switch_leads_to_its_page_and_not_to_its_address(client: FlaskClient) -> None:
    page = {"Referer": "http://localhost/events/7?page=2"}
    refused = client.post("/events/7/seats", data={"hold": "1"}, headers=page)
    assert refused.status_code == 400
    assert 'name="next" value="/events/7?page=2"' in refused.text
