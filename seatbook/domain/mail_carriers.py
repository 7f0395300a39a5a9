"""What takes letters away: a mail server, or, where none is set up, a folder.

`smtps://user:password@host:465` speaks TLS from the start. `smtp://host:587`
changes to TLS when the server offers it. A name and password never travel
unprotected, except to this very machine.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import ssl
import tempfile
from email.message import EmailMessage
from email.policy import SMTP as CRLF_LINES
from email.utils import formatdate, parseaddr
from pathlib import Path
from urllib.parse import unquote, urlsplit

from seatbook.config import Config
from seatbook.domain.mail import Carrier, CarrierAway, Letter, Undeliverable

SMTP_TIMEOUT_SECONDS = 15
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


def carrier_of(config: Config) -> Carrier:
    """The mail server of the configuration, or the folder when there is none."""
    if config.smtp_url:
        return MailServer(config.smtp_url, mail_from=config.mail_from)
    return MailFolder(config.mail_dir, mail_from=config.mail_from)


class MailServer:
    """Gives each letter to a mail server, over one connection each."""

    def __init__(self, url: str, *, mail_from: str) -> None:
        parts = urlsplit(url)
        self.with_tls = parts.scheme == "smtps"
        self.host = parts.hostname or "localhost"
        self.port = parts.port or (465 if self.with_tls else 587)
        self.user = unquote(parts.username or "")
        self.password = unquote(parts.password or "")
        self.mail_from = mail_from

    def carry(self, letter: Letter, *, message_number: int) -> None:
        """Send one letter. Raises Undeliverable; `forever` when the server says that it never will (5xx)."""
        message = write_message(letter, mail_from=self.mail_from, message_number=message_number)
        server = self._connect()
        try:
            server.send_message(message)
        except smtplib.SMTPSenderRefused as error:
            # MAIL_FROM is wrong, or the server wants a password: true of every letter.
            raise CarrierAway(_said(error.smtp_code, error.smtp_error)) from error
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            raise Undeliverable(_said(code, text), forever=code >= 500) from error
        except smtplib.SMTPResponseException as error:
            said = _said(error.smtp_code, error.smtp_error)
            raise Undeliverable(said, forever=error.smtp_code >= 500) from error
        except smtplib.SMTPNotSupportedError as error:
            raise Undeliverable(str(error), forever=True) from error
        except (smtplib.SMTPException, OSError) as error:
            raise CarrierAway(f"{self.host}:{self.port}: {error}") from error
        finally:
            # The server has said yes or no by now; how the goodbye goes changes nothing.
            with contextlib.suppress(smtplib.SMTPException, OSError):
                server.quit()
            server.close()

    def _connect(self) -> smtplib.SMTP:
        """Raises CarrierAway. A refused password is put right by the operator, so it is no fault of the letter."""
        try:
            return self._signed_in()
        except smtplib.SMTPResponseException as error:
            raise CarrierAway(_said(error.smtp_code, error.smtp_error)) from error
        except (smtplib.SMTPException, OSError) as error:
            raise CarrierAway(f"{self.host}:{self.port}: {error}") from error

    def _signed_in(self) -> smtplib.SMTP:
        trust = ssl.create_default_context()
        if self.with_tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=SMTP_TIMEOUT_SECONDS, context=trust
            )
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=SMTP_TIMEOUT_SECONDS)
        try:
            self._secure_and_sign_in(server, trust)
        except BaseException:
            server.close()
            raise
        return server

    def _secure_and_sign_in(self, server: smtplib.SMTP, trust: ssl.SSLContext) -> None:
        local = self.host in _THIS_MACHINE
        server.ehlo_or_helo_if_needed()
        protected = self.with_tls
        if not protected and not local and server.has_extn("starttls"):
            server.starttls(context=trust)
            server.ehlo_or_helo_if_needed()
            protected = True
        if self.user:
            if not protected and not local:
                raise smtplib.SMTPException("the server offers no TLS, so the password was not sent")
            server.login(self.user, self.password)


class MailFolder:
    """Writes each letter to a file that every mail program opens. For one machine without a mail server."""

    def __init__(self, folder: Path, *, mail_from: str) -> None:
        self.folder = folder
        self.mail_from = mail_from

    def carry(self, letter: Letter, *, message_number: int) -> None:
        """Write one letter. Raises CarrierAway."""
        message = write_message(letter, mail_from=self.mail_from, message_number=message_number)
        readable = re.sub(r"[^A-Za-z0-9@._-]", "_", letter.recipient)[:80]
        try:
            # Letters carry links that open accounts: nobody else on this machine reads them.
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self.folder, suffix=".part", delete=False) as file:
                file.write(message.as_bytes())
            Path(file.name).replace(self.folder / f"{message_number:06d}-{readable}.eml")
        except OSError as error:
            raise CarrierAway(f"{self.folder}: {error}") from error


def write_message(letter: Letter, *, mail_from: str, message_number: int) -> EmailMessage:
    """The letter as a mail. Its Message-ID depends on its number alone, so a second copy is known as such."""
    domain = parseaddr(mail_from)[1].rpartition("@")[2] or "localhost"
    message = EmailMessage(policy=CRLF_LINES)
    try:
        message["From"] = mail_from
        message["To"] = letter.recipient
        message["Subject"] = letter.subject
    except ValueError as error:
        # A line end in a header would begin a header of somebody else's choosing.
        raise Undeliverable(str(error), forever=True) from error
    message["Date"] = formatdate(localtime=False)
    message["Message-ID"] = f"<seatbook.mail.{message_number}@{domain}>"
    # So that no holiday notice answers.
    message["Auto-Submitted"] = "auto-generated"
    # Sent as it is where it may be: in the folder, a link can be copied out of the file.
    message.set_content(letter.body_text, cte="7bit" if letter.body_text.isascii() else None)
    if letter.body_html is not None:
        message.add_alternative(letter.body_html, subtype="html")
    for file in letter.attachments:
        kind, *parameters = file.content_type.split("; ")
        maintype, _, subtype = kind.partition("/")
        message.add_attachment(
            file.content,
            maintype=maintype,
            subtype=subtype,
            filename=file.file_name,
            params=dict(parameter.split("=", 1) for parameter in parameters),
        )
    return message


def _said(code: int, text: bytes | str) -> str:
    return f"{code} {text.decode('utf-8', 'replace') if isinstance(text, bytes) else text}"
