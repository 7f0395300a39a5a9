"""Texts for people, in the language of the request. flask-babel's functions, with types."""

from __future__ import annotations

from typing import Any

import flask_babel


def gettext(text: str, **values: Any) -> str:
    """The text in the visitor's language, with its %(name)s fields filled in when values are given."""
    return str(flask_babel.gettext(text, **values))


def ngettext(one: str, many: str, num: int, **values: Any) -> str:
    """The text that fits the number, which also fills %(num)s."""
    return str(flask_babel.ngettext(one, many, num, **values))
