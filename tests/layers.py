"""Reads the program's source, and finds what stands in the wrong room of the house."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from seatbook.config import PROJECT_DIR

SOURCE_DIR = PROJECT_DIR / "seatbook"

# Which rooms a room may import from, besides itself and what is open to all.
EDGE = {"queries", "domain", "models", "extensions", "logs"}
ARROWS: dict[str, set[str]] = {
    # Its pages are followed by streams, which in turn know nothing of pages.
    "web": EDGE | {"live", "patience"},
    # One site with the pages: the same sessions, limits and statuses.
    "api": EDGE | {"web", "live"},
    # Staff pages speak and look like all others, and tell how the live ones do.
    "admin": EDGE | {"web", "live"},
    "cli": EDGE,
    "live": EDGE,
    # The worker is a process of its own and makes its application.
    "jobs": EDGE | {"create_app", "loading", "patience"},
    # `make run` and the tests: it starts everything, and nothing needs it.
    "embedded": EDGE | {"create_app", "loading", "cli"},
    # Reads use the domain's records and words; that they do not act is a rule below.
    "queries": {"domain", "models", "extensions"},
    "domain": {"payments", "models", "extensions"},
    # Of models, what the provider that we play ourselves keeps its books in.
    "payments": {"models", "extensions"},
    "models": {"extensions"},
    "extensions": set(),
    "errors": set(),
    "config": set(),
    "connection": set(),
    "patience": {"connection"},
    "logs": set(),
    "loading": set(),
    # Wiring.
    "database": {"connection", "extensions", "models"},
    "create_app": {"cli", "database", "web", "api", "admin", "live"},
}
OPEN_TO_ALL = {"errors", "config"}
# Rooms that know neither a request nor an application; of models, only the signed-in user's class does.
WITHOUT_FLASK = {"domain", "queries", "models", "payments", "errors", "config", "connection", "patience"}
FLASK_IN_MODELS = "flask_login.UserMixin"
# What one writes SQL with.
SQL_WORDS = {"select", "insert", "update", "delete", "text", "func", "union", "literal_column", "table"}
WITHOUT_SQL = {"web", "api", "admin", "cli", "jobs", "live"}

SEAT_HOME = "domain/inventory/"
# Where rows are locked, besides the home of seats and reservations: module → whose rows.
LOCK_HOMES = {
    "domain/mail.py": "outgoing mails that a sender has in hand",
    "domain/orders/rows.py": "payments and refunds",
    "domain/webhooks/deliver.py": "messages that a sender has in hand",
    "payments/sandbox.py": "its own books, as if on somebody else's computer",
}

WRITES_SEAT = re.compile(
    r"\b(UPDATE|DELETE\s+FROM|MERGE\s+INTO)\s+(ONLY\s+)?(public\.)?\"?seat\"?(?![\w.])", re.I
)
LOCKS_ROWS = re.compile(r"\bFOR\s+(NO\s+KEY\s+UPDATE|UPDATE|SHARE|KEY\s+SHARE)\b|\bLOCK\s+TABLE\b", re.I)
WRITES = re.compile(r"^\s*(INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|MERGE\s+INTO)\b", re.I | re.M)
OF_SEAT = {"status", "held_until", "reservation_id", "blocked_reason"}


def sources() -> Iterator[tuple[str, str]]:
    """(path below seatbook/, source) of every module."""
    for path in sorted(SOURCE_DIR.rglob("*.py")):
        yield path.relative_to(SOURCE_DIR).as_posix(), path.read_text("utf-8")


def room_of(path: str) -> str:
    name = Path(path).parts[0].removesuffix(".py")
    return "create_app" if name == "__init__" else name


def wrong_arrows(path: str, source: str) -> list[str]:
    """Imports that point the wrong way."""
    room = room_of(path)
    if room not in ARROWS:
        return [f"{path}: no room of the house is called {room}"]
    faults = []
    for name in _imported(path, source):
        top = name.split(".")[0]
        if top == "seatbook":
            target = name.split(".")[1]
            if target not in {room, *ARROWS[room], *OPEN_TO_ALL} and target != "__version__":
                faults.append(f"{path} imports {name}")
        elif (top == "flask" or top.startswith("flask_")) and room in WITHOUT_FLASK:
            if room != "models" or name != FLASK_IN_MODELS:
                faults.append(f"{path} imports {name}")
        elif top == "sqlalchemy" and room in WITHOUT_SQL and name.split(".")[-1] in SQL_WORDS:
            faults.append(f"{path} imports {name}")
    return faults


def misplaced_seat_changes(path: str, source: str) -> list[str]:
    """Places outside the inventory that write a seat's state."""
    if path.startswith(SEAT_HOME):
        return []
    tree = ast.parse(source)
    seats = _names_of_seat(tree)
    faults = []
    for node in ast.walk(tree):
        fault = None
        match node:
            case ast.Attribute(attr=name, value=owner, ctx=ast.Store()) if (
                name in OF_SEAT and _last_name(owner) != "self"
            ):
                fault = "assigns a state"
            case ast.Call(func=ast.Name(id="setattr"), args=[_, ast.Constant(value=str(name)), _]) if (
                name in OF_SEAT
            ):
                fault = "assigns a state"
            case ast.Call(func=function, args=arguments) if _last_name(function) in (
                "update",
                "delete",
                "bulk_update_mappings",
            ) and (any(_last_name(a) in seats for a in arguments[:1]) or _is_of_seat(function, seats)):
                fault = "writes seats"
        if fault:
            faults.append(f"{path}:{node.lineno} {fault}")  # type: ignore[attr-defined]
    faults += [f"{path}:{line} writes seats" for line, sql in _strings(tree) if WRITES_SEAT.search(sql)]
    return faults


