"""Every language says everything that English does, and loses no name or number on the way."""

from __future__ import annotations

import re

import pytest

from tests.texts import Text, extracted, files, read, texts_of

FIELD = re.compile(r"%\((\w+)\)s")


def faults(texts: list[Text], *, marked: list[Text]) -> list[str]:
    """What is wrong with the texts of one language, against those that are marked in code and templates."""
    known = {(text.context, text.english): text for text in texts}
    found = []
    for wanted in marked:
        text = known.pop((wanted.context, wanted.english), None)
        if text is None:
            found.append(f"missing: {wanted.english[0]}")
        elif not text.is_sure:
            found.append(f"fuzzy: {text.english[0]}")
        elif not text.is_complete:
            found.append(f"empty: {text.english[0]}")
        else:
            found += [
                f"{fault}: {text.english[0]}"
                for form in text.translated
                for fault in _form_faults(form, text)
            ]
    return found + [f"not used any more: {english[0]}" for _, english in known]


def _form_faults(form: str, text: Text) -> list[str]:
    fields = {field for english in text.english for field in FIELD.findall(english)}
    # "the last place" may do without its number.
    optional = {"num"} if len(text.english) > 1 else set()
    found = []
    if not fields - optional <= set(FIELD.findall(form)) <= fields:
        found.append("other fields")
    if "%" in FIELD.sub("", form):
        found.append("a stray %")
    # Templates take a text as finished markup, also inside attributes.
    if re.search(r"[<>&\"]", form):
        found.append("markup")
    if form != form.strip():
        found.append("space at an end")
    return found


@pytest.mark.parametrize("language", files())
def test_every_text_is_translated_with_its_fields(language: str) -> None:
    found = faults(texts_of(read(files()[language])), marked=texts_of(extracted()))
    assert found == [], f"`make texts` adds what is new to {files()[language]}; translate it there"


def test_english_texts_can_stand_in_markup_too() -> None:
    assert [
        text.english for text in texts_of(extracted()) for form in text.english if _form_faults(form, text)
    ] == []


def test_german_is_there_and_much_is_said() -> None:
    assert "de" in files()
    assert len(texts_of(extracted())) > 300


def _text(
    *translated: str, english: tuple[str, ...] = ("%(count)s of %(total)s",), sure: bool = True
) -> Text:
    return Text(None, english, translated, sure)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (_text("%(count)s von %(total)s"), None),
        (_text("von %(total)s: %(count)s"), None),
        (
            _text(
                "Letzter Platz",
                "Letzte %(num)s Plätze",
                english=("Last %(num)s place", "Last %(num)s places"),
            ),
            None,
        ),
        (_text("%(count)s von %(all)s"), "other fields"),
        (_text("%(count)s"), "other fields"),
        (_text("%(count)s von %(total)s, 5 %"), "a stray %"),
        (_text("<b>%(count)s</b> von %(total)s"), "markup"),
        (_text('"%(count)s" von %(total)s'), "markup"),
        (_text("%(count)s von %(total)s "), "space at an end"),
        (_text(""), "empty"),
        (_text("ein", "", english=("%(num)s place", "%(num)s places")), "empty"),
        (_text("%(count)s von %(total)s", sure=False), "fuzzy"),
    ],
)
def test_a_wrong_translation_is_found(text: Text, fault: str | None) -> None:
    assert faults([text], marked=[text]) == ([f"{fault}: {text.english[0]}"] if fault else [])


def test_a_text_too_many_or_too_few_is_found() -> None:
    text = _text("%(count)s von %(total)s")
    assert faults([], marked=[text]) == ["missing: %(count)s of %(total)s"]
    assert faults([text], marked=[]) == ["not used any more: %(count)s of %(total)s"]
