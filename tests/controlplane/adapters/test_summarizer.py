"""The summarizer as the control plane asks it, over a real gRPC server."""

import asyncio
import logging

import grpc
import pytest

from controlplane.adapters import summarizer as module
from controlplane.adapters.summarizer import Summarizer
from controlplane.domain.errors import Absent
from controlplane.service.originals import OriginalsAway
from headgate import rpc
from headgate.api.compression.v1 import compression_service_pb2 as pb
from headgate.api.compression.v1.compression_service_pb2_grpc import CompressionServiceServicer, add_CompressionServiceServicer_to_server

TOKEN = "0123456789abcdef"
BODY = b'{"turns":"MARKED"}'


class Kept(CompressionServiceServicer):
    """Has one request's; refuses with `code` when it is told to; `gate` holds its answers up."""

    def __init__(self):
        self.asked = []
        self.code = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def Original(self, request, context):
        self.asked.append(request)
        await self.gate.wait()
        if self.code is not None:
            await context.abort(self.code, "MARKED")
        if request.request_id != "req_1":
            await context.abort(grpc.StatusCode.NOT_FOUND, "no such request")
        return pb.OriginalResponse(body=BODY)


@pytest.fixture
async def kept():
    """The service, and the port it is on."""
    service = Kept()
    server = grpc.aio.server(interceptors=[rpc.Guard(TOKEN)])
    service.port = server.add_insecure_port("127.0.0.1:0")
    add_CompressionServiceServicer_to_server(service, server)
    await server.start()
    yield service
    await server.stop(None)


@pytest.fixture
async def summarizer(kept):
    made = Summarizer(f"127.0.0.1:{kept.port}", TOKEN)
    yield made
    await made.close()


async def test_what_was_replaced_is_asked_for_anybodys_request(kept, summarizer):
    assert await summarizer.original("req_1") == BODY
    assert await summarizer.original("req_1") == BODY
    assert kept.asked == [pb.OriginalRequest(request_id="req_1", key_id="")] * 2


async def test_what_is_not_kept_is_absent(kept, summarizer):
    with pytest.raises(Absent):
        await summarizer.original("req_2")
    kept.code = grpc.StatusCode.INVALID_ARGUMENT
    with pytest.raises(Absent):
        await summarizer.original("x" * 5000)


@pytest.mark.parametrize("code", ["UNAVAILABLE", "UNIMPLEMENTED", "INTERNAL", "UNKNOWN"])
async def test_whatever_else_it_says_it_is_away(kept, summarizer, caplog, code):
    caplog.set_level(logging.DEBUG)
    kept.code = grpc.StatusCode[code]
    with pytest.raises(OriginalsAway):
        await summarizer.original("req_1")
    assert code in caplog.text
    assert "MARKED" not in caplog.text
    kept.code = None
    assert await summarizer.original("req_1") == BODY


async def test_it_is_not_waited_for_for_ever(kept, summarizer, monkeypatch):
    monkeypatch.setattr(module, "SECONDS", 0.05)
    kept.gate.clear()
    with pytest.raises(OriginalsAway):
        await summarizer.original("req_1")
    kept.gate.set()


async def test_without_the_shared_secret_it_is_away(kept):
    made = Summarizer(f"127.0.0.1:{kept.port}", "wrong")
    with pytest.raises(OriginalsAway):
        await made.original("req_1")
    await made.close()


async def test_where_nobody_listens_it_is_away_at_once(free_port):
    made = Summarizer(f"127.0.0.1:{free_port}", TOKEN)
    async with asyncio.timeout(module.SECONDS / 2):
        with pytest.raises(OriginalsAway):
            await made.original("req_1")
    await made.close()


async def test_who_was_never_asked_has_nothing_to_close():
    await Summarizer("127.0.0.1:1", None).close()
