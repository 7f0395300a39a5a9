from __future__ import annotations

import socket
import stat
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from flask import Flask

from seatbook.domain.mail import Attachment, CarrierAway, Letter, Undeliverable
from seatbook.domain.mail_carriers import MailFolder, MailServer, carrier_of
from tests import mail_server
from tests.mail_server import running_mail_server

LETTER = Letter(
    "dörte@example.org", "Ein neues Passwort für dich", "Grüße\n\nhttps://example.org/a?b=1\n.\nseatbook"
)
ASCII_LETTER = replace(LETTER, recipient="ada@example.org")
MAIL_FROM = "Lyric Hall <box-office@lyric.example>"


@pytest.fixture
def server() -> Iterator[mail_server.MailServer]:
    with running_mail_server() as running:
        yield running


def test_a_mail_server_gets_the_letter_whole(server: mail_server.MailServer) -> None:
    MailServer(server.url, mail_from=MAIL_FROM).carry(ASCII_LETTER, message_number=7)

    (letter,) = server.letters
    assert letter["To"] == "ada@example.org"
    assert letter["From"] == MAIL_FROM
    assert letter["Subject"] == "Ein neues Passwort für dich"
    assert letter["Message-ID"] == "<seatbook.mail.7@lyric.example>"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter.get_content().replace("\r\n", "\n").strip() == ASCII_LETTER.body_text


@pytest.mark.parametrize(
    ("command", "answer", "kind", "forever"),
    [
        ("RCPT", "550 nobody of that name", Undeliverable, True),
        ("RCPT", "450 come back later", Undeliverable, False),
        ("DATA", "554 that is unwanted", Undeliverable, True),
        ("MAIL", "530 sign in first", CarrierAway, False),
        ("EHLO", "421 closing", CarrierAway, False),
    ],
)
def test_a_refusal_says_whether_to_try_again(
    server: mail_server.MailServer, command: str, answer: str, kind: type[Undeliverable], forever: bool
) -> None:
    server.refusals = {command: answer, "HELO": "421 closing"}

    with pytest.raises(Undeliverable) as refusal:
        MailServer(server.url, mail_from=MAIL_FROM).carry(ASCII_LETTER, message_number=7)

    assert type(refusal.value) is kind
    assert refusal.value.forever is forever
    assert answer[:3] in str(refusal.value) or kind is CarrierAway
    assert server.letters == []


def test_a_letter_that_was_taken_is_delivered_however_the_server_says_goodbye(
    server: mail_server.MailServer,
) -> None:
    server.rude_goodbye = True

    MailServer(server.url, mail_from=MAIL_FROM).carry(ASCII_LETTER, message_number=7)

    assert len(server.letters) == 1


def test_an_address_that_the_server_cannot_spell_is_given_up(server: mail_server.MailServer) -> None:
    with pytest.raises(Undeliverable) as refusal:
        MailServer(server.url, mail_from=MAIL_FROM).carry(LETTER, message_number=7)

    assert refusal.value.forever


def test_a_mail_server_that_is_not_there_is_away() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(CarrierAway, match=str(port)):
        MailServer(f"smtp://127.0.0.1:{port}", mail_from=MAIL_FROM).carry(ASCII_LETTER, message_number=7)


def test_a_password_is_never_sent_unprotected_to_another_machine(
    server: mail_server.MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = server.url.replace("smtp://", "smtp://box:secret@")
    # To the carrier, our server on this machine looks like one that is elsewhere.
    monkeypatch.setattr("seatbook.domain.mail_carriers._THIS_MACHINE", ())

    with pytest.raises(CarrierAway, match="no TLS"):
        MailServer(url, mail_from=MAIL_FROM).carry(ASCII_LETTER, message_number=7)

    assert server.letters == []


def test_without_a_mail_server_letters_are_files_that_only_their_owner_reads(tmp_path: Path) -> None:
    folder = tmp_path / "var" / "mail"

    MailFolder(folder, mail_from=MAIL_FROM).carry(LETTER, message_number=7)

    (file,) = folder.iterdir()
    assert file.name == "000007-d_rte@example.org.eml"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    letter = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert letter["To"] == LETTER.recipient
    assert letter.get_content().replace("\r\n", "\n").strip() == LETTER.body_text


def test_a_link_can_be_copied_out_of_the_file(tmp_path: Path) -> None:
    link = "https://box-office.lyric.example/reset-password/" + "x" * 200

    MailFolder(tmp_path, mail_from=MAIL_FROM).carry(
        replace(LETTER, body_text=f"Here:\n\n{link}\n"), message_number=7
    )

    (file,) = tmp_path.iterdir()
    assert link.encode() in file.read_bytes().splitlines()


def test_a_folder_that_cannot_be_written_is_away(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("not a folder")

    with pytest.raises(CarrierAway):
        MailFolder(tmp_path / "mail", mail_from=MAIL_FROM).carry(LETTER, message_number=7)


@pytest.mark.parametrize("field", ["recipient", "subject"])
def test_a_line_end_in_a_header_begins_no_other_header(tmp_path: Path, field: str) -> None:
    letter = replace(LETTER, **{field: "ada@example.org\nBcc: all@example.org"})  # type: ignore[arg-type]

    with pytest.raises(Undeliverable) as refusal:
        MailFolder(tmp_path, mail_from=MAIL_FROM).carry(letter, message_number=7)

    assert refusal.value.forever
    assert list(tmp_path.iterdir()) == []


def test_the_configuration_chooses_the_carrier(app: Flask, tmp_path: Path) -> None:
    config = app.extensions["seatbook"]

    folder = carrier_of(replace(config, mail_dir=tmp_path))
    server = carrier_of(replace(config, smtp_url="smtps://box%40office:s%2Fcret@mail.example"))

    assert isinstance(folder, MailFolder)
    assert folder.folder == tmp_path
    assert isinstance(server, MailServer)
    assert (server.host, server.port, server.with_tls) == ("mail.example", 465, True)
    assert (server.user, server.password) == ("box@office", "s/cret")


def test_a_letter_with_html_and_files_is_text_first_then_html_then_the_files(tmp_path: Path) -> None:
    letter = replace(
        LETTER,
        body_html="<p>Grüße</p>",
        attachments=(
            Attachment("tickets.pdf", "application/pdf", b"%PDF-1.7"),
            Attachment("event.ics", "text/calendar; method=CANCEL; charset=utf-8", "Größe".encode()),
        ),
    )
    MailFolder(tmp_path, mail_from=MAIL_FROM).carry(letter, message_number=7)

    (file,) = tmp_path.iterdir()
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert [part.get_content_type() for part in message.walk() if not part.is_multipart()] == [
        "text/plain",
        "text/html",
        "application/pdf",
        "text/calendar",
    ]
    html = message.get_body(("html",))
    assert html is not None
    assert html.get_content().strip() == "<p>Grüße</p>"
    pdf, calendar = message.iter_attachments()
    assert (pdf.get_filename(), pdf.get_content()) == ("tickets.pdf", b"%PDF-1.7")
    assert calendar["Content-Type"].params["method"] == "CANCEL"
    assert calendar.get_content().strip() == "Größe"
