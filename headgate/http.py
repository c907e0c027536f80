"""An HTTP listener for an ASGI application: uvicorn, with its signals and shutdown in our hands."""

import asyncio
import contextlib
import signal
from collections.abc import Generator
from typing import Any

import uvicorn

from headgate import addresses


class Listener(uvicorn.Server):
    """A uvicorn server that leaves signals to the caller.

    uvicorn's own handling raises the signal again after serving, which would end the process
    before it has flushed what it holds.
    """

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def listener(app: Any, host: str, port: int, *, grace_seconds: int = 30) -> Listener:
    """A listener for `app`; at the end open requests get `grace_seconds` to finish."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=grace_seconds,
        backlog=2048,
    )
    return Listener(config)


def stop_signals() -> asyncio.Event:
    """An event that SIGTERM or SIGINT sets; must be called inside the running loop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


async def serve_until(stop: asyncio.Event, server: Listener) -> None:
    """Serve until `stop` is set, then let open requests finish. Raises OSError for a busy address.

    It is bound here, since uvicorn would end the process from inside the loop.
    """
    sockets = addresses.bind(server.config.host, server.config.port)
    serving = asyncio.ensure_future(server.serve(sockets))
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    server.should_exit = True
    await serving
