"""Who may see which staff page: the roles stand over each route, and what has none is open to nobody.

Somebody whose role is not among them gets the same answer as for a page that
does not exist.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Blueprint, abort, current_app, request
from flask_login import current_user

from seatbook.models.account import ROLES

View = TypeVar("View", bound=Callable[..., Any])

_OPEN_TO = "open_to_roles"


def staff_pages(name: str, import_name: str) -> Blueprint:
    """A blueprint under /staff, whose routes each say by `open_to` who may see them."""
    blueprint = Blueprint(name, import_name, url_prefix="/staff")
    blueprint.before_request(_refuse_others)
    blueprint.after_request(_keep_nowhere)
    return blueprint


def open_to(*roles: str) -> Callable[[View], View]:
    """Let these roles see a route; stands between the route and the function."""
    unknown = set(roles) - set(ROLES)
    if unknown:
        raise ValueError(f"no such role: {', '.join(sorted(unknown))}")

    def mark(view: View) -> View:
        setattr(view, _OPEN_TO, frozenset(roles))
        return view

    return mark


def roles_of(endpoint: str) -> frozenset[str]:
    """The roles that a route of this application is open to."""
    roles: frozenset[str] = getattr(current_app.view_functions[endpoint], _OPEN_TO, frozenset())
    return roles


def _refuse_others() -> None:
    if not current_user.is_authenticated or current_user.role not in roles_of(request.endpoint or ""):
        abort(404)


def _keep_nowhere(response: Any) -> Any:
    """No cache keeps a staff page."""
    response.headers["Cache-Control"] = "no-store"
    return response
