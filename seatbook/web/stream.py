"""The stream of an event's page: what changes, as it changes."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, request
from flask_babel import get_locale
from werkzeug.wrappers import Response as BaseResponse

from seatbook.live import Stream, current_live, direct_socket, serves_streams, telling, viewer_of
from seatbook.queries.changes import Cursor
from seatbook.queries.event import load_event
from seatbook.web.errors import answer
from seatbook.web.holder import browser_key, current_holder, is_drawn_for_somebody_else, visitor_tag
from seatbook.web.texts import gettext as _

blueprint = Blueprint("stream", __name__)

blueprint.add_app_template_global(visitor_tag)

# Pages that found no room ask what changed instead, and try again after about this.
RETRY_AFTER_SECONDS = 30


@blueprint.get("/events/<int:event_id>/stream")
def stream(event_id: int) -> BaseResponse:
    """Server-sent events from the page's cursor on: `Last-Event-ID`, or `since` for a page that has just come.

    `visitor` is whom the page was drawn for: when somebody signed in or out
    since, in another window, the page is told to load again.
    """
    since = Cursor.parse(request.headers.get("Last-Event-ID") or request.args.get("since", ""))
    live = current_live()
    if not live.follows(event_id):
        load_event(event_id)
    if is_drawn_for_somebody_else(request.args.get("visitor")):
        return event_stream(telling.reload().plain)
    if not serves_streams(request.environ) or not live.has_room():
        sentence = _("Too many people watch at this moment. This page asks for changes instead.")
        return answer(503, sentence, retry_after_seconds=RETRY_AFTER_SECONDS)
    holder = current_holder()
    opened = Stream(
        event_id,
        since=since,
        language=str(get_locale()),
        viewer=viewer_of(holder_id=holder.holder_id if holder else None, browser_key=browser_key()),
        connection=direct_socket(request.environ),
    )
    return event_stream(opened.body(join=live.join, leave=live.leave))


def event_stream(body: object) -> Response:
    """The answer whose body is a stream's."""
    response = current_app.response_class(body, mimetype="text/event-stream")  # type: ignore[arg-type]
    response.headers["Cache-Control"] = "no-store"
    # A proxy must pass each message on at once.
    response.headers["X-Accel-Buffering"] = "no"
    return response
