"""A program that uses the API, and holds every answer against the description."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import jsonschema_rs
from flask import Flask
from werkzeug.test import TestResponse

from seatbook.api import CHAPTERS
from seatbook.api.openapi import describe
from seatbook.domain.accounts import create_account, set_role
from seatbook.domain.tokens import make_token
from tests.visitor import PASSWORD, Browser

# A response whose `json` is whatever the description says it is.
Answer = Any

# What may come from any address, and is no answer of its route.
BEFORE_ANY_ROUTE = {404, 405, 308}


class Caller:
    """`token` None: nobody. `last` is the answer of the last request, `body` its content."""

    def __init__(self, app: Flask, token: str | None = None) -> None:
        self.client = Browser(app, app.response_class, use_cookies=True)
        self.client.environ_base["REMOTE_ADDR"] = "198.51.100.9"
        self.token = token

    def get(self, path: str, **options: Any) -> Answer:
        return self.send("GET", path, **options)

    def post(self, path: str, content: Any = None, **options: Any) -> Answer:
        if content is not None:
            options |= {"data": json.dumps(content), "content_type": "application/json"}
        return self.send("POST", path, **options)

    def send(self, method: str, path: str, **options: Any) -> Answer:
        headers = dict(options.pop("headers", {}))
        if self.token is not None:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        answer = self.client.open(f"/api{path}", method=method, headers=headers, **options)
        check(answer, method, f"/api{path}")
        return answer


def account_with_token(
    name: str, *, scopes: tuple[str, ...] = ("read", "book"), role: str = "customer"
) -> str:
    """A token of a new account. In an application context."""
    account = create_account(name, email=f"{name}@example.org", password=PASSWORD)
    if role != "customer":
        set_role(name, role=role)
    return make_token(account.id, name="Tests", scopes=scopes).secret or ""


@cache
def description() -> dict[str, Any]:
    return describe(CHAPTERS)


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    """(method, path with {names}, operation) of everything described."""
    return [
        (method.upper(), path, operation)
        for path, methods in description()["paths"].items()
        for method, operation in methods.items()
    ]


def check(answer: TestResponse, method: str, path: str) -> None:
    """An answer is what the description says, in its status, its kind and its shape."""
    assert answer.status_code < 500 or answer.status_code == 503, answer.text
    assert "X-Request-ID" in answer.headers
    operation = _operation(method, path.partition("?")[0])
    if operation is None:
        assert answer.status_code in BEFORE_ANY_ROUTE
        if answer.status_code == 308:
            assert not answer.data
        else:
            _fits("Problem", answer.json)
        return
    if answer.status_code == 405:
        return
    described = operation["responses"].get(str(answer.status_code))
    assert described is not None, f"{method} {path} answers {answer.status_code}: {answer.text}"
    if "content" not in described:
        assert not answer.data
        return
    [(kind, media)] = described["content"].items()
    assert answer.mimetype == kind
    if kind == "text/event-stream":
        # Its body has no end; test_following.py listens to it.
        return
    content = answer.get_json(force=True)
    _fits(media["schema"]["$ref"].rpartition("/")[2], content)
    assert content["success"] is (answer.status_code < 400)
    if answer.status_code >= 400:
        assert content["status"] == answer.status_code
        assert content["error"] == content["detail"]
        assert content["request_id"] == answer.headers["X-Request-ID"]
        assert content["code"] in described["description"]


def _operation(method: str, path: str) -> dict[str, Any] | None:
    for template, methods in description()["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            found: dict[str, Any] | None = methods.get(method.lower())
            if found is not None:
                return found
    return None


def _fits(schema: str, content: Any) -> None:
    _validator(schema).validate(content)


@cache
def _validator(schema: str) -> Any:
    root = {"$ref": f"#/components/schemas/{schema}", "components": description()["components"]}
    return jsonschema_rs.validator_for(root, validate_formats=True)
