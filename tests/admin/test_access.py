"""Staff pages are open to the roles that each of them names, and to nobody else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.routing import Rule

from seatbook import create_app
from seatbook.admin.access import open_to, roles_of, staff_pages
from seatbook.domain import accounts
from seatbook.extensions import db
from seatbook.models.account import ROLES
from tests.visitor import PASSWORD, Visitor

pytestmark = pytest.mark.usefixtures("app_context")

# Every staff route there is, and who may use it. Whoever adds one says so here too.
OPEN_TO = {
    "/staff/": {"box_office", "admin"},
    "/staff/live": {"box_office", "admin"},
}


def staff_rules(app: Flask) -> Iterator[Rule]:
    return (rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/staff"))


def visitor_as(app: Flask, role: str | None) -> Visitor:
    """A visitor who signed in as somebody of this role; None: nobody signed in."""
    visitor = Visitor(app)
    if role is not None:
        accounts.create_account(role, email=f"{role}@example.org", password=PASSWORD, role=role)
        visitor.sign_in(role)
    return visitor


def test_every_staff_route_is_on_the_list_with_its_roles(app: Flask) -> None:
    assert {rule.rule: set(roles_of(rule.endpoint)) for rule in staff_rules(app)} == OPEN_TO


@pytest.mark.parametrize("role", [None, *ROLES])
def test_each_role_sees_its_pages_and_nothing_of_the_others(app: Flask, role: str | None) -> None:
    visitor = visitor_as(app, role)
    nothing = visitor.open("/staff/nothing").status_code

    seen = {path: visitor.open(path).status_code for path in OPEN_TO}

    assert nothing == 404
    for path, status in seen.items():
        assert (status in (200, 303)) if role in OPEN_TO[path] else (status == 404), path


def test_a_page_that_names_no_role_is_open_to_nobody(app: Flask) -> None:
    careless = staff_pages("careless", __name__)
    careless.get("/careless")(lambda: "open")
    application = create_app(app.extensions["seatbook"])
    application.register_blueprint(careless)

    with application.app_context():
        assert visitor_as(application, "admin").open("/staff/careless").status_code == 404
        db.session.remove()
        db.engine.dispose()


def test_a_role_that_does_not_exist_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="no such role: boss"):
        open_to("boss")


@pytest.mark.parametrize(("role", "is_led"), [("customer", False), ("door", False), ("box_office", True)])
def test_the_menu_leads_there_whoever_may_go(app: Flask, role: str, is_led: bool) -> None:
    assert ('href="/staff/"' in visitor_as(app, role).open("/").text) is is_led


def test_a_role_that_was_taken_away_ends_the_view_at_once(app: Flask) -> None:
    visitor = visitor_as(app, "box_office")
    assert visitor.open("/staff/live").status_code == 200

    accounts.set_role("box_office", role="customer")

    assert visitor.open("/staff/live").status_code == 404


def test_no_cache_keeps_a_staff_page(app: Flask) -> None:
    assert visitor_as(app, "admin").open("/staff/live").headers["Cache-Control"] == "no-store"
