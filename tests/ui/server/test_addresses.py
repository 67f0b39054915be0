from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpunit.settings import SettingError
from gpunit.ui.server.addresses import in_brackets, read_port, require_free, without_proxies


@pytest.fixture
def taken() -> Iterator[int]:
    """A port of 127.0.0.1 that something listens on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_port_in_use_is_named(taken: int) -> None:
    with pytest.raises(SettingError, match=f"port {taken} of 127.0.0.1 is in use; choose another --port"):
        require_free("127.0.0.1", taken)
    require_free("127.0.0.1", None)


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("203.0.113.7", "no address of this machine; give one that is"),
        ("no such host.invalid", "there is no host 'no such host.invalid'"),
        ("a" * 70 + ".example", "there is no host"),
        ("::zz", "there is no host '::zz'"),
    ],
)
def test_a_host_that_is_not_here_is_named(host: str, words: str) -> None:
    with pytest.raises(SettingError, match=words):
        require_free(host, None)


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "localhost"])
def test_addresses_of_this_machine_will_do(host: str) -> None:
    require_free(host, None)
    assert in_brackets(host) == host


@pytest.mark.parametrize("host", ["::1", "::", "[::1]"])
def test_addresses_of_ipv6_will_do_with_and_without_brackets(host: str) -> None:
    assert in_brackets(host) == f"[{host.strip('[]')}]"
    try:
        require_free("::1", None)
    except SettingError:
        pytest.skip("this machine has no IPv6")
    require_free(host, None)


@given(st.one_of(st.text(), st.integers().map(str)))
def test_a_port_is_a_number_or_refused_in_a_sentence(given: str) -> None:
    try:
        port = read_port(given, "--port")
    except SettingError as error:
        assert str(error).startswith("--port must be a whole number from 1 to 65535")  # noqa: PT017
        assert not given.isascii() or not given.isdigit() or int(given) not in range(1, 65536)
    else:
        assert 1 <= port <= 65535
        assert port == int(given)


def test_proxies_are_gone_for_a_while_only(monkeypatch: pytest.MonkeyPatch) -> None:
    named = {"http_proxy": "http://a:1", "HTTPS_PROXY": "http://b:2", "ALL_PROXY": "socks5://c:3"}
    for name, value in named.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("no_proxy", "example.org")

    def proxies() -> dict[str, str]:
        return {name: value for name, value in os.environ.items() if name in named}

    with without_proxies():
        assert proxies() == {}
        assert os.environ["no_proxy"] == "example.org"
    assert proxies() == named
    with pytest.raises(RuntimeError), without_proxies():
        raise RuntimeError
    assert proxies() == named
