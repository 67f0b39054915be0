"""Where the page is served: hosts and ports that will do, and no proxy between the page and itself.

Gradio asks its own server over HTTP whether it has started, and opens HTTP clients when it is imported.  Both take the
proxies that the environment names, of which some answer for localhost, and some are of kinds that the clients refuse.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from gpunit.settings import SettingError

PORTS = range(1, 2**16)
PROXIES = ("http_proxy", "https_proxy", "all_proxy")
_OTHER_PORT = "choose another --port, or leave it out for the first free one"


@contextmanager
def without_proxies() -> Iterator[None]:
    """Inside, the environment names no proxy; downloads, which come later, find them again."""
    removed = {name: os.environ.pop(name) for name in list(os.environ) if name.lower() in PROXIES}
    try:
        yield
    finally:
        os.environ.update(removed)


def read_port(given: str, source: str = "the port") -> int:
    """A port's number.

    Raises:
        SettingError: if it is none, naming its `source`.
    """
    if not (given.isascii() and given.isdigit() and int(given) in PORTS):
        raise SettingError(f"{source} must be a whole number from {PORTS[0]} to {PORTS[-1]}, not {given!r}.")
    return int(given)


def require_free(host: str, port: int | None) -> None:
    """Make sure that this machine has the address, and that the port is free there; None for any port.

    Raises:
        SettingError: in one sentence, if not.
    """
    try:
        found = socket.getaddrinfo(bare(host), port or 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise SettingError(
            f"there is no host {host!r}; give an address of this machine, or leave --host out."
        ) from None
    refusals = [error for error in map(_bind, found) if error is not None]
    if len(refusals) < len(found) and not any(error.errno == errno.EADDRINUSE for error in refusals):
        return
    numbers = {error.errno for error in refusals}
    if errno.EADDRINUSE in numbers:
        raise SettingError(f"port {port} of {host} is in use; {_OTHER_PORT}.")
    if errno.EACCES in numbers:
        raise SettingError(f"port {port} of {host} may not be used by this user; {_OTHER_PORT}.")
    raise SettingError(f"{host} is no address of this machine; give one that is, such as 127.0.0.1 or 0.0.0.0.")


def bare(host: str) -> str:
    """A host without the brackets that IPv6 addresses have in web addresses."""
    return host[1:-1] if host.startswith("[") and host.endswith("]") else host


def is_of_this_machine(host: str) -> bool:
    """Whether this machine alone reaches an address.

    Examples:
        >>> [is_of_this_machine(host) for host in ("127.0.0.1", "[::1]", "localhost", "0.0.0.0", "example.org")]
        [True, True, True, False, False]
    """
    try:
        return ipaddress.ip_address(bare(host)).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def is_private(host: str) -> bool:
    """Whether no one but this machine reaches a server on this address, through a proxy that it was told of neither."""
    is_behind_proxy = bool(os.environ.get("GRADIO_ROOT_PATH") or os.environ.get("SPACE_ID"))
    return is_of_this_machine(host) and not is_behind_proxy


def in_brackets(host: str) -> str:
    """A host as web addresses write it: IPv6 in brackets.

    Examples:
        >>> in_brackets("::1"), in_brackets("127.0.0.1"), in_brackets("localhost")
        ('[::1]', '127.0.0.1', 'localhost')
    """
    try:
        is_ipv6 = ipaddress.ip_address(bare(host)).version == 6
    except ValueError:
        return host
    return f"[{bare(host)}]" if is_ipv6 else host


def _bind(found: tuple[int, int, int, str, tuple[object, ...]]) -> OSError | None:
    """Why an address cannot be listened on; None if it can."""
    family, kind, protocol, _, address = found
    try:
        with socket.socket(family, kind, protocol) as probe:
            if sys.platform != "win32":  # where it would let two servers share a port
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error
    return None
