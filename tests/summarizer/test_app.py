"""The summarizer put together: real gRPC, real HTTP, and as a process."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import grpc
import httpx
import pytest

from headgate import rpc
from headgate.api.compression.v1 import compression_service_pb2 as pb
from headgate.api.compression.v1 import conversation_pb2, policy_pb2
from headgate.api.compression.v1.compression_service_pb2_grpc import CompressionServiceStub
from headgate.api.conversation.v1 import conversation_service_pb2 as conversation
from headgate.api.conversation.v1.conversation_service_pb2_grpc import ConversationServiceStub
from headgate.settings import load
from summarizer import app
from summarizer.rpc import compression_wire as wire
from summarizer.settings import Settings
from summarizer.store import engine as database
from summarizer.store.originals import SqlOriginals
from tests.summarizer.conversations import chat

ROOT = Path(__file__).parents[2]
TURN = conversation_pb2.Turn(role=conversation_pb2.ROLE_USER, parts=[conversation_pb2.Part(text="hello")])
REQUEST = pb.CompressRequest(key_id="k1", request_id="req_1", turns=[TURN])


@pytest.fixture
def environ(free_ports, tmp_path):
    http, grpc_port = free_ports(2)
    return {
        "HEADGATE_SUMMARIZER_HTTP_PORT": str(http),
        "HEADGATE_SUMMARIZER_ADDR": f"127.0.0.1:{grpc_port}",
        "HEADGATE_RPC_TOKEN": "the-shared-secret",
        "HEADGATE_INTERNAL_KEY": "hgi-secret-of-tests",
        "HEADGATE_DATA_DIR": str(tmp_path / "data"),
    }


@pytest.fixture
async def service(environ):
    """A running service; yields a channel to it and an HTTP client."""
    stop = asyncio.Event()
    running = asyncio.ensure_future(app.serve(load(Settings, environ), stop))
    base = f"http://127.0.0.1:{environ['HEADGATE_SUMMARIZER_HTTP_PORT']}"
    async with (
        rpc.channel(environ["HEADGATE_SUMMARIZER_ADDR"]) as channel,
        httpx.AsyncClient(base_url=base, transport=httpx.AsyncHTTPTransport(retries=5)) as client,
    ):
        yield channel, client
    stop.set()
    await asyncio.wait_for(running, 10)


async def test_a_short_conversation_passes_through_and_is_counted(service, environ):
    channel, client = service
    compress = CompressionServiceStub(channel).Compress
    metadata = rpc.metadata(environ["HEADGATE_RPC_TOKEN"])
    for _ in range(2):
        answer = await compress(REQUEST, metadata=metadata, wait_for_ready=True, timeout=5)
        assert answer == pb.CompressResponse(unchanged=pb.CompressResponse.UNCHANGED_SHORT)
    assert (await client.get("/ready")).json() == {"status": "ready", "mode": "normal"}
    metrics = (await client.get("/metrics")).text
    assert 'headgate_summarizer_conversations_total{result="short"} 2.0' in metrics
    assert "process_resident_memory_bytes" in metrics


async def plane(reader, writer):
    """A data plane that summarises everything alike, one call a connection."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    await reader.readexactly(int(head.partition(b"content-length:")[2].split()[0]))
    usage = {"input_tokens": 90, "output_tokens": 10}
    body = json.dumps({"content": [{"type": "text", "text": "They talked."}], "usage": usage, "stop_reason": "end_turn"}).encode()
    writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))
    await writer.drain()
    writer.close()


