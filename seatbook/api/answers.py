"""How an answer is written: compact UTF-8 JSON, and never kept by a cache that is not asked to ask again."""

from __future__ import annotations

from flask import Response
from pydantic import BaseModel


def json_answer(made: BaseModel, status: int = 200) -> Response:
    return json_bytes(made.model_dump_json().encode(), status)


def json_bytes(body: bytes, status: int = 200) -> Response:
    return Response(body, status, mimetype="application/json")
