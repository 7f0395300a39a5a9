"""Forms count once: every one carries a key, and what is sent again changes nothing more."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from seatbook.config import PROJECT_DIR
from seatbook.extensions import csrf, db
from seatbook.models import AskedAct, Mail, User
from seatbook.web.once import WITHOUT_KEY
from tests.factories import Hall, let_hold_end, make_area, make_event, open_reservations, statuses
from tests.visitor import PASSWORD, Visitor
from tests.web.basket import basket_of

pytestmark = pytest.mark.usefixtures("app_context")

FORM = re.compile(r"<form\b[^>]*>.*?</form>", re.S)
FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
TWICE = "This came to us twice and was done once."


@pytest.fixture
def anna(app: Flask) -> Visitor:
    return Visitor(app)


def form_on(visitor: Visitor, page: str, action: str, **fields: Any) -> dict[str, Any]:
    """The form that goes to `action`, as it stands on the page, filled in."""
    text = visitor.open(page).text
    form = next(form for form in FORM.findall(text) if f'action="{action}"' in form)
    # Its own hidden fields; forms without a script send them with whatever button is pressed.
    drawn = dict(re.findall(r'<input[^>]* name="(csrf_token|once)"[^>]* value="([^"]*)"', form))
    assert set(drawn) == {"csrf_token", "once"}
    return {**drawn, **fields}


def press(visitor: Visitor, action: str, form: dict[str, Any], *, htmx: bool = False) -> TestResponse:
    return visitor.client.post(action, data=form, headers={"HX-Request": "true"} if htmx else {})


def held(hall: Hall) -> int:
    return statuses(hall).count("held")


def count(table: type[Any]) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(table)) or 0


# One press, one effect


@pytest.mark.parametrize("htmx", [True, False])
def test_taking_three_places_twice_by_one_form_takes_three(anna: Visitor, htmx: bool) -> None:
    hall = make_event()
    floor = make_area(hall, kind="standing", places=30)
    action = f"/events/{hall.event_id}/areas/{floor}"
    form = form_on(anna, f"/events/{hall.event_id}", action, quantity="3")
    assert [press(anna, action, form, htmx=htmx).status_code for _ in range(3)] == [200 if htmx else 303] * 3
    assert held(hall) == 3
    # A form that was drawn anew is a new wish.
    press(anna, action, form_on(anna, f"/events/{hall.event_id}", action, quantity="3"), htmx=htmx)
    assert held(hall) == 6


def test_the_first_click_of_all_counts_once_though_it_makes_the_holder(anna: Visitor) -> None:
    hall = make_event()
    floor = make_area(hall, kind="standing", places=30)
    action = f"/events/{hall.event_id}/areas/{floor}"
    form = form_on(anna, f"/events/{hall.event_id}", action, quantity="3")
    before = anna.cookie
    press(anna, action, form)
    # The answer was lost, and the holder's cookie with it.
    anna.cookie = before
    press(anna, action, form)
    press(anna, action, form)
    assert held(hall) == 3


def test_going_back_and_pressing_again_takes_nothing_more_and_says_so(anna: Visitor) -> None:
    hall = make_event()
    floor = make_area(hall, kind="standing", places=30)
    page, action = f"/events/{hall.event_id}", f"/events/{hall.event_id}/areas/{floor}"
    form = form_on(anna, page, action, quantity="3")
    press(anna, action, form)
    assert TWICE not in anna.open(page).text
    press(anna, action, form)
    text = anna.open(page).text
    assert TWICE in text
    assert "× 3" in text
    assert TWICE not in anna.open(page).text


def test_going_back_and_taking_another_number_is_another_wish(anna: Visitor) -> None:
    hall = make_event()
    floor = make_area(hall, kind="standing", places=30)
    action = f"/events/{hall.event_id}/areas/{floor}"
    form = form_on(anna, f"/events/{hall.event_id}", action, quantity="3")
    press(anna, action, form)
    press(anna, action, {**form, "quantity": "2"})
    assert held(hall) == 5


def test_two_windows_are_two_wishes(anna: Visitor) -> None:
    hall = make_event()
    floor = make_area(hall, kind="standing", places=30)
    action = f"/events/{hall.event_id}/areas/{floor}"
    windows = [form_on(anna, f"/events/{hall.event_id}", action, quantity="3") for _ in range(2)]
    for form in windows:
        press(anna, action, form)
    assert held(hall) == 6


def test_a_seat_that_was_given_back_is_not_held_by_the_press_that_arrives_late(anna: Visitor) -> None:
    hall = make_event(seats=2)
    page, action = f"/events/{hall.event_id}", f"/events/{hall.event_id}/seats"
    hold = form_on(anna, page, action, hold=str(hall.seat_ids[0]))
    press(anna, action, hold, htmx=True)
    press(anna, action, form_on(anna, page, action, release=str(hall.seat_ids[0])), htmx=True)
    answer = press(anna, action, hold, htmx=True)
    assert answer.status_code == 200
    assert "data-status=available" in answer.text
    assert held(hall) == 0


def test_the_best_seats_are_found_once_and_named_only_while_they_are_held(anna: Visitor) -> None:
    hall = make_event(seats=20)
    page, action = f"/events/{hall.event_id}", f"/events/{hall.event_id}/best"
    form = form_on(anna, page, action, quantity="2")
    for _ in range(2):
        assert "are yours for now" in press(anna, action, form, htmx=True).text
    assert held(hall) == 2
    release = f"/events/{hall.event_id}/release"
    press(anna, release, form_on(anna, page, release))
    answer = press(anna, action, form, htmx=True)
    assert answer.status_code == 200
    assert "for now" not in answer.text
    assert held(hall) == 0


def test_giving_all_back_twice_leaves_what_was_picked_since(anna: Visitor) -> None:
    hall = make_event(seats=2)
    page, action = f"/events/{hall.event_id}", f"/events/{hall.event_id}/release"
    anna.pick(hall.event_id, hall.seat_ids[0])
    form = form_on(anna, page, action)
    press(anna, action, form)
    anna.pick(hall.event_id, hall.seat_ids[1])
    press(anna, action, form)
    assert statuses(hall) == ["available", "held"]


def test_a_refused_press_may_be_pressed_again(anna: Visitor, app: Flask) -> None:
    hall = make_event(seats=1)
    rival = Visitor(app)
    rival.pick(hall.event_id, hall.seat_ids[0])
    page, action = f"/events/{hall.event_id}", f"/events/{hall.event_id}/seats"
    form = form_on(anna, page, action, hold=str(hall.seat_ids[0]))
    assert press(anna, action, form).status_code == 409
    let_hold_end(hall, open_reservations(hall)[0])
    assert press(anna, action, form).status_code == 303
    assert press(anna, action, form).status_code == 303


def test_reserving_and_cancelling_twice_is_done_once(anna: Visitor) -> None:
    hall = make_event(seats=1, price_minor=0)
    anna.register("anna")
    anna.pick(hall.event_id, hall.seat_ids[0])
    page, action = f"/events/{hall.event_id}", f"/events/{hall.event_id}/reserve"
    form = form_on(anna, page, action, **basket_of(anna.open(page).text))
    first, second = (press(anna, action, form) for _ in range(2))
    assert first.status_code == second.status_code == 303
    assert first.location == second.location
    cancel = f"{first.location}/cancel"
    form = form_on(anna, cancel, cancel)
    assert [press(anna, cancel, form).status_code for _ in range(2)] == [303, 303]
    assert statuses(hall) == ["available"]


def test_registering_twice_makes_one_account_and_signs_in(anna: Visitor) -> None:
    details = {"username": "anna", "email": "anna@example.org", "password": PASSWORD}
    form = form_on(anna, "/register", "/register", **details)
    before = anna.cookie
    assert press(anna, "/register", form).status_code == 303
    anna.cookie = before
    assert press(anna, "/register", form).status_code == 303
    assert anna.is_signed_in
    assert count(User) == 1


def test_asking_twice_for_a_new_password_sends_one_letter(anna: Visitor) -> None:
    anna.register("anna")
    anna.send("/sign-out", page="/account")
    form = form_on(anna, "/forgot-password", "/forgot-password", email="anna@example.org")
    for _ in range(2):
        assert press(anna, "/forgot-password", form).status_code == 200
    assert count(Mail) == 1


# Whose keys they are


def test_a_key_that_somebody_else_sends_is_their_own(anna: Visitor, app: Flask) -> None:
    hall = make_event()
    floor = make_area(hall, kind="standing", places=30)
    page, action = f"/events/{hall.event_id}", f"/events/{hall.event_id}/areas/{floor}"
    ben = Visitor(app)
    form = form_on(anna, page, action, quantity="3")
    press(anna, action, form)
    press(ben, action, {**form_on(ben, page, action, quantity="3"), "once": form["once"]})
    assert held(hall) == 6


def test_a_form_without_a_key_or_with_a_strange_one_works_as_before(anna: Visitor) -> None:
    hall = make_event()
    floor = make_area(hall, kind="standing", places=30)
    action = f"/events/{hall.event_id}/areas/{floor}"
    form = form_on(anna, f"/events/{hall.event_id}", action, quantity="1")
    for key in ("", "short", "x" * 65, "ä" * 20, "' OR 1=1 --------------"):
        assert press(anna, action, {**form, "once": key}).status_code == 303
    assert held(hall) == 5
    assert count(AskedAct) == 0


def test_nothing_that_was_typed_can_be_read_in_what_is_kept(anna: Visitor) -> None:
    details = {"username": "anna", "email": "anna@example.org", "password": PASSWORD}
    assert press(anna, "/register", form_on(anna, "/register", "/register", **details)).status_code == 303
    form = form_on(
        anna, "/account", "/account", current_password=PASSWORD, password="another velvet tram piano"
    )
    assert press(anna, "/account", form).status_code == 303
    db.session.rollback()
    kept = db.session.execute(select(AskedAct.key, AskedAct.fingerprint, AskedAct.result)).all()
    assert kept
    assert "velvet" not in repr(kept)
    assert "argon2" not in repr(kept)


def test_keys_of_one_request_are_not_those_of_the_next(anna: Visitor) -> None:
    """Requests of one connection run in one thread."""
    hall = make_event()
    floor = make_area(hall, kind="standing", places=30)
    action = f"/events/{hall.event_id}/areas/{floor}"
    form = form_on(anna, f"/events/{hall.event_id}", action, quantity="1")
    press(anna, action, form)
    press(anna, action, {**form, "once": ""})
    assert held(hall) == 2


# Every form, every address


def test_every_form_that_changes_something_carries_a_key() -> None:
    faults = []
    for path in sorted((PROJECT_DIR / "templates").rglob("*.html")):
        for form in FORM.findall(path.read_text("utf-8")):
            is_get = 'method="post"' not in form
            if not is_get and not re.search(r"\{\{ *(form_fields\(\)|once_field\(\)|fields\()", form):
                faults.append(f"{path.relative_to(PROJECT_DIR)}: {form.splitlines()[0][:80]}")
            if is_get and ("form_fields" in form or "hx-post" in form):
                faults.append(
                    f"{path.relative_to(PROJECT_DIR)}: {form.splitlines()[0][:80]} is no form of ours"
                )
    assert not faults


def test_the_forms_of_pages_that_people_see_carry_it(anna: Visitor) -> None:
    hall = make_event(seats=3)
    make_area(hall, kind="standing", places=5)
    seen = 0
    anna.register("anna")
    anna.pick(hall.event_id, hall.seat_ids[0])
    for page in ("/", f"/events/{hall.event_id}", f"/events/{hall.event_id}/list", "/account"):
        for form in FORM.findall(anna.open(page).text):
            if 'method="post"' in form:
                seen += 1
                assert re.search(r'name="once" value="[\w-]{16}"', form), form
                assert 'name="csrf_token"' in form
    assert seen > 12


def test_every_address_that_takes_a_form_counts_it_once(app: Flask) -> None:
    """Whatever needs our token comes from our forms, which carry a key. The rest has its reason written down."""
    without = set()
    for rule in app.url_map.iter_rules():
        if "POST" not in (rule.methods or ()) or rule.rule.startswith("/api/"):
            continue
        view = app.view_functions[rule.endpoint]
        name = f"{view.__module__}.{view.__name__}"
        blueprint = app.blueprints.get(rule.endpoint.rpartition(".")[0])
        if name in csrf._exempt_views or blueprint in csrf._exempt_blueprints:
            without.add(rule.endpoint)
    assert without == WITHOUT_KEY


def test_every_page_whose_forms_stay_loads_the_script_that_gives_them_keys() -> None:
    templates = PROJECT_DIR / "templates"

    def text_of(name: str) -> str:
        text = (templates / name).read_text("utf-8")
        parts = set(re.findall(r'"((?:\w+/)?_\w+\.html)"', text)) - {name}
        return text + "".join(text_of(part) for part in parts)

    pages = [path.relative_to(templates).as_posix() for path in templates.rglob("*.html")]
    stay = {page: text for page in pages if "htmx.min.js" in (text := text_of(page)) and "hx-post" in text}
    assert {"event.html", "checkout.html"} <= set(stay)
    assert [page for page, text in stay.items() if '"once"' not in text and "js/once.js" not in text] == []


def test_no_template_writes_a_token_by_hand() -> None:
    by_hand = [
        path.name
        for path in Path(PROJECT_DIR / "templates").rglob("*.html")
        if "csrf_token()" in path.read_text("utf-8")
    ]
    assert by_hand == []
