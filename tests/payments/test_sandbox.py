"""The provider that we play ourselves does what real ones do, at their worst."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask

from seatbook.config import Config
from seatbook.errors import ConfigurationError
from seatbook.payments import Answer, Charge, NoticeRefused, ProviderRefused
from seatbook.payments.sandbox import Sandbox
from seatbook.payments.signature import check, sign
from seatbook.payments.till import till_of
from tests.race import race, won

CHARGE = Charge(
    event_id=7,
    payment_id=12,
    amount_minor=4500,
    currency="EUR",
    description="7-K2M9QX",
    seconds=900,
    return_url="/back",
)
PAID = Answer("paid", 4500, "EUR")


@pytest.fixture
def sandbox(app_context: object) -> Sandbox:
    return Sandbox(secret="one secret")


def test_the_same_charge_is_the_same_session_from_any_process(app: Flask, sandbox: Sandbox) -> None:
    opened = won(race(app, *[lambda: Sandbox(secret="one secret").open_session(CHARGE)] * 5))
    assert len({session.ref for session in opened}) == 1
    shown = sandbox.show(opened[0].ref)
    assert (shown.amount_minor, shown.currency, shown.status) == (4500, "EUR", "open")
    with pytest.raises(ProviderRefused):
        sandbox.show("sb_nothing")


@pytest.mark.parametrize("becomes", ["paid", "failed"])
def test_what_is_decided_stays(sandbox: Sandbox, becomes: str) -> None:
    ref = sandbox.open_session(CHARGE).ref
    sandbox.decide(ref, becomes=becomes)
    sandbox.decide(ref, becomes="paid" if becomes == "failed" else "failed")
    assert sandbox.look(ref).status == sandbox.end_session(ref).status == becomes


def test_slow_money_is_on_its_way_and_cannot_be_stopped(sandbox: Sandbox) -> None:
    ref = sandbox.open_session(CHARGE).ref
    sandbox.decide(ref, becomes="paid", after_seconds=60)
    assert sandbox.look(ref).status == sandbox.end_session(ref).status == "processing"
    quick = sandbox.open_session(replace(CHARGE, payment_id=13)).ref
    sandbox.decide(quick, becomes="paid", after_seconds=0.000_001)
    assert sandbox.look(quick) == PAID


def test_messages_come_as_often_as_wanted_and_say_the_same(sandbox: Sandbox) -> None:
    ref = sandbox.open_session(CHARGE).ref
    sandbox.decide(ref, becomes="paid", copies=2)
    first, second = sandbox.next_message(), sandbox.next_message()
    assert first is not None
    assert second is not None
    assert sandbox.next_message() is None
    assert first.body == second.body
    notice = sandbox.read_notice(first.body, first.headers)
    assert notice is not None
    assert (notice.event_id, notice.payment_id, notice.session_ref, notice.answer) == (7, 12, ref, PAID)

    lost = sandbox.open_session(replace(CHARGE, payment_id=13)).ref
    sandbox.decide(lost, becomes="paid", copies=0)
    late = sandbox.open_session(replace(CHARGE, payment_id=14)).ref
    sandbox.decide(late, becomes="paid", told_after_seconds=60)
    assert sandbox.next_message() is None


def test_money_goes_back_once_for_each_key_and_never_more_than_came(sandbox: Sandbox) -> None:
    ref = sandbox.open_session(CHARGE).ref
    with pytest.raises(ProviderRefused):
        sandbox.refund(ref, amount_minor=1, key="7-1")
    sandbox.decide(ref, becomes="paid")
    for _ in range(2):
        sandbox.refund(ref, amount_minor=4000, key="7-1")
    with pytest.raises(ProviderRefused):
        sandbox.refund(ref, amount_minor=501, key="7-2")
    sandbox.refund(ref, amount_minor=500, key="7-3")


# Signatures


def test_a_signature_is_of_these_bytes_by_this_secret_and_fresh() -> None:
    check(b"body", sign(b"body", secret="one"), secret="one")
    for header in (
        sign(b"other", secret="one"),
        sign(b"body", secret="two"),
        sign(b"body", secret="one", at=0),
        "",
        "t=1",
        "v1=ä,t=1",
    ):
        with pytest.raises(NoticeRefused):
            check(b"body", header, secret="one")


# Settings


def test_stripe_needs_both_of_its_secrets(app: Flask) -> None:
    environ = {
        "DATABASE_URL": "postgresql://localhost/x",
        "REDIS_URL": "redis://localhost",
        "SECRET_KEY": "k" * 32,
    }
    assert till_of(Config.from_environ(environ)).online.name == "sandbox"
    both = {"STRIPE_SECRET_KEY": "sk_test", "STRIPE_WEBHOOK_SECRET": "whsec"}
    config = Config.from_environ(environ | both | {"PAYMENT_PROVIDER": "stripe"})
    assert till_of(config).online.name == "stripe"
    # Those that took payments before are still known.
    assert till_of(Config.from_environ(environ | both)).of("stripe")
    assert "sk_test" not in repr(config)
    for wrong in ({"PAYMENT_PROVIDER": "stripe"}, {"STRIPE_SECRET_KEY": "sk_test"}):
        with pytest.raises(ConfigurationError, match="STRIPE_WEBHOOK_SECRET must be set"):
            Config.from_environ(environ | wrong)
