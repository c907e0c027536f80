"""Our own data plane, asked as a client: what its events mean, however the network cuts them."""

import json

import httpx
import pytest

from controlplane.adapters.gateway import Events, Gateway
from controlplane.service.testing import Answered, Complete, GatewayAway, Refused, Said
from headgate.logs import redact

STREAM = (
    b'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_1"}}\n\n'
    b": ping\n\n"
    b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}\n\n'
    b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"x"}}\n\n'
    b'event: content_block_delta\r\ndata: {"type":"content_block_delta",\r\ndata: "index":1,"delta":{"type":"text_delta","text":"gr\xc3\xbc"}}\r\n\r\n'
    b'event: ping\ndata: {"type":"ping"}\n\n'
    b"data: not json\n\n"
    b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
)
HEARD = [Said("hm", reasoning=True), Said("gr\N{LATIN SMALL LETTER U WITH DIAERESIS}"), Complete()]


class Pieces(httpx.AsyncByteStream):
    """A body that comes in pieces; an exception among them is raised. `closed` once it is."""

    def __init__(self, *pieces):
        self.pieces = pieces
        self.closed = False

    async def __aiter__(self):
        for piece in self.pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece

    async def aclose(self):
        self.closed = True


def served(body, status=200, asked=None):
    def answer(request):
        if asked is not None:
            asked.append(request)
        if isinstance(body, Exception):
            raise body
        return httpx.Response(status, headers={"request-id": "req_1"}, stream=body)

    return Gateway("http://gate.test:8000/", httpx.MockTransport(answer))


async def heard(gateway):
    return [one async for one in gateway.ask("hgp-secret", "one/m", "hello", 50)]


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
async def test_an_answer_however_it_is_cut(size):
    pieces = [STREAM[place : place + size] for place in range(0, len(STREAM), size)]
    assert await heard(served(Pieces(*pieces))) == [Answered(200, "req_1"), *HEARD]


async def test_what_is_asked():
    asked = []
    await heard(served(Pieces(STREAM), asked=asked))
    (request,) = asked
    assert str(request.url) == "http://gate.test:8000/v1/messages"
    assert (request.headers["x-api-key"], request.headers["x-headgate-explain"]) == ("hgp-secret", "1")
    body = json.loads(request.content)
    assert (body["model"], body["max_tokens"], body["stream"]) == ("one/m", 50, True)


ERROR = {"type": "error", "error": {"type": "api_error", "message": "nobody serves it", "details": {"error_code": "no_account"}}}


async def test_a_refusal_in_the_data_planes_own_words():
    said = await heard(served(Pieces(json.dumps(ERROR).encode()), 503))
    assert said == [Answered(503, "req_1"), Refused("no_account", "nobody serves it")]


async def test_a_fault_in_the_middle_of_the_answer():
    said = await heard(served(Pieces(b"data: " + json.dumps(ERROR).encode() + b"\n\n", STREAM)))
    assert said == [Answered(200, "req_1"), Refused("no_account", "nobody serves it")]


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"", b'{"error": 5}', b"[" * 100_000])
async def test_a_refusal_that_is_none_of_ours(body):
    said = await heard(served(Pieces(body), 502))
    assert said == [Answered(502, "req_1"), Refused("gateway_error", "the data plane answered 502")]


async def test_an_event_that_would_fill_the_memory():
    said = await heard(served(Pieces(*[b"data: " + b"x" * 100_000] * 12)))
    assert said[-1] == Refused("answer_unreadable", "the data plane's answer cannot be read")


async def test_a_data_plane_that_is_not_there_is_told_with_its_address():
    with pytest.raises(GatewayAway) as caught:
        await heard(served(httpx.ConnectError("refused")))
    assert "http://gate.test:8000 cannot be reached" in str(caught.value)
    assert redact(str(caught.value)) == str(caught.value)
    assert caught.value.__cause__ is caught.value.__context__ is None


async def test_one_that_breaks_off():
    answer = served(Pieces(STREAM[:200], httpx.ReadError("reset"))).ask("hgp-secret", "m", "hello", 50)
    assert await anext(answer) == Answered(200, "req_1")
    with pytest.raises(GatewayAway, match="broke off"):
        await anext(answer)


async def test_who_stops_listening_ends_the_request():
    body = Pieces(STREAM, STREAM)
    answer = served(body).ask("hgp-secret", "m", "hello", 50)
    await anext(answer)
    await anext(answer)
    assert not body.closed
    await answer.aclose()
    assert body.closed


def test_events_without_an_end_are_none():
    assert list(Events().feed(b'data: {"type":"ping"}\n')) == []
