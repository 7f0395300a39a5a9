"""Webhooks: which servers are told of what happens, what was brought to them, and what they answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import current_app, flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from seatbook.admin import webhook_words
from seatbook.admin.access import open_to, staff_pages
from seatbook.config import Config
from seatbook.domain import webhooks
from seatbook.domain.webhooks import ALL_TYPES, FAMILIES
from seatbook.errors import InvalidInput, SeatbookError
from seatbook.models.webhook import DELIVERY_STATUSES
from seatbook.queries.webhooks import deliveries_of, endpoints, load_delivery, load_endpoint
from seatbook.web.errors import sentence_of, status_of
from seatbook.web.texts import gettext as _

blueprint = staff_pages("staff_webhooks", __name__)

LISTED = 50


@blueprint.route("/webhooks", methods=["GET", "POST"])
@open_to("box_office", "admin")
def all_of_them() -> BaseResponse:
    """The list; or, when one was made, its page with the secret on it: the only one that ever shows it."""
    if request.method == "GET":
        return _list()
    types = request.form.getlist("type")
    url, name = request.form.get("url", ""), request.form.get("name", "")
    try:
        made = webhooks.create_endpoint(
            url, name=name, types=types, actor_user_id=current_user.id, config=_config()
        )
    except InvalidInput as error:
        return _list(url=url, name=name, chosen=types, error=error)
    return _one(made.id, secret=made.secret)


@blueprint.get("/webhooks/<int:endpoint_id>")
@open_to("box_office", "admin")
def one(endpoint_id: int) -> BaseResponse:
    return _one(endpoint_id)


@blueprint.route("/webhooks/<int:endpoint_id>/test", methods=["GET", "POST"])
@open_to("box_office", "admin")
def test(endpoint_id: int) -> BaseResponse:
    if request.method == "GET":
        return _back(endpoint_id)
    try:
        webhooks.send_test(endpoint_id)
    except SeatbookError as error:
        return _one(endpoint_id, error=error)
    flash(_("A test message is on its way. Load this page again in a few seconds to see what became of it."))
    return _back(endpoint_id)


@blueprint.route("/webhooks/<int:endpoint_id>/types", methods=["GET", "POST"])
@open_to("box_office", "admin")
def types(endpoint_id: int) -> BaseResponse:
    """What it is told of, from now on."""
    if request.method == "GET":
        return _back(endpoint_id)
    chosen = request.form.getlist("type")
    try:
        webhooks.change_types(endpoint_id, types=chosen)
    except InvalidInput as error:
        return _one(endpoint_id, chosen=chosen, error=error)
    flash(_("It is told of this from now on."))
    return _back(endpoint_id)


@blueprint.route("/webhooks/<int:endpoint_id>/secret", methods=["GET", "POST"])
@open_to("box_office", "admin")
def rotate(endpoint_id: int) -> BaseResponse:
    if request.method == "GET":
        return _back(endpoint_id)
    return _one(endpoint_id, secret=webhooks.rotate_secret(endpoint_id, config=_config()), is_rotated=True)


@blueprint.route("/webhooks/<int:endpoint_id>/resume", methods=["GET", "POST"])
@open_to("box_office", "admin")
def resume(endpoint_id: int) -> BaseResponse:
    if request.method == "POST":
        webhooks.resume_endpoint(endpoint_id)
        flash(_("It is told of what happens again, and what was waiting goes now."))
    return _back(endpoint_id)


@blueprint.route("/webhooks/<int:endpoint_id>/delete", methods=["GET", "POST"])
@open_to("box_office", "admin")
def delete(endpoint_id: int) -> BaseResponse:
    """First the question; then it is done."""
    if request.method == "GET":
        return _one(endpoint_id, asks_to_delete=True)
    webhooks.delete_endpoint(endpoint_id)
    flash(_("It is deleted, and is told nothing any more."))
    return redirect(url_for(".all_of_them"), 303)


@blueprint.get("/webhooks/<int:endpoint_id>/deliveries/<int:delivery_id>")
@open_to("box_office", "admin")
def delivery(endpoint_id: int, delivery_id: int) -> BaseResponse:
    return _delivery(endpoint_id, delivery_id)


@blueprint.route("/webhooks/<int:endpoint_id>/deliveries/<int:delivery_id>/again", methods=["GET", "POST"])
@open_to("box_office", "admin")
def again(endpoint_id: int, delivery_id: int) -> BaseResponse:
    if request.method == "POST":
        try:
            webhooks.redeliver(endpoint_id, delivery_id=delivery_id)
        except SeatbookError as error:
            return _delivery(endpoint_id, delivery_id, error=error)
        flash(_("It goes again, under the same id."))
    return redirect(url_for(".delivery", endpoint_id=endpoint_id, delivery_id=delivery_id), 303)


def _list(
    *, url: str = "https://", name: str = "", chosen: Sequence[str] = ("reservation.*",), error: Any = None
) -> BaseResponse:
    page = render_template(
        "staff/webhooks.html",
        endpoints=endpoints(),
        url=url,
        name=name,
        chosen=chosen,
        families=FAMILIES,
        types=ALL_TYPES,
        fault=sentence_of(error) if error else None,
        fault_at=error.data["field"] if error else None,
        words=webhook_words,
    )
    return make_response(page, status_of(error) if error else 200)


def _one(
    endpoint_id: int,
    *,
    secret: str | None = None,
    is_rotated: bool = False,
    asks_to_delete: bool = False,
    chosen: Sequence[str] | None = None,
    error: SeatbookError | None = None,
) -> BaseResponse:
    status = request.args.get("status")
    status = status if status in DELIVERY_STATUSES else None
    before = request.args.get("before", type=int)
    found = deliveries_of(endpoint_id, status=status, before=before, limit=LISTED + 1)
    endpoint = load_endpoint(endpoint_id)
    page = render_template(
        "staff/webhook.html",
        endpoint=endpoint,
        families=FAMILIES,
        types=ALL_TYPES,
        chosen=endpoint.types if chosen is None else chosen,
        deliveries=found[:LISTED],
        status=status,
        statuses=DELIVERY_STATUSES,
        before=before,
        next=found[LISTED - 1].id if len(found) > LISTED else None,
        secret=secret,
        is_rotated=is_rotated,
        asks_to_delete=asks_to_delete,
        fault=sentence_of(error) if error else None,
        fault_at=error.data.get("field") if error else None,
        words=webhook_words,
    )
    return make_response(page, status_of(error) if error else 200)


def _delivery(endpoint_id: int, delivery_id: int, *, error: SeatbookError | None = None) -> BaseResponse:
    page = render_template(
        "staff/webhook_delivery.html",
        endpoint=load_endpoint(endpoint_id),
        delivery=load_delivery(endpoint_id, delivery_id=delivery_id),
        fault=sentence_of(error) if error else None,
        words=webhook_words,
    )
    return make_response(page, status_of(error) if error else 200)


def _back(endpoint_id: int) -> BaseResponse:
    return redirect(url_for(".one", endpoint_id=endpoint_id), 303)


def _config() -> Config:
    config: Config = current_app.extensions["seatbook"]
    return config
