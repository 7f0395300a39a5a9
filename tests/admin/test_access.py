"""Staff pages are open to the roles that each of them names, and to nobody else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask, current_app
from sqlalchemy import select
from werkzeug.routing import Rule

from seatbook import create_app
from seatbook.admin.access import open_to, roles_of, staff_pages
from seatbook.domain import accounts, webhooks
from seatbook.domain.orders import cancel_order, record_answer
from seatbook.domain.reference import format_reference
from seatbook.extensions import db
from seatbook.models import Mail
from seatbook.models.account import ROLES
from seatbook.payments import Answer
from tests.factories import make_holder
from tests.paying import go_to_checkout, make_online_event, make_till, refund_ids_of
from tests.snapshot import nothing_changes
from tests.visitor import PASSWORD, Visitor

pytestmark = pytest.mark.usefixtures("app_context")

# Every staff route there is, and who may use it. Whoever adds one says so here too.
MONEY = {"box_office", "admin"}
OPEN_TO = {
    "/staff/": MONEY,
    "/staff/events": MONEY,
    "/staff/events/<int:event_id>": MONEY,
    "/staff/events/<int:event_id>/block": MONEY,
    "/staff/events/<int:event_id>/cancel": MONEY,
    "/staff/events/<int:event_id>/codes": MONEY,
    "/staff/events/<int:event_id>/codes/start": MONEY,
    "/staff/events/<int:event_id>/codes/stop": MONEY,
    "/staff/events/<int:event_id>/concessions": MONEY,
    "/staff/events/<int:event_id>/concessions/start": MONEY,
    "/staff/events/<int:event_id>/concessions/stop": MONEY,
    "/staff/events/<int:event_id>/seats": MONEY,
    "/staff/events/<int:event_id>/sell": MONEY,
    "/staff/live": MONEY,
    "/staff/mail": MONEY,
    "/staff/mail/<int:mail_id>": MONEY,
    "/staff/mail/<int:mail_id>/files/<name>": MONEY,
    "/staff/mail/<int:mail_id>/letter.html": MONEY,
    "/staff/mail/<int:mail_id>/try-again": MONEY,
    "/staff/orders": MONEY,
    "/staff/orders/<reference>": MONEY,
    "/staff/orders/<reference>/cancel": MONEY,
    "/staff/orders/<reference>/give-up": MONEY,
    "/staff/orders/<reference>/payments/<int:payment_id>/ask": MONEY,
    "/staff/orders/<reference>/payments/<int:payment_id>/decide": MONEY,
    "/staff/orders/<reference>/refunds/<int:refund_id>/again": MONEY,
    "/staff/orders/<reference>/refunds/<int:refund_id>/paid-out": MONEY,
    "/staff/orders/<reference>/move": MONEY,
    "/staff/orders/<reference>/take": MONEY,
    "/staff/orders/<reference>/tickets.pdf": MONEY,
    "/staff/payments": MONEY,
    "/staff/webhooks": MONEY,
    "/staff/webhooks/<int:endpoint_id>": MONEY,
    "/staff/webhooks/<int:endpoint_id>/delete": MONEY,
    "/staff/webhooks/<int:endpoint_id>/deliveries/<int:delivery_id>": MONEY,
    "/staff/webhooks/<int:endpoint_id>/deliveries/<int:delivery_id>/again": MONEY,
    "/staff/webhooks/<int:endpoint_id>/resume": MONEY,
    "/staff/webhooks/<int:endpoint_id>/secret": MONEY,
    "/staff/webhooks/<int:endpoint_id>/test": MONEY,
    "/staff/webhooks/<int:endpoint_id>/types": MONEY,
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


def a_paid_order() -> dict[str, str]:
    """What stands in the addresses of one order's pages."""
    hall, till = make_online_event(), make_till()
    begun = go_to_checkout(hall, holder=make_holder("ann"), till=till, places=(0, 1))
    record_answer(hall.event_id, begun.payment_id or 0, answer=Answer("paid", 9000, "EUR"))
    refund = cancel_order(
        hall.event_id, reservation_id=begun.reservation_id, holder=None, seat_ids=[hall.seat_ids[0]]
    )
    assert refund.refund_minor == 4500
    return {
        "<reference>": format_reference(hall.event_id, begun.code),
        "<int:payment_id>": str(begun.payment_id),
        "<int:refund_id>": str(refund_ids_of(hall)[0]),
        "<int:event_id>": str(hall.event_id),
        "<int:mail_id>": str(db.session.scalar(select(Mail.id).where(Mail.kind == "confirmed"))),
        "<name>": f"{format_reference(hall.event_id, begun.code)}.ics",
        **a_webhook(),
    }


def a_webhook() -> dict[str, str]:
    owner = accounts.create_account("wanda", email="wanda@example.org", password=PASSWORD, role="admin")
    config = current_app.extensions["seatbook"]
    made = webhooks.create_endpoint(
        "https://till.example.org/", name="Till", types=["seat.*"], actor_user_id=owner.id, config=config
    )
    return {"<int:endpoint_id>": str(made.id), "<int:delivery_id>": str(webhooks.send_test(made.id))}


def filled(rule: str, place: dict[str, str]) -> str:
    for field, value in place.items():
        rule = rule.replace(field, value)
    return rule


def test_every_staff_route_is_on_the_list_with_its_roles(app: Flask) -> None:
    assert {rule.rule: set(roles_of(rule.endpoint)) for rule in staff_rules(app)} == OPEN_TO


@pytest.mark.parametrize("role", [None, *ROLES])
def test_each_role_sees_its_pages_and_nothing_of_the_others(app: Flask, role: str | None) -> None:
    visitor = visitor_as(app, role)
    place = a_paid_order()
    nothing = visitor.open("/staff/nothing").status_code

    seen = {path: visitor.open(filled(path, place)).status_code for path in OPEN_TO}

    assert nothing == 404
    for path, status in seen.items():
        assert (status in (200, 303)) if role in OPEN_TO[path] else (status == 404), path


@pytest.mark.parametrize("role", ["customer", "door"])
def test_what_a_role_does_not_see_it_cannot_do_either(app: Flask, role: str) -> None:
    visitor = visitor_as(app, role)
    place = a_paid_order()
    with nothing_changes():
        for rule in staff_rules(app):
            if "POST" in (rule.methods or ()) and role not in OPEN_TO[rule.rule]:
                answer = visitor.send(
                    filled(rule.rule, place), page="/account", whole="1", refund_minor="4500"
                )
                assert answer.status_code == 404, rule.rule


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
