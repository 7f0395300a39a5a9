"""A route of the API as data: what it takes, whom it serves, what it answers. It serves, and it is described."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, get_type_hints

from flask import Blueprint, Response

from seatbook.api.answers import json_answer
from seatbook.api.credentials import STAFF, require, whose_key
from seatbook.api.idempotency import answer_once
from seatbook.api.problems import answer_refusal
from seatbook.api.reading import read_body, read_query
from seatbook.api.shapes import Answer, Body, Query
from seatbook.errors import SeatbookError

View = TypeVar("View", bound=Callable[..., Any])
Limit = Callable[[Callable[..., Any]], Callable[..., Any]]

# Staff routes are open to these unless they say otherwise.
BOX_OFFICE = ("box_office", "admin")


class NoQuery(Query):
    """Nothing may be asked for."""


class NoBody(Body):
    """A request that needs no words: its body is empty, or {}."""


@dataclass(frozen=True, slots=True)
class Route:
    """`path` is Flask's, below /api; `body` and `query` are what the view takes under these names.

    `scope` is what a token must have; None: anybody. Where it is staff, `roles` are whose. `refuses` are the
    refusals of the domain that may be the answer. `limits` are counted before anything is read. `streams`: it
    answers server-sent events, each with an `answer` in its data.
    """

    method: str
    path: str
    view: Callable[..., Any]
    answer: type[Answer]
    status: int = 200
    body: type[Body] = NoBody
    query: type[Query] = NoQuery
    scope: str | None = None
    roles: tuple[str, ...] = BOX_OFFICE
    refuses: tuple[type[SeatbookError], ...] = ()
    limits: tuple[Limit, ...] = ()
    may_be_unchanged: bool = False
    streams: bool = False

    @property
    def name(self) -> str:
        return self.view.__name__

    @property
    def summary(self) -> str:
        return (self.view.__doc__ or "").strip().split("\n")[0].rstrip(".")

    @property
    def about(self) -> str:
        lines = (self.view.__doc__ or "").strip().split("\n")[1:]
        return "\n".join(line.strip() for line in lines).strip()

    @property
    def has_path_parameters(self) -> bool:
        return "<" in self.path

    def serve(self, **path: Any) -> Response:
        """Who asks, what is asked for, the act, the answer: in this order."""
        require(self.scope, roles=self.roles if self.scope == STAFF else None)
        values = dict(path)
        asked = read_query(self.query)
        if self.query is not NoQuery:
            values["query"] = asked
        if self.method != "POST":
            return self._answered(values)
        body = read_body(self.body)
        if self.body is not NoBody:
            values["body"] = body
        return answer_once(lambda: self._answered(values), asker=whose_key(), refused=answer_refusal)

    def _answered(self, values: dict[str, Any]) -> Response:
        made = self.view(**values)
        return made if isinstance(made, Response) else json_answer(made, self.status)


class Routes:
    """One chapter of the API: its routes, in the order in which they are told."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.all: list[Route] = []

    def get(self, path: str, answer: type[Answer], **how: Any) -> Callable[[View], View]:
        return self._add("GET", path, answer, how)

    def post(self, path: str, answer: type[Answer], **how: Any) -> Callable[[View], View]:
        return self._add("POST", path, answer, how)

    def bind(self, blueprint: Blueprint) -> None:
        for route in self.all:
            blueprint.add_url_rule(
                route.path, endpoint=route.name, view_func=_view_of(route), methods=[route.method]
            )

    def _add(
        self, method: str, path: str, answer: type[Answer], how: dict[str, Any]
    ) -> Callable[[View], View]:
        def add(view: View) -> View:
            takes = get_type_hints(view)
            body, query = takes.get("body", NoBody), takes.get("query", NoQuery)
            self.all.append(Route(method, path, view, answer, body=body, query=query, **how))
            return view

        return add


def _view_of(route: Route) -> Callable[..., Any]:
    def view(**path: Any) -> Response:
        return route.serve(**path)

    # Limits are kept by the name of the function that they stand over.
    view.__name__ = route.name
    view.__qualname__ = f"api.{route.name}"
    limited: Callable[..., Any] = view
    for limit in route.limits:
        limited = limit(limited)
    return limited