async def test_a_long_conversation_is_shortened_and_that_is_remembered_from_one_start_to_the_next(environ, free_port):
    environ |= {"HEADGATE_GATEWAY_URL": f"http://127.0.0.1:{free_port}"}
    turns = [wire.turn(turn) for turn in chat(60, tokens=200)]
    policy = policy_pb2.Policy(enabled=True, tokens=10_000, keep_turns=10, original_hours=1)
    about = {"metadata": rpc.metadata(environ["HEADGATE_RPC_TOKEN"]), "wait_for_ready": True, "timeout": 10}
    answers = []
    async with await asyncio.start_server(plane, "127.0.0.1", free_port):
        for start in range(2):
            stop = asyncio.Event()
            running = asyncio.ensure_future(app.serve(load(Settings, environ), stop))
            async with rpc.channel(environ["HEADGATE_SUMMARIZER_ADDR"]) as channel:
                ask = pb.CompressRequest(key_id="k", request_id=f"req_{start}", turns=turns, policy=policy)
                answers.append(await CompressionServiceStub(channel).Compress(ask, **about))
            stop.set()
            await asyncio.wait_for(running, 10)
    first, again = answers
    assert (first.source, again.source) == (pb.CompressResponse.SOURCE_MODEL, pb.CompressResponse.SOURCE_STORE)
    assert (first.spent_tokens > 0, again.spent_tokens) == (True, 0)
    assert first.opening == again.opening
    assert "They talked." in first.opening[0].parts[0].text
    # What was replaced was stored before the end, of both.
    async with app.opened(load(Settings, environ).database_url) as engine:
        for start in range(2):
            found = await SqlOriginals(engine).find(f"req_{start}", "k", app.now_ms())
            assert found.replaced_turns == sum(len(json.loads(passage.turns)) for passage in found.passages) == first.replaced_turns


def modes(directory):
    return {path.name: path.stat().st_mode & 0o777 for path in [directory, *directory.iterdir()]}


async def test_conversations_are_kept_from_one_start_to_the_next(environ):
    for turn in ("t1", "t2"):
        stop = asyncio.Event()
        running = asyncio.ensure_future(app.serve(load(Settings, environ), stop))
        async with rpc.channel(environ["HEADGATE_SUMMARIZER_ADDR"]) as channel:
            stub = ConversationServiceStub(channel)
            about = {"metadata": rpc.metadata(environ["HEADGATE_RPC_TOKEN"]), "wait_for_ready": True, "timeout": 5}
            begun = await stub.BeginTurn(conversation.BeginTurnRequest(key_id="k", user="u", turn_id=turn, life_ms=1000), **about)
            said = [*begun.said, conversation.Said(speaker=conversation.SPEAKER_USER, text="hello")]
            await stub.EndTurn(conversation.EndTurnRequest(key_id="k", user="u", turn_id=turn, said=said[-1:]), **about)
        stop.set()
        await asyncio.wait_for(running, 10)
    assert [one.text for one in said] == ["hello", "hello"]
    assert modes(Path(environ["HEADGATE_DATA_DIR"])) == {"data": 0o700, "conversations.db": 0o600}


async def test_readiness_tells_of_a_store_that_does_not_answer(service, monkeypatch):
    _, client = service

    async def silent(_engine):
        return False

    monkeypatch.setattr(database, "answers", silent)
    answer = await client.get("/ready")
    assert (answer.status_code, answer.json()["reasons"]) == (503, ["the database of conversations does not answer"])
    assert (await client.get("/health")).status_code == 200


async def test_a_stranger_is_refused(service):
    channel, _ = service
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await CompressionServiceStub(channel).Compress(REQUEST, wait_for_ready=True, timeout=5)
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


def test_where_it_listens(environ):
    assert load(Settings, environ).listen == environ["HEADGATE_SUMMARIZER_ADDR"]
    assert load(Settings, environ | {"HEADGATE_SUMMARIZER_ADDR": "a.lan:7000,b.lan:7001", "HEADGATE_HOST": "::1"}).listen == "[::1]:7000"
    assert load(Settings, environ | {"HEADGATE_SUMMARIZER_LISTEN": "127.0.0.1:7002"}).listen == "127.0.0.1:7002"


def test_where_the_data_plane_is(environ):
    assert load(Settings, environ | {"PORT": "9000"}).gateway_url == "http://127.0.0.1:9000"
    assert load(Settings, environ | {"HEADGATE_HOST": "0.0.0.0", "PORT": "9000"}).gateway_url == "http://127.0.0.1:9000"
    assert load(Settings, environ | {"HEADGATE_HOST": "::", "PORT": "9000"}).gateway_url == "http://[::1]:9000"
    assert load(Settings, environ | {"HEADGATE_GATEWAY_URL": "https://gate.lan/"}).gateway_url == "https://gate.lan"
    assert environ["HEADGATE_INTERNAL_KEY"] not in repr(load(Settings, environ))


# ---- as a process


