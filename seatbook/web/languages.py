"""The language of a page: what the browser asks for, among those that seatbook speaks."""

from __future__ import annotations

from flask import Flask, has_request_context, request
from flask_babel import get_locale

from seatbook.config import PROJECT_DIR
from seatbook.extensions import babel

SOURCE_LANGUAGE = "en"


def init_app(app: Flask) -> None:
    """Bind translations and the formats of dates, numbers and money. `translations/` holds the catalogues."""
    folder = PROJECT_DIR / "translations"
    spoken = sorted(
        {SOURCE_LANGUAGE, *(path.parent.parent.name for path in folder.glob("*/LC_MESSAGES/*.mo"))}
    )

    def preferred() -> str:
        if not has_request_context():
            return SOURCE_LANGUAGE
        return request.accept_languages.best_match(spoken, default=SOURCE_LANGUAGE) or SOURCE_LANGUAGE

    babel.init_app(
        app,
        default_locale=SOURCE_LANGUAGE,
        default_translation_directories=str(folder),
        locale_selector=preferred,
    )
    app.jinja_env.globals["get_locale"] = get_locale
