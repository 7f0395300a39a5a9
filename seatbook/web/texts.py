"""Texts for people, in the language of the request. flask-babel's functions, with types."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from gettext import NullTranslations
from typing import Any

import flask_babel

from seatbook.web.translations import files_of_app


def gettext(text: str, **values: Any) -> str:
    """The text in the visitor's language, with its %(name)s fields filled in when values are given."""
    return str(flask_babel.gettext(text, **values))


def ngettext(one: str, many: str, num: int, **values: Any) -> str:
    """The text that fits the number, which also fills %(num)s."""
    return str(flask_babel.ngettext(one, many, num, **values))


def pgettext(where: str, text: str, **values: Any) -> str:
    """A text that is short enough to mean several things; `where` tells the translator which one it is."""
    return str(flask_babel.pgettext(where, text, **values))


def translations() -> NullTranslations:
    """All texts of the visitor's language, for sentences that come from elsewhere, as refusals do."""
    texts: NullTranslations = flask_babel.get_translations()
    return texts


def language() -> str:
    """The language that texts are written in now, as `lang=` names it: "en", "de", "pt-BR"."""
    return files_of_app().nearest(flask_babel.get_locale()).replace("_", "-")


def spoken_locale() -> str:
    """Language and formats of this request in one word, for `speaking`: "de", or "de_CH"."""
    return str(flask_babel.get_locale())


@contextmanager
def speaking(locale: str) -> Iterator[None]:
    """Write texts in the language and the formats of `locale`, for somebody else than whoever asked."""
    with flask_babel.force_locale(locale):
        yield
