"""The settings of one seatbook process, read once from the environment.

Every setting has a name in capitals, as in `docs/operations.md`. A secret may
also come from a file: `SECRET_KEY_FILE=/run/secrets/key` stands for
`SECRET_KEY=<what the file says>`. Faults are collected, so that somebody who
configures a new machine sees all of them in one go.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from seatbook.errors import ConfigurationError

PROJECT_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = PROJECT_DIR / "var"
# Written by `make run` while its PostgreSQL and Redis are up, so that `flask`
# commands in another terminal reach the same data without any variable set.
EMBEDDED_STATE_FILE = VAR_DIR / "embedded.json"

MIN_SECRET_KEY_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Config:
    """Validated settings. Durations are whole seconds; URLs are as SQLAlchemy and redis-py take them."""

    # These may carry passwords, which must not stand in a log.
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    # What tickets are signed with; None: made of the secret key.
    ticket_key: str | None = field(default=None, repr=False)
    hold_ttl_seconds: int = 300
    max_seats: int = 8
    sweep_interval_seconds: int = 10
    sweep_batch: int = 100
    pool_size: int = 10
    max_streams: int = 6_000
    cookie_secure: bool = False
    trusted_proxies: int = 0
    rate_limits: bool = True
    log_level: str = "INFO"
    smtp_url: str | None = field(default=None, repr=False)
    mail_from: str = "seatbook <box-office@localhost>"
    mail_dir: Path = VAR_DIR / "mail"
    public_url: str = "http://127.0.0.1:8000"
    payment_provider: str = "sandbox"
    stripe_secret_key: str | None = field(default=None, repr=False)
    stripe_webhook_secret: str | None = field(default=None, repr=False)
    webhooks_private: bool = False

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] | None = None) -> Config:
        """Read and check every setting; raise ConfigurationError naming all that is wrong at once."""
        reader = _Reader(_with_embedded_servers(os.environ if environ is None else environ))
        defaults: dict[str, Any] = {name: f.default for name, f in cls.__dataclass_fields__.items()}
        config = cls(
            database_url=reader.database_url(),
            redis_url=reader.redis_url(),
            secret_key=reader.secret_key(),
            ticket_key=reader.ticket_key(),
            hold_ttl_seconds=reader.whole("HOLD_TTL_SECONDS", defaults["hold_ttl_seconds"], 10, 86_400),
            max_seats=reader.whole("MAX_SEATS", defaults["max_seats"], 1, 1_000),
            sweep_interval_seconds=reader.whole(
                "SWEEP_INTERVAL_SECONDS", defaults["sweep_interval_seconds"], 1, 3_600
            ),
            sweep_batch=reader.whole("SWEEP_BATCH", defaults["sweep_batch"], 1, 1_000),
            pool_size=reader.whole("POOL_SIZE", defaults["pool_size"], 1, 200),
            max_streams=reader.whole("MAX_STREAMS", defaults["max_streams"], 0, 100_000),
            cookie_secure=reader.flag("COOKIE_SECURE", defaults["cookie_secure"]),
            trusted_proxies=reader.whole("TRUSTED_PROXIES", defaults["trusted_proxies"], 0, 5),
            rate_limits=reader.flag("RATE_LIMITS", defaults["rate_limits"]),
            log_level=reader.choice(
                "LOG_LEVEL", defaults["log_level"], ("DEBUG", "INFO", "WARNING", "ERROR")
            ),
            smtp_url=reader.url("SMTP_URL", ("smtp", "smtps")),
            mail_from=reader.text("MAIL_FROM", defaults["mail_from"]),
            mail_dir=Path(reader.text("MAIL_DIR", str(defaults["mail_dir"]))),
            payment_provider=reader.choice(
                "PAYMENT_PROVIDER", defaults["payment_provider"].upper(), ("SANDBOX", "STRIPE")
            ).lower(),
            stripe_secret_key=reader.secret("STRIPE_SECRET_KEY"),
            stripe_webhook_secret=reader.secret("STRIPE_WEBHOOK_SECRET"),
            webhooks_private=reader.flag("WEBHOOKS_PRIVATE", defaults["webhooks_private"]),
            public_url=(reader.url("PUBLIC_URL", ("http", "https")) or defaults["public_url"]).rstrip("/"),
        )
        reader.check_payments(config)
        if reader.faults:
            raise ConfigurationError(reader.faults)
        return config


def _with_embedded_servers(environ: Mapping[str, str]) -> dict[str, str]:
    """Fill what the environment leaves open from the running `make run`; the environment always wins."""
    try:
        embedded = json.loads(EMBEDDED_STATE_FILE.read_text("utf-8"))
    except (OSError, ValueError):
        embedded = {}
    filled = dict(environ)
    for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "PUBLIC_URL"):
        if not filled.get(name) and not filled.get(f"{name}_FILE") and embedded.get(name):
            filled[name] = embedded[name]
    return filled


class _Reader:
    """Takes settings out of an environment and remembers every fault instead of stopping at the first."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.faults: list[str] = []

    def text(self, name: str, default: str) -> str:
        return self._raw(name) or default

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        raw = self._raw(name)
        if raw is None:
            return default
        try:
            value = int(raw)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            self.faults.append(f"{name} must be a whole number from {low} to {high}, not {raw!r}.")
            return default
        return value

    def flag(self, name: str, default: bool) -> bool:
        raw = self._raw(name)
        if raw is None:
            return default
        if raw.lower() not in ("1", "0", "true", "false", "yes", "no", "on", "off"):
            self.faults.append(f"{name} must be 1 or 0, not {raw!r}.")
            return default
        return raw.lower() in ("1", "true", "yes", "on")

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        raw = self._raw(name)
        if raw is None:
            return default
        if raw.upper() not in allowed:
            self.faults.append(f"{name} must be one of {', '.join(allowed)}, not {raw!r}.")
            return default
        return raw.upper()

    def url(self, name: str, schemes: tuple[str, ...]) -> str | None:
        raw = self._raw(name)
        if raw is None:
            return None
        if urlsplit(raw).scheme not in schemes:
            self.faults.append(f"{name} must start with {' or '.join(s + '://' for s in schemes)}.")
            return None
        return raw

    def database_url(self) -> str:
        raw = self._raw("DATABASE_URL")
        if raw is None:
            self.faults.append(
                "DATABASE_URL is not set and no embedded database is running: "
                "start one with `make run`, or name a PostgreSQL server in DATABASE_URL."
            )
            return ""
        scheme, _, rest = raw.partition("://")
        if scheme not in ("postgres", "postgresql", "postgresql+psycopg2") or not rest:
            self.faults.append("DATABASE_URL must look like postgresql://user:password@host/database.")
        # The driver is named because SQLAlchemy's default for PostgreSQL changed with 2.1.
        return f"postgresql+psycopg2://{rest}"

    def redis_url(self) -> str:
        raw = self._raw("REDIS_URL")
        if raw is None:
            self.faults.append(
                "REDIS_URL is not set and no embedded Redis is running: "
                "start one with `make run`, or name a Redis server in REDIS_URL."
            )
            return ""
        if urlsplit(raw).scheme not in ("redis", "rediss", "unix"):
            self.faults.append("REDIS_URL must start with redis://, rediss:// or unix://.")
        return raw

    def secret(self, name: str) -> str | None:
        return self._raw(name)

    def check_payments(self, config: Config) -> None:
        """Who takes money must be able to hear whether it came."""
        keys = {
            "STRIPE_SECRET_KEY": config.stripe_secret_key,
            "STRIPE_WEBHOOK_SECRET": config.stripe_webhook_secret,
        }
        missing = [name for name, value in keys.items() if not value]
        if missing and (config.payment_provider == "stripe" or len(missing) < len(keys)):
            self.faults.append(f"{' and '.join(missing)} must be set to take payments by Stripe.")

    def secret_key(self) -> str:
        raw = self._raw("SECRET_KEY") or ""
        if len(raw) < MIN_SECRET_KEY_LENGTH:
            self.faults.append(
                f"SECRET_KEY must have at least {MIN_SECRET_KEY_LENGTH} characters: "
                'make one with `python -c "import secrets; print(secrets.token_hex(32))"`.'
            )
        return raw

    def ticket_key(self) -> str | None:
        raw = self._raw("TICKET_KEY")
        if raw is not None and len(raw) < MIN_SECRET_KEY_LENGTH:
            self.faults.append(
                f"TICKET_KEY must have at least {MIN_SECRET_KEY_LENGTH} characters, as SECRET_KEY. "
                "Without it, tickets are signed with a key made of SECRET_KEY."
            )
        return raw

    def _raw(self, name: str) -> str | None:
        value = self.environ.get(name)
        file_name = self.environ.get(f"{name}_FILE")
        if value and file_name:
            self.faults.append(f"{name} and {name}_FILE are both set: keep one of them.")
        if not value and file_name:
            try:
                value = Path(file_name).read_text("utf-8").strip()
            except OSError as error:
                self.faults.append(f"{name}_FILE: {file_name} cannot be read ({error.strerror}).")
        return value or None
