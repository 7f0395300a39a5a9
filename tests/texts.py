"""The texts for people in code and templates, and the files that translate them.

    make texts              bring every language's file up to date
    make texts NEW=fr       begin a file for one more language

Texts that are new stand there empty, to be translated; texts that nobody uses
any more are gone. `tests/test_texts.py` fails while a language is not complete.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale, localedata
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from seatbook.config import PROJECT_DIR
from seatbook.web.translations import FOLDER

HEADER = """\
# {language} texts of seatbook. `make texts` adds what is new, see tests/texts.py.
msgid ""
msgstr ""
"Language: {code}\\n"
"Plural-Forms: {plural_forms}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""
SOURCES = [("seatbook/**.py", "python"), ("templates/**.html", "jinja2"), ("templates/**.txt", "jinja2")]
OPTIONS = {pattern: {"silent": "false"} for pattern, method in SOURCES if method == "jinja2"}
# How a text is marked, and which arguments are text: singular and plural, or (c) what tells two uses apart.
MARKS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "_l": None,
    "gettext": None,
    "N_": None,
    "ngettext": (1, 2),
    "NN_": (1, 2),
    "pgettext": ((1, "c"), 2),
}
STYLE: dict[str, Any] = {
    "width": 110,
    "sort_by_file": True,
    "include_lineno": False,
    "ignore_obsolete": True,
    "omit_header": True,
}


def files() -> dict[str, Path]:
    """The file of each language: {"de": …/de/LC_MESSAGES/messages.po}."""
    return {path.parent.parent.name: path for path in sorted(FOLDER.glob("*/LC_MESSAGES/messages.po"))}


@cache
def extracted() -> Catalog:
    """Every text that is marked in code and templates, without translations."""
    found = Catalog()
    texts = extract_from_dir(
        PROJECT_DIR, SOURCES, OPTIONS, MARKS, directory_filter=lambda path: Path(path).name[0] not in "._"
    )
    for file_name, line, text, _comments, context in texts:
        found.add(text, locations=[(file_name, line)], context=context)
    return found


def read(path: Path) -> Catalog:
    with path.open("rb") as po:
        return read_po(po, locale=path.parent.parent.name)


@dataclass(frozen=True, slots=True)
class Text:
    """A text, with its forms in English and in a language: one, or as many as the language has plurals."""

    context: str | None
    english: tuple[str, ...]
    translated: tuple[str, ...]
    is_sure: bool

    @property
    def is_complete(self) -> bool:
        return self.is_sure and all(form.strip() for form in self.translated)


def texts_of(catalogue: Catalog) -> list[Text]:
    return [
        Text(message.context, _forms(message.id), _forms(message.string), is_sure=not message.fuzzy)
        for message in catalogue
        if message.id
    ]


def _forms(text: str | Sequence[str] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ("",))


def update(path: Path) -> None:
    """Bring one file up to date with the texts in code and templates."""
    language = path.parent.parent.name
    catalogue = read(path) if path.exists() else Catalog(locale=language)
    catalogue.update(extracted(), no_fuzzy_matching=True)
    header = HEADER.format(
        language=Locale.parse(language).english_name, code=language, plural_forms=catalogue.plural_forms
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as po:
        po.write(header.encode())
        write_po(po, catalogue, **STYLE)


def main(new_languages: list[str]) -> None:
    for language in new_languages:
        if not localedata.exists(language):
            sys.exit(f"“{language}” is not the code of a language. Write it like fr or pt_BR.")
        update(FOLDER / language / "LC_MESSAGES" / "messages.po")
    for language, path in files().items():
        update(path)
        texts = texts_of(read(path))
        missing = sum(not text.is_complete for text in texts)
        print(f"{language}: {len(texts)} texts, {missing} to translate: {path.relative_to(PROJECT_DIR)}")


if __name__ == "__main__":
    main(sys.argv[1:])
