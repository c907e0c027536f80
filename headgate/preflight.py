"""Everything that would keep the services from starting, found before any of them is started."""

import errno
import os
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headgate import addresses, options
from headgate.settings import Option, read


@dataclass(frozen=True)
class Listener:
    """An address a service will bind, and the setting that says so."""

    setting: str
    host: str
    port: int


def mistakes(environ: Mapping[str, str]) -> list[str]:
    """Wrong settings, a data directory that cannot be used, addresses that cannot be bound."""
    return [*options.check(environ), *_data_directory(environ), *_ports(environ)]


def listeners(environ: Mapping[str, str]) -> Iterator[Listener]:
    """What will be bound. Settings that are wrong by themselves are left out: `check` tells them."""
    host = _value(options.HOST, environ)
    for plain in (options.PORT, options.CONSOLE_PORT, options.SUMMARIZER_HTTP_PORT):
        port = _value(plain, environ)
        if port is not None:
            yield Listener(plain.name, host, port)
    for dialled, explicit in (
        (options.CONTROL_ADDR, options.CONTROL_LISTEN),
        (options.SUMMARIZER_ADDR, options.SUMMARIZER_LISTEN),
    ):
        own, others = _value(explicit, environ), _value(dialled, environ)
        if own or others:
            said = explicit if own else dialled
            yield Listener(said.name, *addresses.split(own or options.listen(others[0], None, host)))


def _ports(environ: Mapping[str, str]) -> list[str]:
    wanted = list(listeners(environ))
    places: dict[tuple[str, int], list[str]] = defaultdict(list)
    for listener in wanted:
        places[listener.host, listener.port].append(listener.setting)
    found = [
        f"{' and '.join(names)}: cannot share {addresses.join(host, port)}" for (host, port), names in places.items() if len(names) > 1
    ]
    for listener in wanted:
        found += _unbindable(listener)
    return found


def _unbindable(listener: Listener) -> list[str]:
    """Try it as the service will; the address is free again at once."""
    try:
        for trial in addresses.bind(listener.host, listener.port):
            trial.close()
    except OSError as error:
        advice = "; stop what listens there or choose another" if error.errno == errno.EADDRINUSE else ""
        return [f"{listener.setting}: {error.strerror}{advice}"]
    return []


def _data_directory(environ: Mapping[str, str]) -> list[str]:
    """Make it when missing, for its owner alone: rights alone do not tell what a file system allows."""
    path = Path(_value(options.DATA_DIR, environ))
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        return [f"{options.DATA_DIR.name}: {str(path)!r} cannot be made or written to: {reason}"]
    return []


def _value(option: Option[Any], environ: Mapping[str, str]) -> Any:
    return read(option, environ)[0]
