import errno
import socket

import pytest

from headgate import addresses


@pytest.mark.parametrize(("text", "parts"), [("127.0.0.1:80", ("127.0.0.1", 80)), ("[::1]:80", ("::1", 80)), ("box:80", ("box", 80))])
def test_split_and_join_are_inverse(text, parts):
    assert addresses.split(text) == parts
    assert addresses.join(*parts) == text


@pytest.mark.parametrize(
    ("host", "url"),
    [("0.0.0.0", "http://127.0.0.1:80"), ("::", "http://[::1]:80"), ("::1", "http://[::1]:80"), ("box.lan", "http://box.lan:80")],
)
def test_a_listener_is_reached_by_an_address_that_exists(host, url):
    assert addresses.url(host, 80) == url


def test_bind_takes_what_is_free(free_port):
    [bound] = addresses.bind("127.0.0.1", free_port)
    with bound:
        assert bound.getsockname() == ("127.0.0.1", free_port)


def test_bind_names_what_is_busy():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(OSError, match=f"127.0.0.1:{port}: Address already in use") as caught:
            addresses.bind("127.0.0.1", port)
    assert caught.value.errno == errno.EADDRINUSE


def test_bind_refuses_an_address_of_another_machine(free_port):
    with pytest.raises(OSError, match=r"192\.0\.2\.1:\d+: Cannot assign requested address"):
        addresses.bind("192.0.2.1", free_port)


def test_localhost_needs_one_of_its_families(free_port):
    bound = addresses.bind("localhost", free_port)
    try:
        assert ("127.0.0.1", free_port) in [each.getsockname()[:2] for each in bound]
    finally:
        for each in bound:
            each.close()
