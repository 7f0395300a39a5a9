"""Own CSS, JavaScript, fonts and posters: kept by browsers for a year, replaced the moment they change.

`url_for("static", filename=…)` adds a hash of the file's content as `?v=`. An
address with the right hash never changes its content, so it is cached for
good; one without (a module that another module imports) is asked for again
each time and answered 304.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from flask import Flask, Response, request
from flask_compress import Compress

FOREVER = "public, max-age=31536000, immutable"
ASK_EACH_TIME = "no-cache"
# How text may be packed, the best first.
PACKED = ("br", "gzip")


def init_app(app: Flask) -> None:
    """Bind hashed addresses, caching, and compression of what is text."""
    hashes = ContentHashes(Path(str(app.static_folder)))

    @app.url_defaults
    def add_hash(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and "v" not in values:
            values["v"] = hashes.of(values.get("filename", ""))

    @app.after_request
    def cache(response: Response) -> Response:
        if request.endpoint == "static" and response.status_code in (200, 206, 304):
            asked_for = request.args.get("v")
            is_current = asked_for and asked_for == hashes.of((request.view_args or {})["filename"])
            response.headers["Cache-Control"] = FOREVER if is_current else ASK_EACH_TIME
        return response

    app.config.update(
        COMPRESS_MIMETYPES=[
            "text/html",
            "text/css",
            "text/javascript",
            "application/javascript",
            "application/json",
            "image/svg+xml",
        ],
        COMPRESS_ALGORITHM=list(PACKED),
        # Files are streamed, and its default for streams leaves out gzip.
        COMPRESS_ALGORITHM_STREAMING=list(PACKED),
        COMPRESS_BR_LEVEL=4,
        COMPRESS_LEVEL=5,
    )
    _Compress(app)


class _Compress(Compress):
    """Flask-Compress takes `gzip;q=0` for a wish like any other, and it is a refusal (RFC 9110, 12.5.3)."""

    def after_request(self, response: Response | None) -> Response:
        wishes = {name: request.accept_encodings[name] for name in (*PACKED, "identity")}
        request.environ["HTTP_ACCEPT_ENCODING"] = ", ".join(
            f"{name};q={quality}" for name, quality in wishes.items() if quality
        )
        return super().after_request(response)


class ContentHashes:
    """The first characters of each file's SHA-256, read again when the file has changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[str, tuple[int, str]] = {}

    def of(self, filename: str) -> str | None:
        """The hash, or None when there is no such file."""
        path = self.folder / filename
        try:
            changed_ns = path.stat().st_mtime_ns
            known = self._known.get(filename)
            if known is None or known[0] != changed_ns:
                known = (changed_ns, hashlib.sha256(path.read_bytes()).hexdigest()[:12])
                self._known[filename] = known
        except OSError:
            return None
        return known[1]
