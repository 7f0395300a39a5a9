"""Every text for people is marked for translators, wherever it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from seatbook.config import PROJECT_DIR
from tests.texts import extracted, texts_of
from tests.unmarked import (
    marked_in_python,
    unmarked_in_python,
    unmarked_in_script,
    unmarked_in_style,
    unmarked_in_template,
    unmarked_reasons,
)

TEMPLATES = PROJECT_DIR / "templates"
SOURCE = PROJECT_DIR / "seatbook"
# Rooms in which any sentence is for people. Those of commands are English, and so are the reports of plan files.
ROOMS_OF_PAGES = ("web", "admin", "live")
ROOMS_OF_REFUSALS = ("domain", "queries")
REPORTS = "plan_"
# Words of machines, which look like words of people.
NOT_SPOKEN = {
    "web/checkout.py": {"/<any(prices, pay):_act>"},
    "web/errors.py": {"others have waited for it in vain"},
    "web/events.py": {
        "/events/<int:event_id>/<any(best, parties, extend, seats, release, reserve):_act>",
        "public, max-age=31536000, immutable",
    },
    "web/letters/attachments.py": {"text/calendar; method="},
    "web/limits.py": {
        "sign-in address",
        "sign-in name",
        "sign-in name and address",
        "register address",
        "reset address",
        "reset mailbox",
        "password address",
        "code address",
        "new holder",
    },
    "web/once.py": {
        '<input type="hidden" name="csrf_token" value="{}">',
        '<input type="hidden" name="{}" value="{}">',
    },
    "web/security.py": {"trusted-types htmx", "private, no-cache"},
    "web/statics.py": {"public, max-age=31536000, immutable"},
    "web/tickets/fonts.py": {"there is no folder to keep fonts in"},
    "web/tickets/qr.py": {
        '<svg class="qr" viewBox="0 0 {size} {size}" role="img" aria-label="{label}" shape-rendering="crispEdges">'
        '<rect width="{size}" height="{size}" fill="#fff"/><path d="{rows}" fill="#000"/></svg>'
    },
    # A state of htmx's.
    "live.js": {"response received"},
    "errors.py": {"seatbook cannot start:\n%(listing)s", "There is no such %(what)s."},
}


def _files(folder: Path, *patterns: str) -> list[Path]:
    return sorted(path for pattern in patterns for path in folder.rglob(pattern))


def _in_rooms(*rooms: str) -> list[Path]:
    return [path for room in rooms for path in _files(SOURCE / room, "*.py")]


def test_templates_write_nothing_by_themselves() -> None:
    paths = _files(TEMPLATES, "*.html", "*.txt")
    assert len(paths) > 20
    found = {
        str(path.relative_to(TEMPLATES)): texts
        for path in paths
        if (texts := unmarked_in_template(path.read_text("utf-8"), is_markup=path.suffix == ".html"))
    }
    assert found == {}


def test_pages_say_nothing_unmarked() -> None:
    paths = [*_in_rooms(*ROOMS_OF_PAGES), SOURCE / "errors.py"]
    assert len(paths) > 20
    found = {}
    for path in paths:
        name = str(path.relative_to(SOURCE))
        if texts := set(unmarked_in_python(path.read_text("utf-8"))) - NOT_SPOKEN.get(name, set()):
            found[name] = texts
    assert found == {}


def test_whatever_is_marked_reaches_the_translators() -> None:
    reached = {text.english[0] for text in texts_of(extracted())}
    found = {
        str(path.relative_to(SOURCE)): lost
        for path in _files(SOURCE, "*.py")
        if (lost := set(marked_in_python(path.read_text("utf-8"))) - reached)
    }
    assert found == {}, "the extraction does not see them, as within an f-string"


def test_a_mark_within_an_f_string_is_seen() -> None:
    assert marked_in_python("f\"{why} {_('%(n)s goes back.', n=n)}\"") == ["%(n)s goes back."]
    assert marked_in_python('pgettext("day", "Mo"); ngettext("one", "two", n); _(text)') == ["Mo", "one"]


def test_reasons_for_a_refusal_are_marked() -> None:
    paths = [
        path
        for path in _in_rooms(*ROOMS_OF_REFUSALS)
        if not any(part.startswith(REPORTS) for part in path.parts)
    ]
    assert len(paths) > 40
    found = {
        str(path.relative_to(SOURCE)): texts
        for path in paths
        if (texts := unmarked_reasons(path.read_text("utf-8")))
    }
    assert found == {}


def test_scripts_and_styles_say_nothing() -> None:
    scripts = _files(PROJECT_DIR / "static" / "js", "*.js")
    styles = _files(PROJECT_DIR / "static" / "css", "*.css")
    assert scripts
    assert styles
    found = {
        path.name: texts
        for path in scripts
        if (texts := set(unmarked_in_script(path.read_text("utf-8"))) - NOT_SPOKEN.get(path.name, set()))
    }
    assert found == {}
    assert [text for path in styles for text in unmarked_in_style(path.read_text("utf-8"))] == []


# Each of these is found, or is fine


@pytest.mark.parametrize(
    "template",
    [
        "<p>Sold out</p>",
        "<p>{% if x %}Sold{% else %}{{ x }}{% endif %}</p>",
        "<p>{{ x }} left</p>",
        '<p>{{ "Screen" if film else "Stage" }}</p>',
        '<p>{{ name or "Nobody" }}</p>',
        '<p>{{ "Row " ~ row }}</p>',
        '<p>{{ "sold" | upper }}</p>',
        '<button aria-label="Close">×</button>',
        "<button aria-label=\"{{ 'Give back' if x else _('Take') }}\">×</button>",
        '<img alt="A poster" src="/x">',
        '<input type="submit" value="Send">',
        '<input placeholder="Name">',
        '<p data-lost="You are offline">{{ x }}</p>',
        '{% extends "base.html" %}{% block title %}Sold out · seatbook{% endblock %}',
        '{% set note = "Sold out" %}<p>{{ note }}</p>',
        "{% macro a() %}<b>Sold</b>{% endmacro %}",
        '{{ field("Your name") }}',
    ],
)
def test_an_unmarked_text_of_a_template_is_found(template: str) -> None:
    assert unmarked_in_template(template)


@pytest.mark.parametrize(
    "template",
    [
        '<p>{{ _("Sold out") }} · seatbook</p>',
        '<p class="big">{{ ngettext("%(num)s place", "%(num)s places", n) }}</p>',
        '<p aria-label="{{ _("Give back: %(name)s", name=line.name) }}">{{ "−" if x else "×" }}</p>',
        '{# Sold out #}<script type="module" src="x.js"></script>',
        '<p class="{{ \'is-late\' if x else \'is-early\' }}" role="{{ "alert" if x else "status" }}">{{ x }}</p>',
        '{% extends "base.html" %}{% block body_class %}with-sheet{% endblock %}',
        '{% set note = _("Sold out") %}<p data-event="7">{{ note }}</p>',
        '<input type="hidden" name="next" value="home">',
    ],
)
def test_a_marked_text_of_a_template_is_fine(template: str) -> None:
    assert unmarked_in_template(template) == []


@pytest.mark.parametrize(
    "source",
    [
        'flash("Your places are back on sale.")',
        'flash(f"{name} is cancelled.")',
        'raise InvalidInput(field="seat", reason="Please choose a place first.")',
        'return {"held": "held by somebody"}[status]',
        'Letter(to, subject="A new password")',
        '"%(n)s places left" % {"n": 2}',
    ],
)
def test_an_unmarked_sentence_is_found(source: str) -> None:
    assert unmarked_in_python(source)


@pytest.mark.parametrize(
    "source",
    [
        'flash(_("Your places are back on sale."))',
        'raise InvalidInput(field="seat", reason=N_("Please choose a place first."))',
        '"""What is on sale."""\ndef f():\n    """And for whom."""\n    return ngettext("one place", "many places", 2)',
        'log.warning("The database did not answer: %s", error)',
        'raise ValueError("no such thing here")',
        'x = pgettext("day and time", "%(day)s, %(time)s", day=day, time=time)',
    ],
)
def test_a_marked_sentence_is_fine(source: str) -> None:
    assert unmarked_in_python(source) == []


def test_an_unmarked_reason_is_found_between_sql() -> None:
    source = 'text("SELECT a FROM b")\nraise InvalidInput(field="x", reason=f"{n} is too much.")'
    assert unmarked_reasons(source) == [" is too much."]
    assert unmarked_reasons('return _unfit("name", "A name has letters only.")') == [
        "A name has letters only."
    ]
    assert unmarked_reasons('raise InvalidInput(field="x", reason=N_("%(n)s is too much."), n=n)') == []


def test_words_in_scripts_and_styles_are_found() -> None:
    assert unmarked_in_script('p.textContent = "You are offline";') == ["You are offline"]
    assert unmarked_in_script("p.textContent = `${n} places left`;") == ["${n} places left"]
    fine = (
        'a.querySelector(".hall :target"); // Somebody "signed out" here\nb = "aria-label"; /* "two words" */'
    )
    assert unmarked_in_script(fine) == []
    assert unmarked_in_style('.a::after { content: "Sold out"; }') == ["Sold out"]
    assert unmarked_in_style('.a::after { content: "×"; }') == []
