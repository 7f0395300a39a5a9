"""Another person's reservation is not there, wherever it is asked for: read off the routes, so a new one is under it.

For every address of pages and API that names something of somebody, for every method, as everybody else: the answer is
that to a number that does not exist, to the letter. An address that names something that is not known here fails.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import unified_diff
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from seatbook.api import CHAPTERS
from seatbook.domain import webhooks
from seatbook.domain.accounts import create_account
from seatbook.domain.holders import holder_of_user
from seatbook.domain.orders import cancel_order, record_answer
from seatbook.domain.reference import format_reference
from seatbook.domain.tickets import tickets_of
from seatbook.domain.tokens import make_token
from seatbook.extensions import db
from seatbook.models import Mail
from seatbook.payments import Answer
from tests.api.caller import description
from tests.factories import Hall, make_event
from tests.paying import go_to_checkout, make_online_event, make_till, refund_ids_of
from tests.snapshot import nothing_changes
from tests.visitor import PASSWORD, TOKEN, Visitor

ADDRESS = re.compile(r"<(?:[^<>:]+:)?(\w+)>")
# What an address may name that is somebody's.
SOMEBODYS = {
    "reference",
    "ticket",
    "payment_id",
    "refund_id",
    "token_id",
    "endpoint_id",
    "delivery_id",
    "mail_id",
    "name",
}
# What is everybody's, and of what an address says no more than what is on sale or where a form went.
EVERYBODYS = {
    "event_id",
    "show_id",
    "area_id",
    "section_id",
    "seat_id",
    "week",
    "filename",
    "provider",
    "_act",
    "_area_id",
}
# Secrets of so many bits: whoever has one was given it.
SECRETS = {"ref": "a session at the payment service", "token": "a link out of a letter"}

# What a form may say; each route takes what it knows.
FORM = {
    "version": "1",
    "refund": "0",
    "refund_minor": "4500",
    "amount_minor": "4500",
    "whole": "1",
    "how": "cash",
    "decision": "refund_all",
}
# Of each drawing of a page its own.
OF_DRAWING = re.compile(
    r'name="(?:csrf_token|once)" value="[^"]*"|nonce="[^"]*"|"request_id": "[^"]*"|content="[^"]{60,}"'
)
# Anonymous visitors are asked who they are, whatever they name.
WHO_ARE_YOU = {302, 303, 401}


@dataclass(frozen=True)
class Owned:
    """What somebody has, by the names that addresses have for it."""

    username: str
    hall: Hall
    names: dict[str, str]


def rules(app: Flask) -> list[Rule]:
    return sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, sorted(rule.methods or ())))


def names_in(rule: Rule) -> list[str]:
    return ADDRESS.findall(rule.rule)


def of_somebody(app: Flask) -> list[tuple[Rule, str]]:
    """Every address that names something of somebody, with each method that it takes."""
    return [
        (rule, method)
        for rule in rules(app)
        if SOMEBODYS & set(names_in(rule))
        for method in sorted((rule.methods or set()) - {"OPTIONS"})
    ]


def make_owner(app: Flask, name: str) -> Owned:
    """Somebody of the box office with a bought order, a refund, tickets, letters, a token and an endpoint."""
    config = app.extensions["seatbook"]
    account = create_account(name, email=f"{name}@example.org", password=PASSWORD, role="admin")
    hall, till = make_online_event(), make_till()
    begun = go_to_checkout(hall, holder=holder_of_user(account.id), till=till, places=(0, 1))
    record_answer(hall.event_id, begun.payment_id or 0, answer=Answer("paid", 9000, "EUR"))
    cancel_order(hall.event_id, reservation_id=begun.reservation_id, holder=None, seat_ids=[hall.seat_ids[0]])
    reference = format_reference(hall.event_id, begun.code)
    [ticket] = tickets_of(hall.event_id, reservation_id=begun.reservation_id, config=config)
    endpoint = webhooks.create_endpoint(
        "https://till.example.org/", name=name, types=["seat.*"], actor_user_id=account.id, config=config
    )
    letter = select(Mail.id).where(Mail.kind == "confirmed", Mail.recipient == f"{name}@example.org")
    return Owned(
        name,
        hall,
        {
            "reference": reference,
            "ticket": str(ticket.ticket),
            "payment_id": str(begun.payment_id),
            "refund_id": str(refund_ids_of(hall)[0]),
            "token_id": str(make_token(account.id, name="Till", scopes=["read"]).id),
            "endpoint_id": str(endpoint.id),
            "delivery_id": str(webhooks.send_test(endpoint.id)),
            "mail_id": str(db.session.scalar(letter)),
            "name": f"{reference}.ics",
        },
    )


def address(rule: Rule, named: dict[str, str], hall: Hall) -> str:
    public = {"event_id": hall.event_id, "seat_id": hall.seat_ids[0], "area_id": hall.area_id, "_act": "pay"}
    if "_act" in names_in(rule):
        public["_act"] = re.findall(r"[\w-]+", rule.rule.partition("any(")[2])[0]
    known = {**{name: str(value) for name, value in public.items()}, **named}
    return ADDRESS.sub(lambda found: known[found[1]], re.sub(r"<any\([^)]*\):", "<", rule.rule))


def of_nobody(named: dict[str, str]) -> dict[str, str]:
    """The same kinds of names, of things that never were."""
    event_id, _, _ = named["reference"].partition("-")
    never = f"{event_id}-ZZZZZZ"
    return {
        name: never
        if name == "reference"
        else f"{never}.ics"
        if name == "name"
        else str(int(value) + 1_000_000)
        for name, value in named.items()
    }


class Stranger:
    """Somebody who asks for what is not theirs: a browser, or a program with a token."""

    def __init__(self, app: Flask, who: str, *, token: str | None = None) -> None:
        self.visitor = Visitor(app)
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.is_signed_in = who != "anonymous"

    def ask(self, rule: Rule, method: str, path: str) -> TestResponse:
        answer = self._ask(rule, method, path)
        if answer.status_code in (302, 303):
            # What is said on the next page is said here, and not in the answer to the next question.
            self.visitor.open("/nothing")
        return answer

    def _ask(self, rule: Rule, method: str, path: str) -> TestResponse:
        client, headers = self.visitor.client, dict(self.headers)
        if method != "POST":
            return client.open(path, method=method, headers=headers)
        proof = TOKEN.search(self.visitor.open("/register").text) or TOKEN.search(
            self.visitor.open("/account/tokens").text
        )
        if not path.startswith("/api/"):
            return client.post(path, data={"csrf_token": proof[1] if proof else "", **FORM})
        if not headers and proof:
            headers["X-CSRFToken"] = proof[1]
        return client.post(path, json=example_of(rule), headers=headers)


def example_of(rule: Rule) -> Any:
    template = ADDRESS.sub(r"{\1}", rule.rule)
    content = description()["paths"][template]["post"]["requestBody"]["content"]["application/json"]
    return content.get("example", {})


def said(answer: TestResponse, named: dict[str, str]) -> tuple[int, str, str]:
    """An answer without what each answer has of its own, and without the names that were asked for."""
    text, where = answer.text, answer.headers.get("Location", "")
    for name in sorted(named.values(), key=len, reverse=True):
        # A number is a name in an address alone.
        before = r"(?:(?<=[/=])|(?<=%2F))" if name.isdigit() else r"(?<![\w-])"
        text, where = (re.sub(rf"{before}{re.escape(name)}(?![\w-])", "…", part) for part in (text, where))
    return answer.status_code, OF_DRAWING.sub("", text), where


def difference(one: tuple[int, str, str], other: tuple[int, str, str]) -> list[str]:
    """The lines in which two answers differ."""
    first, second = (f"{status} {where}\n{text}".splitlines() for status, text, where in (one, other))
    return [
        line for line in unified_diff(first, second, n=0, lineterm="") if line[:2] not in ("--", "++", "@@")
    ]


@pytest.fixture
def ann(app: Flask) -> Owned:
    with app.app_context():
        return make_owner(app, "ann")


def stranger(app: Flask, who: str) -> Stranger:
    if who == "token":
        with app.app_context():
            account = create_account("tom", email="tom@example.org", password=PASSWORD)
            holder_of_user(account.id)
            return Stranger(
                app, who, token=make_token(account.id, name="T", scopes=["read", "book", "staff"]).secret
            )
    made = Stranger(app, who)
    if who == "customer":
        made.visitor.register("cora")
    with app.app_context():
        hall = make_event(seats=1)
    # Somebody who has something of their own, and so is somebody to us.
    assert made.visitor.pick(hall.event_id, hall.seat_ids[0]).status_code in (200, 303)
    return made


def test_every_address_names_what_is_known_here(app: Flask) -> None:
    for rule in rules(app):
        unknown = set(names_in(rule)) - SOMEBODYS - EVERYBODYS - set(SECRETS)
        assert not unknown, f"{rule.rule}: whose is {unknown}? Say so in SOMEBODYS, EVERYBODYS or SECRETS."
    named = {name for rule in rules(app) for name in names_in(rule)}
    assert SOMEBODYS | EVERYBODYS | set(SECRETS) <= named
    assert len(of_somebody(app)) > 80


@pytest.mark.parametrize("who", ["token", "customer", "anonymous"])
def test_what_is_somebody_elses_is_not_there(app: Flask, ann: Owned, who: str) -> None:
    asks = stranger(app, who)
    never = of_nobody(ann.names)
    of_staff = {
        f"/api{route.path}" for chapter in CHAPTERS for route in chapter.all if route.scope == "staff"
    }
    with app.app_context(), nothing_changes():
        for rule, method in of_somebody(app):
            is_api = rule.rule.startswith("/api/")
            if who == "token" and not is_api:
                continue
            theirs = asks.ask(rule, method, address(rule, ann.names, ann.hall))
            nobodys = asks.ask(rule, method, address(rule, never, ann.hall))
            what = f"{who}: {method} {rule.rule}"
            mine, others = said(nobodys, never), said(theirs, ann.names)
            assert others == mine, (what, difference(mine, others))
            if rule.rule in of_staff:
                # What the box office alone may ask is refused before anybody looks whether it is there.
                assert theirs.status_code in (401, 403), what
            elif who == "anonymous":
                assert theirs.status_code in {404, *WHO_ARE_YOU}, what
            elif "_act" in names_in(rule) or rule.endpoint in LEADS_BACK:
                assert theirs.status_code in (303, 404), what
            else:
                assert theirs.status_code == 404, what


# Addresses of forms, loaded again: they lead to the page, which looks.
LEADS_BACK = {"tokens.back", "tickets.back_to_tickets"}


def test_the_owner_is_not_taken_for_a_stranger(app: Flask, ann: Owned) -> None:
    """So that what is shown above is not that these addresses lead nowhere at all."""
    owner = Stranger(app, "ann")
    owner.visitor.sign_in(ann.username)
    for rule, method in of_somebody(app):
        if method == "GET":
            answer = owner.ask(rule, method, address(rule, ann.names, ann.hall))
            assert answer.status_code in (200, 303), rule.rule


def test_what_is_of_another_order_is_not_there_either(app: Flask, ann: Owned) -> None:
    """An order of mine with a ticket, a payment, a refund of somebody else; an endpoint with another's delivery."""
    with app.app_context():
        bea = make_owner(app, "bea")
    asks = Stranger(app, "bea")
    asks.visitor.sign_in("bea")
    tried = 0
    with app.app_context(), nothing_changes():
        for rule, method in of_somebody(app):
            owned = [name for name in names_in(rule) if name in SOMEBODYS]
            if len(owned) < 2 or rule.endpoint in LEADS_BACK:
                continue
            if method != "POST" and "POST" in (rule.methods or ()):
                # A page with a question is another address' answer.
                continue
            mixed = {**bea.names, owned[1]: ann.names[owned[1]]}
            answer = asks.ask(rule, method, address(rule, mixed, bea.hall))
            assert answer.status_code == 404, f"{method} {rule.rule}"
            tried += 1
    assert tried > 10
