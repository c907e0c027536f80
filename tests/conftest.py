"""What every test may rely on: no connection leaves this machine, and ports that are free."""

import contextlib
import ipaddress
import socket
from collections.abc import Callable, Iterator

import pytest
from hypothesis import settings

pytest_plugins = ["tests.hanging"]

# A time limit for one example would measure how busy the machine is, not the code.
settings.register_profile("headgate", parent=settings(), deadline=None)
settings.load_profile("headgate")


class Outside(RuntimeError):
    """A test tried to reach another machine."""


def check(family, address):
    """Raises Outside unless `address` is a socket file or a loopback address."""
    if family == getattr(socket, "AF_UNIX", None):
        return
    host = str(address[0]).partition("%")[0]
    # A name would have to be looked up, and what it stands for is not ours to know.
    if host != "localhost" and not _loopback(host):
        raise Outside(f"tests only talk to this machine, not to {address!r}")


def _loopback(host):
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True, scope="session")
def _no_outside() -> Iterator[None]:
    """Guards Python's sockets. Libraries with sockets of their own (gRPC, uvloop) are not seen."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def guarded(self, address):
        check(self.family, address)
        return connect(self, address)

    def guarded_ex(self, address):
        check(self.family, address)
        return connect_ex(self, address)

    socket.socket.connect, socket.socket.connect_ex = guarded, guarded_ex
    yield
    socket.socket.connect, socket.socket.connect_ex = connect, connect_ex


@pytest.fixture
def free_ports() -> Callable[[int], list[int]]:
    """`free_ports(3)`: that many different ports nobody listens on."""

    def take(count: int) -> list[int]:
        with contextlib.ExitStack() as held:
            sockets = [held.enter_context(socket.socket()) for _ in range(count)]
            for taken in sockets:
                taken.bind(("127.0.0.1", 0))
            return [taken.getsockname()[1] for taken in sockets]

    return take


@pytest.fixture
def free_port(free_ports: Callable[[int], list[int]]) -> int:
    """A port nobody listens on."""
    return free_ports(1)[0]
