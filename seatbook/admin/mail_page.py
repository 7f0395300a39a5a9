"""Letters that go out, went, or did not: to read them, fetch their files, and try again.

Letters without a kind, such as the link for a new password, are their
recipient's alone: who could read them here could open anybody's account.
"""

from __future__ import annotations

import re

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from seatbook.admin import order_words
from seatbook.admin.access import open_to, staff_pages
from seatbook.domain.mail import MAX_ATTEMPTS, Attachment, Letter, try_again
from seatbook.errors import NotFound
from seatbook.queries.letters import LETTER_STATES, LetterView, find_letters, load_letter
from seatbook.web.letters import files_of, write_letter
from seatbook.web.security import show_as_letter, shows_letter
from seatbook.web.texts import gettext as _

blueprint: Blueprint = staff_pages("staff_mail", __name__)

LONGEST_WORDS = 200
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


@blueprint.get("/mail")
@open_to("box_office", "admin")
def search() -> BaseResponse:
    words = request.args.get("q", "").strip()[:LONGEST_WORDS]
    state = request.args.get("state", "")
    state = state if state in LETTER_STATES else ""
    before = request.args.get("before", type=int)
    page = render_template(
        "staff/_letters_found.html" if "HX-Request" in request.headers else "staff/mail.html",
        found=find_letters(words=words, state=state, before=before),
        q=words,
        state=state,
        before=before,
        states=LETTER_STATES,
        words=order_words,
        state_words=state_words,
    )
    return make_response(page)


@blueprint.get("/mail/<int:mail_id>")
@open_to("box_office", "admin")
def letter(mail_id: int) -> str:
    found = load_letter(mail_id)
    shows_letter()
    return render_template(
        "staff/letter.html",
        line=found.line,
        letter=_readable(found),
        files=_files(found),
        state_words=state_words,
        most_attempts=MAX_ATTEMPTS,
    )


@blueprint.get("/mail/<int:mail_id>/letter.html")
@open_to("box_office", "admin")
def as_html(mail_id: int) -> BaseResponse:
    """The letter itself, for the frame of its page."""
    readable = _readable(load_letter(mail_id))
    if readable is None or readable.body_html is None:
        raise NotFound(what="letter")
    response = make_response(readable.body_html)
    style = _STYLE.search(readable.body_html)
    show_as_letter(response, style=style[1] if style else "")
    return response


@blueprint.get("/mail/<int:mail_id>/files/<name>")
@open_to("box_office", "admin")
def file(mail_id: int, name: str) -> BaseResponse:
    """A file that comes with the letter, as it would be now."""
    for attachment in _files(load_letter(mail_id)):
        if attachment.file_name == name:
            response = make_response(attachment.content)
            response.mimetype = attachment.content_type.partition(";")[0]
            response.headers.set("Content-Disposition", "attachment", filename=name)
            return response
    raise NotFound(what="letter")


@blueprint.post("/mail/<int:mail_id>/try-again")
@open_to("box_office", "admin")
def again(mail_id: int) -> BaseResponse:
    try_again(mail_id)
    flash(_("This letter goes out again within seconds, with all its attempts."))
    return redirect(url_for(".letter", mail_id=mail_id), 303)


@blueprint.get("/mail/<int:mail_id>/try-again")
@open_to("box_office", "admin")
def back_to_letter(mail_id: int) -> BaseResponse:
    """The address of the form, loaded again."""
    return redirect(url_for(".letter", mail_id=mail_id), 303)


def _readable(found: LetterView) -> Letter | None:
    """What staff may read: as it went, or as it would go now."""
    if found.told is None:
        return None
    return found.worded or write_letter(found.told)


def _files(found: LetterView) -> tuple[Attachment, ...]:
    return () if found.told is None else files_of(found.told)


def state_words(state: str) -> str:
    return {"sent": _("Sent"), "waiting": _("Waiting"), "failed": _("Given up")}[state]
