"""Letters: what `domain/letters.py` wrote down for buyers, in words; and what an owner of webhooks is told.

Each kind is worded once (`words.py`), and the plain text and the HTML of a letter
are two ways to print the same words: they cannot tell different things.
"""

from __future__ import annotations

from flask import Flask, current_app

from seatbook.domain.mail import Attachment, Letter, Told
from seatbook.web.letters.attachments import attachments_of
from seatbook.web.letters.facts import read_facts
from seatbook.web.letters.webhook_off import WEBHOOK_OFF, write_webhook_off
from seatbook.web.letters.words import words_of
from seatbook.web.texts import language, speaking
from seatbook.web.translations import SOURCE_LANGUAGE

__all__ = ["files_of", "init_app", "write_letter"]


def init_app(app: Flask) -> None:
    """The worker has no pages, and finds here who words its letters."""
    app.extensions["seatbook_letters"] = write_letter


def write_letter(told: Told) -> Letter:
    """Word a letter in the language of its recipient. Needs an application, and no request."""
    with speaking(told.language or SOURCE_LANGUAGE):
        if told.kind == WEBHOOK_OFF:
            return write_webhook_off(told)
        facts = read_facts(told)
        files = attachments_of(told, facts)
        words = words_of(told.kind, facts, has_files=bool(files))
        values = {"words": words, "language": language()}
        return Letter(
            told.recipient,
            # A title may be of two lines; a subject has one.
            subject=" ".join(words.subject.split()),
            body_text=_render("mail/letter.txt", values),
            body_html=_render("mail/letter.html", values),
            attachments=files,
        )


def files_of(told: Told) -> tuple[Attachment, ...]:
    """What comes with a letter, made anew: files are kept nowhere."""
    if told.kind == WEBHOOK_OFF:
        return ()
    with speaking(told.language or SOURCE_LANGUAGE):
        return attachments_of(told, read_facts(told))


def _render(template: str, values: dict[str, object]) -> str:
    return current_app.jinja_env.get_template(template).render(values)
