"""The model call, against a real HTTP server on loopback."""

import asyncio
import json

import pytest
import uvicorn

from summarizer.errors import ModelFailed
from summarizer.gateway import Gateway, Nobody
from summarizer.ports import Answered, Errand

ERRAND = Errand("key-1", "req_1")
USAGE = {"input_tokens": 10, "cache_read_input_tokens": 3, "cache_creation_input_tokens": 2, "output_tokens": 5}


def message(*texts, **more):
    blocks = [{"type": "thinking", "thinking": "hm", "signature": "s"}, *({"type": "text", "text": text} for text in texts)]
    return {"type": "message", "content": blocks, "usage": USAGE, "stop_reason": "end_turn", **more}


class DataPlane:
    """Answers with `status` and `body`; with `slow` never. `left`: a client went away before its answer."""

    def __init__(self):
        self.status, self.body, self.slow = 200, message("A summary."), False
        self.asked, self.left = [], asyncio.Event()

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return
        body = b""
        while True:
            got = await receive()
            body += got.get("body", b"")
            if not got.get("more_body"):
                break
        self.asked.append((scope["path"], dict(scope["headers"]), json.loads(body)))
        if self.slow:
            while (await receive())["type"] != "http.disconnect":
                pass
            self.left.set()
            return
        told = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        await send({"type": "http.response.start", "status": self.status, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": told})


@pytest.fixture
async def plane(free_port):
    app = DataPlane()
    server = uvicorn.Server(uvicorn.Config(app, port=free_port, log_level="critical", lifespan="off"))
    running = asyncio.ensure_future(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn offers nothing to wait for
        await asyncio.sleep(0.01)
    yield app
    server.should_exit = True
    await running


@pytest.fixture
async def gateway(free_port):
    made = Gateway(f"http://127.0.0.1:{free_port}/", "hgi-secret")
    yield made
    await made.close()


def ask(gateway):
    return gateway.ask(ERRAND, "claude-haiku-4.5", "You summarise.", "<conversation>", 300)


async def test_an_ordinary_request_that_says_for_whom_it_is(gateway, plane):
    assert await ask(gateway) == Answered("A summary.", 20)
    ((path, headers, body),) = plane.asked
    assert path == "/v1/messages"
    assert body == {
        "model": "claude-haiku-4.5",
        "max_tokens": 300,
        "system": "You summarise.",
        "messages": [{"role": "user", "content": "<conversation>"}],
    }
    told = {name: headers[name] for name in (b"x-api-key", b"x-headgate-for-key", b"x-headgate-for-request", b"x-headgate-compress")}
    assert told == {
        b"x-api-key": b"hgi-secret",
        b"x-headgate-for-key": b"key-1",
        b"x-headgate-for-request": b"req_1",
        b"x-headgate-compress": b"off",
    }


async def test_several_texts_are_one_and_an_answer_that_broke_off_says_so(gateway, plane):
    plane.body = message("One ", "two \ud83d", stop_reason="max_tokens")
    assert await ask(gateway) == Answered("One two ?", 20, cut=True)


@pytest.mark.parametrize(
    ("status", "lasting"),
    [*((status, True) for status in (401, 403, 404, 503)), *((status, False) for status in (400, 413, 429, 500, 502, 529))],
)
async def test_a_refusal_lasts_or_passes(gateway, plane, status, lasting):
    plane.status, plane.body = status, {"type": "error", "error": {"type": "x", "message": "a secret"}}
    with pytest.raises(ModelFailed) as told:
        await ask(gateway)
    assert told.value.lasting is lasting
    assert "secret" not in str(told.value)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"content":[]}',
        b'{"content":[{"type":"text"}],"usage":{}}',
        message(usage=[1]),
        message(usage={"input_tokens": 1e999}),
    ],
)
async def test_nonsense_is_a_failure(gateway, plane, body):
    plane.body = body
    with pytest.raises(ModelFailed):
        await ask(gateway)


@pytest.mark.parametrize("body", [message(), message(" \n"), message("I cannot do that.", stop_reason="refusal")])
async def test_an_answer_without_a_summary_tells_what_it_cost(gateway, plane, body):
    plane.body = body
    assert await ask(gateway) == Answered("", 20)


async def test_figures_that_are_none_count_as_nothing(gateway, plane):
    plane.body = message("x", usage={"input_tokens": 4, "output_tokens": None, "cache_read_input_tokens": -3})
    assert (await ask(gateway)).tokens == 4


async def test_nobody_there_lasts(gateway):
    with pytest.raises(ModelFailed) as told:
        await ask(gateway)
    assert told.value.lasting


async def test_who_gives_up_closes_the_request(gateway, plane):
    plane.slow = True
    task = asyncio.ensure_future(ask(gateway))
    while not plane.asked:  # noqa: ASYNC110 - the server is not ours to wait for
        await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait_for(plane.left.wait(), 5)


async def test_proxies_of_the_environment_do_not_concern_it(gateway, plane, monkeypatch, free_ports):
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_ports(1)[0]}")
    made = Gateway(gateway._url.removesuffix("/v1/messages"), "hgi-secret")
    assert (await ask(made)).text == "A summary."
    await made.close()


async def test_without_a_key_nothing_is_asked():
    with pytest.raises(ModelFailed) as told:
        await Nobody().ask(ERRAND, "m", "s", "p", 1)
    assert told.value.lasting
