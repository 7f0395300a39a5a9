"""Pages for the people who work here, under /staff/. To everybody else there is nothing there."""

from __future__ import annotations

from flask import Flask

from seatbook.admin import (
    codes_page,
    events_page,
    live_page,
    mail_page,
    now_page,
    orders_page,
    sell_page,
    webhooks_page,
)


def init_app(app: Flask) -> None:
    for pages in (
        now_page,
        orders_page,
        events_page,
        codes_page,
        sell_page,
        mail_page,
        live_page,
        webhooks_page,
    ):
        app.register_blueprint(pages.blueprint)
