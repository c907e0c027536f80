"""What the launcher makes of an answer to /ready."""

import asyncio

import pytest

from headgate import probe


@pytest.mark.parametrize(
    ("answer", "phrase"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\nready", None),
        (b"HTTP/1.0 200\r\n\r\n", None),
        (b'HTTP/1.1 503 Service Unavailable\r\n\r\n{"token":"hush"}', 'answers 503 Service Unavailable on {at}/ready: {{"token":***}}'),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", "answers 404 Not Found on {at}/ready"),
        (b"SSH-2.0\r\n", "answers nonsense on {at}/ready"),
        (b"", "answers nonsense on {at}/ready"),
    ],
)
async def test_answers(answer, phrase):
    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        for cut in range(0, len(answer), 5):
            writer.write(answer[cut : cut + 5])
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        at = "{}:{}".format(*server.sockets[0].getsockname())
        assert await probe.unready(f"http://{at}/ready") == (phrase and phrase.format(at=at))


async def test_nobody_listens(free_port):
    assert await probe.unready(f"http://127.0.0.1:{free_port}/ready") == f"does not listen on 127.0.0.1:{free_port}"


async def test_silence(monkeypatch):
    monkeypatch.setattr(probe, "ANSWER_SECONDS", 0.05)
    ended = asyncio.Event()

    async def serve(reader, writer):
        await ended.wait()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert await probe.unready(f"http://127.0.0.1:{port}/ready") == f"does not answer on 127.0.0.1:{port}"
        ended.set()
