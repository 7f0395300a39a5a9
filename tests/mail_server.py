"""A mail server that speaks real SMTP on a port of its own, and keeps what it is given."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage


class MailServer(socketserver.ThreadingTCPServer):
    """`refusals` maps a command ("MAIL", "RCPT", "DATA") to the line that it is answered with."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.letters: list[EmailMessage] = []
        self.refusals: dict[str, str] = {}
        self.rude_goodbye = False

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}"


class _Conversation(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self._say("220 ready")
        for line in self.rfile:
            word = line.strip().upper().partition(b" ")[0].decode("ascii", "replace")
            if word in self.server.refusals:
                self._say(self.server.refusals[word])
            elif word == "EHLO":
                self._say("250-here\r\n250 8BITMIME")
            elif word == "DATA":
                self._say("354 go on")
                self._take_letter()
                self._say("250 taken")
            elif word == "QUIT":
                if not self.server.rude_goodbye:
                    self._say("221 bye")
                return
            else:
                self._say("250 fine")

    def _take_letter(self) -> None:
        lines = []
        for line in self.rfile:
            if line == b".\r\n":
                break
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        self.server.letters.append(message_from_bytes(b"".join(lines), policy=policy.default))

    def _say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")


@contextmanager
def running_mail_server() -> Iterator[MailServer]:
    with MailServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