@contextlib.contextmanager
def start(environ, cwd):
    """The process; it ends with the test, also with one that fails: nobody would end it then, and leaving it waits for its end."""
    whole = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environ}
    with subprocess.Popen([sys.executable, "-m", "summarizer"], cwd=cwd, env=whole, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.slow
def test_it_serves_and_stops_on_sigterm(environ, tmp_path):
    with start(environ, tmp_path) as process:
        assert "summarizer serving grpc=" in process.stderr.readline()
        with httpx.Client(transport=httpx.HTTPTransport(retries=5)) as client:
            assert client.get(f"http://127.0.0.1:{environ['HEADGATE_SUMMARIZER_HTTP_PORT']}/health").status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
        assert process.stderr.read() == ""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"LOG_LEVEL": "loud", "HEADGATE_SUMMARIZER_HTTP_PORT": "x"}, ["LOG_LEVEL: 'loud'", "HEADGATE_SUMMARIZER_HTTP_PORT: 'x'"]),
        ({"HEADGATE_HOST": "0.0.0.0", "HEADGATE_RPC_TOKEN": ""}, ["HEADGATE_RPC_TOKEN: must be set"]),
    ],
)
def test_wrong_settings_are_told_together_with_code_2(environ, tmp_path, wrong, told):
    with start(environ | wrong, tmp_path) as process:
        assert process.wait(10) == 2
        said = process.stderr.read()
    assert said.startswith("summarizer: settings are wrong:\n")
    assert len(said.splitlines()) == 1 + len(told)
    assert all(f"  - {each}" in said for each in told)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["HEADGATE_SUMMARIZER_HTTP_PORT", "HEADGATE_SUMMARIZER_ADDR"])
def test_a_busy_port_ends_it_with_code_1(environ, tmp_path, name):
    port = int(environ[name].rpartition(":")[2])
    with socket.create_server(("127.0.0.1", port)), start(environ, tmp_path) as process:
        assert process.wait(10) == 1
        said = process.stderr.read()
    assert f"cannot listen: [Errno 98] 127.0.0.1:{port}" in said or f"cannot listen: Failed to bind to address 127.0.0.1:{port}" in said
    assert "Traceback" not in said


@pytest.mark.slow
def test_a_database_that_cannot_be_used_ends_it(environ, tmp_path):
    for url, code, told in (
        ("postgresql+asyncpg://postgres@127.0.0.1:1/x", 1, "cannot be reached"),
        ("postgresql+asyncpg://postgres@127.0.0.1:5432/x?nonsense=1", 3, "cannot be used"),
    ):
        with start(environ | {"HEADGATE_DATABASE_URL": url}, tmp_path) as process:
            assert process.wait(10) == code
            said = process.stderr.read()
        assert said.startswith("summarizer: the database of conversations")
        assert told in said
        assert len(said.splitlines()) == 1


@pytest.mark.slow
@pytest.mark.parametrize(("junk", "told"), [(False, "unable to open database file"), (True, "file is not a database")])
def test_a_file_that_cannot_be_used_ends_it_in_one_line(environ, tmp_path, junk, told):
    """Where the driver found out, its thread would complain among the words."""
    file = Path(environ["HEADGATE_DATA_DIR"], "conversations.db")
    file.parent.mkdir()
    file.write_bytes(b"x" * 8192) if junk else file.mkdir()
    with start(environ, tmp_path) as process:
        out = process.communicate(timeout=10)[1]
    assert (process.returncode, out) == (3, f"summarizer: the database of conversations cannot be used: {told}\n")


@pytest.mark.slow
def test_a_data_directory_that_cannot_be_made_ends_it(environ, tmp_path):
    (tmp_path / "data").write_text("a file")
    with start(environ, tmp_path) as process:
        assert process.wait(10) == 3
        assert "the data directory" in process.stderr.read()


def test_where_conversations_are_kept(environ):
    own = f"sqlite+aiosqlite:///{environ['HEADGATE_DATA_DIR']}/conversations.db"
    assert load(Settings, environ).database_url == own
    assert load(Settings, environ | {"HEADGATE_DATABASE_URL": "sqlite:////elsewhere/headgate.db"}).database_url == own
    shared = "postgresql+asyncpg://u:p@db/x"
    assert load(Settings, environ | {"HEADGATE_DATABASE_URL": shared}).database_url == shared
    assert "u:p" not in repr(load(Settings, environ | {"HEADGATE_DATABASE_URL": shared}))
