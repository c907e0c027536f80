"""The HTTP listener: serves until told, finishes what is open, and refuses a busy address with words."""

import asyncio
import signal
import socket

import httpx
import pytest

from headgate import http


class App:
    """Answers when `gate` is set; says in `entered` that a request has come."""

    def __init__(self):
        self.gate, self.entered = asyncio.Event(), asyncio.Event()

    async def __call__(self, scope, receive, send):
        self.entered.set()
        await self.gate.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})


async def test_open_requests_are_finished_before_it_ends(free_port):
    app, stop = App(), asyncio.Event()
    serving = asyncio.ensure_future(http.serve_until(stop, http.listener(app, "127.0.0.1", free_port)))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{free_port}", transport=httpx.AsyncHTTPTransport(retries=3)) as client:
        asking = asyncio.ensure_future(client.get("/"))
        await app.entered.wait()
        stop.set()
        await asyncio.sleep(0.05)
        assert not serving.done()
        app.gate.set()
        assert (await asking).text == "ok"
    await asyncio.wait_for(serving, 5)


async def test_a_busy_address_is_an_error_that_names_it():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=f"127.0.0.1:{port}: Address already in use"):
            await http.serve_until(asyncio.Event(), http.listener(App(), "127.0.0.1", port))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_signals_ask_to_stop(number):
    stop = http.stop_signals()
    signal.raise_signal(number)
    await asyncio.wait_for(stop.wait(), 1)
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().remove_signal_handler(each)
