"""Texts in other languages, read from the `.po` files that translators write.

A language is one file: `seatbook/translations/<language>/LC_MESSAGES/messages.po`.
It is read when somebody first needs it, in about 50 ms; there is no compiled
copy beside it that could be missing or old.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import current_app
from flask_babel import Domain, get_locale

from seatbook.config import PROJECT_DIR

FOLDER = PROJECT_DIR / "seatbook" / "translations"
# What the texts in the code are written in. It needs no file.
SOURCE_LANGUAGE = "en"


class TranslationFiles:
    """All languages of one folder. `languages` are their names: ("de", "en")."""

    def __init__(self, folder: Path) -> None:
        self.files = {path.parent.parent.name: path for path in folder.glob("*/LC_MESSAGES/messages.po")}
        self.languages = tuple(sorted({SOURCE_LANGUAGE, *self.files}))
        self._read: dict[str, NullTranslations] = {}
        self._of_locale: dict[Locale, NullTranslations] = {}

    def nearest(self, locale: Locale) -> str:
        """The language in which a locale is spoken to: "pt_BR" has a file of its own, or that of "pt"."""
        names = (str(locale), str(locale.language))
        return next((name for name in names if name in self.languages), SOURCE_LANGUAGE)

    def of(self, locale: Locale) -> NullTranslations:
        """The texts for a locale. Asked for with every single text, so a locale's answer is kept."""
        texts = self._of_locale.get(locale)
        if texts is None:
            texts = self._of_locale[locale] = self._in_language(self.nearest(locale))
        return texts

    def _in_language(self, name: str) -> NullTranslations:
        texts = self._read.get(name)
        if texts is None:
            path = self.files.get(name)
            texts = self._read[name] = read_translations(path) if path else NullTranslations()
        return texts


class TextsOfApp(Domain):
    """Where flask-babel finds a text: in the files of the present application."""

    def get_translations(self) -> NullTranslations:
        return files_of_app().of(get_locale() or Locale(SOURCE_LANGUAGE))


def files_of_app() -> TranslationFiles:
    files: TranslationFiles = current_app.extensions["seatbook_languages"]
    return files


def read_translations(path: Path) -> Translations:
    """The texts of one file. Those that are marked as fuzzy are left out, so English stands in for them."""
    with path.open("rb") as po:
        catalogue = read_po(po)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)
