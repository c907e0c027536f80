"""Server-sent events, to the byte."""

import asyncio

import pytest

from controlplane.rest.schemas import View
from controlplane.rest.stream import EventStream, written


class Told(View):
    some_name: str


class Client:
    """Reads an answer, and leaves when it is told to."""

    def __init__(self):
        self.messages = []
        self.leaving = asyncio.Event()
        self.got = asyncio.Event()

    async def receive(self):
        await self.leaving.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        self.messages.append(message)
        self.got.set()

    @property
    def body(self):
        return b"".join(message.get("body", b"") for message in self.messages)

    async def until(self, text):
        async with asyncio.timeout(5):
            while text not in self.body:
                self.got.clear()
                await self.got.wait()


async def read(stream, client):
    await stream({"type": "http"}, client.receive, client.send)


async def two():
    yield "request", Told(some_name="a\nb \u00e9")
    yield "reset", {}


async def test_the_bytes():
    client = Client()
    await read(EventStream(two()), client)
    start, comment, first, second, end = client.messages
    assert start["status"] == 200
    assert start["headers"] == [
        (b"content-type", b"text/event-stream"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
    ]
    assert comment["body"] == b":\n\n"
    assert first["body"] == 'event: request\ndata: {"someName":"a\\nb \u00e9"}\n\n'.encode()
    assert second["body"] == b"event: reset\ndata: {}\n\n"
    assert (end["body"], end["more_body"]) == (b"", False)


def test_text_that_utf_8_cannot_carry_ends_nothing():
    assert written("text", {"text": "\ud800"}) == b'event: text\ndata: {"text":"?"}\n\n'


async def test_comments_come_at_once_and_while_nothing_happens():
    gone = []

    async def silent():
        try:
            await asyncio.Event().wait()
            yield "never", {}
        finally:
            gone.append("closed")

    client = Client()
    reading = asyncio.create_task(read(EventStream(silent(), comment_every=0.01), client))
    await client.until(b":\n\n" * 3)
    assert client.body == b":\n\n" * (len(client.body) // 3)
    assert not gone
    client.leaving.set()
    await asyncio.wait_for(reading, 5)
    assert gone == ["closed"]
    assert client.messages[-1].get("more_body"), "nobody is there to be told that it is over"


async def test_who_leaves_while_an_event_is_on_its_way_is_not_waited_for():
    gone = []

    async def endless():
        try:
            while True:
                yield "text", {}
        finally:
            gone.append("closed")

    client = Client()

    async def stuck(message):
        if message["type"] == "http.response.body" and b"event" in message["body"]:
            client.leaving.set()
            await asyncio.Event().wait()

    await asyncio.wait_for(EventStream(endless())({"type": "http"}, client.receive, stuck), 5)
    assert gone == ["closed"]


async def test_who_left_before_the_beginning_leaves_nothing_open():
    """The events never began, and nothing of theirs can be relied on."""
    ends = []
    client = Client()
    client.leaving.set()

    async def full(_message):
        await asyncio.Event().wait()

    await asyncio.wait_for(EventStream(two(), ended=lambda: ends.append("ended"))({"type": "http"}, client.receive, full), 5)
    assert ends == ["ended"]


async def test_what_is_written_already_goes_out_as_it_is():
    async def ready():
        yield b"event: a\ndata: {}\n\n"

    client = Client()
    await read(EventStream(ready()), client)
    assert client.body == b":\n\nevent: a\ndata: {}\n\n"


async def test_a_defect_is_not_hidden():
    async def broken():
        yield "text", {}
        raise LookupError("a defect")

    client = Client()
    with pytest.raises(LookupError):
        await read(EventStream(broken()), client)
    assert client.messages[-1].get("more_body"), "the answer must not look complete"
