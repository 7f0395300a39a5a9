"""Nobody makes us call what only we can reach."""

from __future__ import annotations

import pytest

from seatbook.domain.webhooks.addresses import (
    AddressRefused,
    callable_addresses,
    checked_url,
    is_public,
    look_up,
)
from seatbook.domain.webhooks.outside import Outside
from seatbook.errors import InvalidInput
from tests.webhook_receiver import Receiver

PRIVATE = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",  # noqa: S104
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "192.0.0.8",
    "192.88.99.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "fd00::1",
    "ff02::1",
    "2002:7f00:1::",
    "2001:0:7f00:1::1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2001:db8::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_public_is_not_called(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(AddressRefused, match="not on the public internet"):
        callable_addresses("hook.example", 443, resolve=lambda _h, _p: [address], private_allowed=False)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:2800:220:1::1", "::ffff:8.8.8.8"])
def test_a_public_address_is_called(address: str) -> None:
    assert is_public(address)


def test_one_private_address_among_public_ones_is_enough() -> None:
    with pytest.raises(AddressRefused):
        callable_addresses(
            "hook.example", 443, resolve=lambda _h, _p: ["8.8.8.8", "10.0.0.1"], private_allowed=False
        )


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.org/seatbook",
        "https://hooks.example.org:8443/a?b=c",
        "https://münchen.example/",
        "https://8.8.8.8/",
        "https://134744072/",
        "https://0x7f.example/",
    ],
)
def test_an_address_of_the_internet_may_be_named(url: str) -> None:
    assert checked_url(f" {url} ", private_allowed=False) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example.org",
        "http://hooks.example.org/",
        "ftp://hooks.example.org/",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "https://ada:secret@hooks.example.org/",
        "https://hooks.example.org/#part",
        "https://hooks.example.org:99999/",
        "https://hooks.example.org:port/",
        "https://hooks.example.org/a b",
        "https://hooks.example.org/\r\nX-Header: 1",
        "https://hooks.example.org/\0",
        "https://[::1/",
        "https://" + "a" * 64 + "é.example/",
        "https://hooks.example.org/" + "a" * 2_000,
        "https://localhost/",
        "https://LOCALHOST./",
        "https://a.localhost/",
        "https://0x7f000001/",
        "https://2130706433/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://0xA9FEA9FE./",
        "https://①②⑦.⓪.⓪.①/",
        "https://127。0。0。1/",
        "https://１２７．１/",
        "https://⑩.1.2.3/",
        "https://0ｘ7f000001/",
        "https://127.0.0.1\u00ad/",
        "https://ｌｏｃａｌｈｏｓｔ。/",
        "https://[::①]/",
        *(f"https://[{address}]/" if ":" in address else f"https://{address}/" for address in PRIVATE),
    ],
)
def test_what_we_would_never_call_cannot_be_named(url: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        checked_url(url, private_allowed=False)
    assert refusal.value.data["field"] == "url"


def test_a_private_address_is_not_connected_to(receiver: Receiver) -> None:
    sent = Outside().send(f"https://127.0.0.1:{receiver.port}/", body=b"{}", headers={})
    assert (sent.status, sent.error) == (None, "127.0.0.1 is 127.0.0.1, which is not on the public internet")
    sent = Outside().send(f"http://127.0.0.1:{receiver.port}/", body=b"{}", headers={})
    assert (sent.status, sent.error) == (None, "only https:// is called")
    assert receiver.requests == []


@pytest.mark.parametrize("spelled", ["127.1", "0x7f.1", "2130706433", "0177.0.0.1", "localhost"])
def test_other_spellings_of_a_private_address_are_found_out_when_they_are_looked_up(spelled: str) -> None:
    sent = Outside().send(f"https://{spelled}/", body=b"{}", headers={})
    assert "is not on the public internet" in sent.error, sent


def test_a_name_is_looked_up_once_and_what_was_judged_is_called(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS that changes its mind: public when it is judged, ours when it is called. It is not asked again."""
    asked: list[str] = []

    def first_public(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["198.51.100.1"] if len(asked) > 1 else ["127.0.0.1"]

    sent = Outside(private_allowed=True, resolve=first_public).send(
        f"http://hook.example:{receiver.port}/", body=b"{}", headers={}
    )
    assert (sent.status, sent.error) == (204, "")
    assert asked == ["hook.example"]
    # The receiver hears the name that was meant, not the number.
    assert receiver.requests[0].headers["host"] == f"hook.example:{receiver.port}"


def test_a_name_that_changes_is_judged_each_time(receiver: Receiver) -> None:
    answers = iter([["8.8.8.8"], ["127.0.0.1"]])
    called: list[str] = []

    def changing(host: str, port: int) -> list[str]:
        found = next(answers)
        called.extend(found)
        return found

    outside = Outside(resolve=changing, deadline_seconds=0.2)
    outside.send(f"https://hook.example:{receiver.port}/", body=b"{}", headers={})
    second = outside.send(f"https://hook.example:{receiver.port}/", body=b"{}", headers={})
    assert called == ["8.8.8.8", "127.0.0.1"]
    assert "is not on the public internet" in second.error
    assert receiver.requests == []


def test_looking_up_gives_each_address_once() -> None:
    assert look_up("127.0.0.1", 80) == ["127.0.0.1"]
