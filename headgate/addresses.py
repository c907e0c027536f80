"""`host:port` texts, the URLs made of them, and the sockets bound to them, IPv6 included."""

import contextlib
import errno
import os
import socket

ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - recognised here, bound nowhere


def split(address: str) -> tuple[str, int]:
    """Host (without brackets) and port of `host:port`."""
    host, _, port = address.rpartition(":")
    return host.removeprefix("[").removesuffix("]"), int(port)


def join(host: str, port: int) -> str:
    """The inverse of `split`; an IPv6 host gets its brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def reachable(host: str) -> str:
    """Where a listener bound to `host` can be reached from this machine: not at "any address"."""
    return ANY.get(host, host)


def url(host: str, port: int) -> str:
    """The base URL of a listener of this machine."""
    return f"http://{join(reachable(host), port)}"


def bind(host: str, port: int) -> list[socket.socket]:
    """Sockets for every address that `host` stands for; raises OSError that says which and why.

    A family this machine does not have (IPv6 of `localhost`, often) is left out if another is there.
    """
    with contextlib.ExitStack() as undo:
        bound = []
        absent: OSError | None = None
        for family, kind, protocol, _, place in dict.fromkeys(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)):
            try:
                trial = undo.enter_context(socket.socket(family, kind, protocol))
                # Otherwise connections that ended a minute ago would keep the port busy.
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    trial.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                trial.bind(place)
            except OSError as error:
                absent = OSError(error.errno, f"{join(host, port)}: {os.strerror(error.errno or 0)}")
                if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                    raise absent from None
            else:
                bound.append(trial)
        if absent and not bound:
            raise absent
        undo.pop_all()
    return bound
