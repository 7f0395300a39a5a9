"""The first staff page: what needs a person now, and what comes next."""

from __future__ import annotations

from flask import render_template

from seatbook.admin import order_words
from seatbook.admin.access import open_to, staff_pages
from seatbook.queries.payments import count_open_matters, open_matters
from seatbook.queries.staff_events import find_staff_events

blueprint = staff_pages("staff_now", __name__)

NEXT_EVENTS = 8


@blueprint.get("/")
@open_to("box_office", "admin")
def now() -> str:
    return render_template(
        "staff/now.html",
        matters=open_matters(),
        events=find_staff_events().events[:NEXT_EVENTS],
        words=order_words,
    )


@blueprint.get("/payments")
@open_to("box_office", "admin")
def payments() -> str:
    return render_template("staff/payments.html", matters=open_matters(), words=order_words)


@blueprint.app_template_global()
def open_matter_count() -> int:
    """What stands beside "Payments" in the navigation of every staff page."""
    return count_open_matters()
