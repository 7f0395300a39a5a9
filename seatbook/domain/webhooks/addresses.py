"""Which network addresses may be called: public ones. Behind all others stand our own machines.

Whoever may name an endpoint must not be able to make us call what only we can
reach. So a name is looked up once, every address that it has is judged, and the
connection goes to an address that was judged: a second look-up, which could say
something else, never happens.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable
from urllib.parse import SplitResult, urlsplit

from seatbook.errors import N_, InvalidInput

MAX_URL_LENGTH = 2_000
# (host, port) → the addresses, as text. Raises OSError.
Resolve = Callable[[str, int], list[str]]

# Public by their number, and ways to somewhere else: protocol assignments, 6to4, NAT64.
_DETOURS = [
    ipaddress.ip_network(block) for block in ("192.0.0.0/24", "192.88.99.0/24", "2002::/16", "64:ff9b::/96")
]
# One to four numbers, decimal, octal or hexadecimal. inet_aton would read "1.2.3.4 or more", too.
_OLD_SPELLING = re.compile(r"(0x[0-9a-f]+|[0-9]+)(\.(0x[0-9a-f]+|[0-9]+)){0,3}", re.ASCII)


class AddressRefused(Exception):
    """The name leads to an address that we do not call. The text is for whoever set the endpoint up."""


def is_public(address: str) -> bool:
    """Whether it is an address of the public internet, for one receiver."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            found = found.ipv4_mapped
        elif found.is_site_local:
            return False
    return (
        found.is_global
        and not (found.is_multicast or found.is_reserved)
        and not any(found in block for block in _DETOURS if block.version == found.version)
    )


def checked_url(url: str, *, private_allowed: bool) -> str:
    """The address as it is kept. Raises InvalidInput for what we would never call."""
    url = url.strip()
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
        fits = bool(host) and url.isprintable() and " " not in url and len(url) <= MAX_URL_LENGTH
        if fits and host is not None:
            host_in_ascii(host)
    except ValueError:
        fits = False
    schemes = ("https", "http") if private_allowed else ("https",)
    if not fits or parts.scheme not in schemes or "@" in parts.netloc or parts.fragment:
        raise InvalidInput(
            field="url",
            reason=N_(
                "Please give a complete address that begins with https://, without a name or password."
            ),
        )
    if not private_allowed and _is_private_number(parts):
        raise InvalidInput(
            field="url", reason=N_("This address is not on the public internet, so nothing is sent there.")
        )
    return url


def host_in_ascii(host: str) -> str:
    """As it stands in requests: "xn--mnchen-3ya.example". Raises ValueError."""
    return host if host.isascii() else host.encode("idna").decode()


def look_up(host: str, port: int) -> list[str]:
    """Every address of a name, in the order to try them. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def callable_addresses(host: str, port: int, *, resolve: Resolve, private_allowed: bool) -> list[str]:
    """The addresses of a name, looked up now. Raises AddressRefused when one of them is not public, OSError."""
    addresses = resolve(host, port)
    if not private_allowed:
        for address in addresses:
            if not is_public(address):
                raise AddressRefused(f"{host} is {address}, which is not on the public internet")
    return addresses


def _is_private_number(parts: SplitResult) -> bool:
    # As it will be looked up: ①②⑦.⓪.⓪.① and 127。0。0。1 are 127.0.0.1 by then.
    name = host_in_ascii(parts.hostname or "").rstrip(".").lower()
    try:
        return not is_public(_number_of_old_spelling(name) or name)
    except ValueError:
        # A name: judged when it is looked up. "localhost" needs no looking up.
        return name == "localhost" or name.endswith(".localhost")


def _number_of_old_spelling(host: str) -> str | None:
    """127.0.0.1 for what look-ups read as it: 2130706433, 0x7f000001, 0177.0.0.1, 127.1. None for all else."""
    if not _OLD_SPELLING.fullmatch(host):
        return None
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return None
