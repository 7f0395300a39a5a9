"""The letter to whoever made a webhook's endpoint that was switched off."""

from __future__ import annotations

from flask import current_app

from seatbook.config import Config
from seatbook.domain.mail import Letter, Told
from seatbook.domain.webhooks.switch_off import LETTER as WEBHOOK_OFF
from seatbook.web.texts import gettext as _

__all__ = ["WEBHOOK_OFF", "write_webhook_off"]


def write_webhook_off(told: Told) -> Letter:
    """What happened, what it means, what to do. In the language that is spoken now."""
    config: Config = current_app.extensions["seatbook"]
    values = {**told.data, "address": f"{config.public_url}/staff/webhooks/{told.data['endpoint_id']}"}
    return Letter(
        told.recipient,
        subject=_("Webhooks to “%(name)s” are switched off", name=told.data["name"]),
        body_text=current_app.jinja_env.get_template("mail/webhook_off.txt").render(values),
    )
