"""Finds texts for people that no translator would ever see, because they are not marked."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser

from jinja2 import Environment, nodes

from tests.texts import MARKS

# What is called the same in every language.
NAMES = re.compile(r"\bseatbook\b")
LETTERS = re.compile(r"[^\W\d_]{2,}")
TWO_WORDS = re.compile(r"[^\W\d_]{2,}[,;:.]?\s+[^\W\d_]{2,}")
SPOKEN_ATTRIBUTES = {
    "alt",
    "aria-description",
    "aria-label",
    "aria-roledescription",
    "aria-valuetext",
    "label",
    "placeholder",
    "title",
}
# Stands for whatever an expression of a template comes to.
FILLED_IN = "\ue000"
# Blocks of base.html that stand inside an attribute.
BLOCKS_IN_ATTRIBUTES = {"body_class", "sign_in_next"}


# --- templates ---


def unmarked_in_template(source: str, *, is_markup: bool = True) -> list[str]:
    """Texts, and attributes that are read out, which stand in a template as they are."""
    tree = Environment(extensions=["jinja2.ext.i18n"], autoescape=True).parse(source)
    drawn = "".join(_drawn(tree.body))
    kept = [
        const.value
        for assigned in tree.find_all((nodes.Assign, nodes.For, nodes.Call))
        for const in _unmarked_constants(assigned)
        if TWO_WORDS.search(const.value)
    ]
    if not is_markup:
        return [line.strip() for line in drawn.splitlines() if _says_something(line)] + kept
    return [text for text in spoken_in(drawn) if _says_something(text)] + kept


def spoken_in(markup: str) -> list[str]:
    """What a person reads or hears of a page, piece by piece."""
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    return reader.found


def _drawn(body: list[nodes.Node]) -> Iterator[str]:
    """The markup with every branch of it, and FILLED_IN for what is known only later."""
    for node in body:
        if isinstance(node, nodes.Block) and node.name in BLOCKS_IN_ATTRIBUTES:
            continue
        if isinstance(node, nodes.Output):
            for part in node.nodes:
                yield part.data if isinstance(part, nodes.TemplateData) else _written(part)
        for field in ("body", "elif_", "else_"):
            yield from _drawn(getattr(node, field, None) or [])


def _written(expression: nodes.Node) -> str:
    """The words that an expression writes itself: "a" and "b" of {{ "a" if x else "b" }}."""
    if isinstance(expression, nodes.Const):
        return str(expression.value)
    if isinstance(expression, nodes.CondExpr):
        return (
            _written(expression.expr1) + FILLED_IN + (_written(expression.expr2) if expression.expr2 else "")
        )
    if isinstance(expression, nodes.Or | nodes.And | nodes.Add):
        return _written(expression.left) + _written(expression.right)
    if isinstance(expression, nodes.Concat):
        return "".join(map(_written, expression.nodes))
    if isinstance(expression, nodes.Filter) and expression.node is not None:
        return _written(expression.node)
    return FILLED_IN


def _unmarked_constants(node: nodes.Node) -> Iterator[nodes.Const]:
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in MARKS:
        return
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.Const) and isinstance(child.value, str):
            yield child
        elif not isinstance(child, nodes.Output):
            yield from _unmarked_constants(child)


class _Reader(HTMLParser):
    """Collects what a person would read or hear."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        is_button = tag == "input" and values.get("type") in ("submit", "button", "reset")
        is_summary = tag == "meta" and values.get("name") == "description"
        for name, value in attrs:
            is_spoken = (
                name in SPOKEN_ATTRIBUTES
                or (is_button and name == "value")
                or (is_summary and name == "content")
            )
            # What a script is given to say.
            is_for_script = name.startswith("data-") and TWO_WORDS.search(value or "")
            if value and (is_spoken or is_for_script):
                self.found.append(value)

    def handle_data(self, data: str) -> None:
        if self.cdata_elem is None and data.strip():
            self.found.append(" ".join(data.split()))


def _says_something(text: str) -> bool:
    return bool(LETTERS.search(NAMES.sub("", text)))


# --- Python ---

# Made only when a developer was wrong, so nobody reads them.
FAULTS = {"AssertionError", "RuntimeError", "TypeError", "ValueError"}
REFUSALS = {"InvalidInput", "_unfit"}


def unmarked_in_python(source: str) -> list[str]:
    """Strings of two words and more which are no marked text, no docstring, and not for the log."""
    return [text for text in _spoken(ast.parse(source)) if TWO_WORDS.search(text)]


def unmarked_reasons(source: str) -> list[str]:
    """The same, within refusals only: for rooms that are full of SQL and other words."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return [
        text
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id in REFUSALS
        for text in _spoken(call)
        if TWO_WORDS.search(text)
    ]


def _spoken(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call) and _is_silent(node.func):
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    for child in ast.iter_child_nodes(node):
        is_docstring = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
        if not is_docstring:
            yield from _spoken(child)


def _is_silent(function: ast.expr) -> bool:
    """Marks, and what only the log or a developer reads."""
    if isinstance(function, ast.Attribute):
        return isinstance(function.value, ast.Name) and function.value.id == "log"
    return isinstance(function, ast.Name) and function.id in MARKS.keys() | FAULTS


def marked_in_python(source: str) -> list[str]:
    """Every text that a mark is written around, wherever: of two forms the singular. Babel's extraction misses those
    within f-strings."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return [
        text.value
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id in MARKS
        for text in call.args[1 if call.func.id == "pgettext" else 0 :][:1]
        if isinstance(text, ast.Constant) and isinstance(text.value, str)
    ]


# --- scripts and styles ---

_JS_COMMENT = re.compile(r"/\*.*?\*/|(?<![:\"'`])//[^\n]*", re.DOTALL)
_JS_STRING = re.compile(r"\"((?:[^\"\\\n]|\\.)*)\"|'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\]|\\.)*)`")
_JS_FIELD = re.compile(r"\$\{[^}]*\}")
_SELECTOR = re.compile(r"[#.\[\]>:=(){}<]")
_CSS_CONTENT = re.compile(r"content:\s*([\"'])(.*?)\1")


def unmarked_in_script(source: str) -> list[str]:
    """Strings of two words and more: a page hands a script its texts, translated, in data attributes."""
    strings = ("".join(groups) for groups in _JS_STRING.findall(_JS_COMMENT.sub("", source)))
    return [
        text for text in strings if TWO_WORDS.search(text) and not _SELECTOR.search(_JS_FIELD.sub("", text))
    ]


def unmarked_in_style(source: str) -> list[str]:
    """Words that a stylesheet writes by itself."""
    return [text for _, text in _CSS_CONTENT.findall(source) if LETTERS.search(text)]
