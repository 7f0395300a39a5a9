"""The language of a page: the one that the visitor chose, else the first that the browser asks for and we speak.

Dates, numbers and money follow the region that the browser names with it: who
asks for "en-GB" reads English with British dates, "de-CH" German with Swiss money.
What somebody chose is kept in a cookie of its own, which says nothing else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from babel import Locale, localedata
from babel.core import get_global
from flask import Blueprint, Flask, Response, current_app, has_request_context, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from seatbook.config import Config
from seatbook.extensions import babel
from seatbook.web.sessions import page_of_request, safe_next
from seatbook.web.texts import language
from seatbook.web.translations import FOLDER, SOURCE_LANGUAGE, TextsOfApp, TranslationFiles, files_of_app

COOKIE = "language"
REMEMBERED_SECONDS = 365 * 24 * 3600

blueprint = Blueprint("languages", __name__)


def init_app(app: Flask) -> None:
    """Bind translations, the formats of dates, numbers and money, and the switch between languages."""
    app.extensions["seatbook_languages"] = TranslationFiles(FOLDER)
    babel.init_app(app, default_locale=SOURCE_LANGUAGE, locale_selector=_locale_of_request)
    babel.domain_instance = TextsOfApp()
    app.register_blueprint(blueprint)
    app.after_request(_tell_language)
    app.jinja_env.globals.update(languages=languages, language=language, page_of_request=page_of_request)


@dataclass(frozen=True, slots=True)
class Spoken:
    """A language to choose: `code` names its file, `tag` is for `lang=`, `name` is its own name for itself."""

    code: str
    tag: str
    name: str
    is_current: bool


def languages() -> list[Spoken]:
    """Every language that seatbook speaks, by name."""
    found = [
        Spoken(code, tag := code.replace("_", "-"), own_name(code), is_current=tag == language())
        for code in files_of_app().languages
    ]
    return sorted(found, key=lambda spoken: spoken.name)


@blueprint.get("/language")
def choose() -> BaseResponse:
    """Remember the language `to` in this browser and go back to the page `next`.

    A GET with a form: it changes nothing but a cookie, so a visitor needs no
    session and no token for it.
    """
    response = redirect(safe_next(request.args.get("next")), 303)
    response.headers["Cache-Control"] = "no-store"
    chosen = request.args.get("to")
    if chosen in files_of_app().languages:
        config: Config = current_app.extensions["seatbook"]
        response.set_cookie(
            COOKIE,
            chosen,
            max_age=REMEMBERED_SECONDS,
            secure=config.cookie_secure,
            httponly=True,
            samesite="Lax",
        )
    return response


def _locale_of_request() -> str:
    if not has_request_context():
        return SOURCE_LANGUAGE
    chosen = request.cookies.get(COOKIE, "")
    asked_for = [tag for tag, quality in request.accept_languages if quality > 0]
    return locale_for(chosen, asked_for, spoken=files_of_app().languages)


def locale_for(chosen: str, asked_for: list[str], *, spoken: tuple[str, ...]) -> str:
    """Language and formats for somebody who chose a language ("" when not), and whose browser asks for these."""
    wishes = [wish for tag in asked_for if (wish := _read_tag(tag))]
    if chosen not in spoken:
        fitting = (name for wish in wishes for name in ("_".join(wish), wish[0]) if name in spoken)
        chosen = next(fitting, SOURCE_LANGUAGE)
    regions = (region for language, region in wishes if language == chosen and region)
    return _regional(chosen, next(regions, ""))


_TAG = re.compile(r"([a-z]{2,3})(?:-([a-z]{2}))?(?:-.*)?", re.IGNORECASE)


def _read_tag(tag: str) -> tuple[str, str] | None:
    """("de", "CH") of "de-CH"; ("de", "") of "de". Scripts and variants are left out."""
    match = _TAG.fullmatch(tag)
    return (match[1].lower(), (match[2] or "").upper()) if match else None


@lru_cache(maxsize=512)
def _regional(language: str, region: str) -> str:
    """ "de_CH"; but "de" for Germany and "en" for the United States, whose formats that already is."""
    usual = get_global("likely_subtags").get(language, "").rpartition("_")[2]
    locale = f"{language}_{region}"
    return locale if region and region != usual and localedata.exists(locale) else language


@cache
def own_name(code: str) -> str:
    name = Locale.parse(code).display_name or code
    return name[0].upper() + name[1:]


def _tell_language(response: Response) -> Response:
    """Say what a page is written in, and that another visitor's may differ."""
    if response.mimetype == "text/html":
        response.headers["Content-Language"] = language()
        response.vary.update(("Accept-Language", "Cookie"))
    return response