def misplaced_locks(path: str, source: str) -> list[str]:
    """Places that lock rows, outside the modules whose rows they are."""
    if path.startswith(SEAT_HOME) or path in LOCK_HOMES:
        return []
    tree = ast.parse(source)
    faults = [
        f"{path}:{node.lineno} locks rows"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and (
            _last_name(node.func) == "with_for_update"
            or any(keyword.arg == "with_for_update" for keyword in node.keywords)
        )
    ]
    return faults + [f"{path}:{line} locks rows" for line, sql in _strings(tree) if LOCKS_ROWS.search(sql)]


def writing_queries(path: str, source: str) -> list[str]:
    """Reads that write, or that act."""
    if room_of(path) != "queries":
        return []
    tree = ast.parse(source)
    acts = {"insert", "update", "delete", "run_transaction"}
    faults = [f"{path} imports {name}" for name in _imported(path, source) if name.split(".")[-1] in acts] + [
        f"{path}:{node.lineno} commits or adds"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("commit", "add_all", "merge", "flush")
    ]
    return faults + [f"{path}:{line} writes" for line, sql in _strings(tree) if WRITES.search(sql)]


def host_clocks(path: str, source: str) -> list[str]:
    """Places in the inventory and the reads that ask the host what time it is. How long something took is no rule."""
    if not path.startswith((SEAT_HOME, "queries/", "domain/expiry.py", "domain/orders/")):
        return []
    asks = {"now", "utcnow", "today", "time", "localtime", "gmtime"}
    faults = []
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in asks
            and _last_name(node.func.value) in ("datetime", "date", "time")
        ):
            faults.append(f"{path}:{node.lineno} asks the host's clock")
    return faults


def _imported(path: str, source: str) -> Iterator[str]:
    """Dotted names of everything that is imported, also within functions and by its own package's dots."""
    package = ["seatbook", *Path(path).parent.parts]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name if alias.name != "seatbook" else "seatbook.create_app"
        elif isinstance(node, ast.ImportFrom):
            base = [] if node.level == 0 else package[: len(package) - node.level + 1]
            module = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                yield f"{module}.{alias.name}"
        elif isinstance(node, ast.Call) and _last_name(node.func) == "import_module":
            match node.args:
                case [ast.Constant(value=str(name)), *_] if name.startswith("seatbook."):
                    yield name


def _names_of_seat(tree: ast.AST) -> set[str]:
    """What the model of a seat is called in a module."""
    return {"Seat"} | {
        alias.asname
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name == "Seat" and alias.asname
    }


def _is_of_seat(function: ast.expr, seats: set[str]) -> bool:
    """`Seat.__table__.update`, `session.query(Seat).where(…).update`."""
    return any(
        isinstance(node, ast.Name) and node.id in seats
        for node in ast.walk(function.value if isinstance(function, ast.Attribute) else ast.Pass())
    )


def _last_name(node: ast.AST) -> str | None:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else None


def _strings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, text) of every string that is no docstring; the holes of an f-string are an `x`."""
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if id(node) in docstrings:
            continue
        if isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "x" for part in node.values]
            yield node.lineno, "".join(str(part) for part in parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
