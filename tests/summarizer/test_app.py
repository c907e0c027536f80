"""The summarizer put together: real gRPC, real HTTP, and as a process."""

import asyncio
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
from headgate.api.compression.v1 import conversation_pb2
from headgate.api.compression.v1.compression_service_pb2_grpc import CompressionServiceStub
from headgate.settings import load
from summarizer import app
from summarizer.settings import Settings

ROOT = Path(__file__).parents[2]
TURN = conversation_pb2.Turn(role=conversation_pb2.ROLE_USER, parts=[conversation_pb2.Part(text="hello")])
REQUEST = pb.CompressRequest(key_id="k1", request_id="req_1", conversation=conversation_pb2.Conversation(turns=[TURN]), budget_tokens=1000)


@pytest.fixture
def environ(free_ports):
    http, grpc_port = free_ports(2)
    return {
        "HEADGATE_SUMMARIZER_HTTP_PORT": str(http),
        "HEADGATE_SUMMARIZER_ADDR": f"127.0.0.1:{grpc_port}",
        "HEADGATE_RPC_TOKEN": "the-shared-secret",
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


async def test_a_conversation_passes_through_and_is_counted(service, environ):
    channel, client = service
    compress = CompressionServiceStub(channel).Compress
    metadata = rpc.metadata(environ["HEADGATE_RPC_TOKEN"])
    for _ in range(2):
        answer = await compress(REQUEST, metadata=metadata, wait_for_ready=True, timeout=5)
        assert answer == pb.CompressResponse(unchanged=True)
    assert (await client.get("/ready")).json() == {"status": "ready", "mode": "normal"}
    metrics = (await client.get("/metrics")).text
    assert 'headgate_summarizer_conversations_total{result="unchanged"} 2.0' in metrics
    assert "process_resident_memory_bytes" in metrics


async def test_a_stranger_is_refused(service):
    channel, _ = service
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await CompressionServiceStub(channel).Compress(REQUEST, wait_for_ready=True, timeout=5)
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


def test_where_it_listens(environ):
    assert load(Settings, environ).listen == environ["HEADGATE_SUMMARIZER_ADDR"]
    assert load(Settings, environ | {"HEADGATE_SUMMARIZER_ADDR": "a.lan:7000,b.lan:7001", "HEADGATE_HOST": "::1"}).listen == "[::1]:7000"
    assert load(Settings, environ | {"HEADGATE_SUMMARIZER_LISTEN": "127.0.0.1:7002"}).listen == "127.0.0.1:7002"


# ---- as a process


def start(environ, cwd):
    whole = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environ}
    return subprocess.Popen([sys.executable, "-m", "summarizer"], cwd=cwd, env=whole, stderr=subprocess.PIPE, text=True)


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
