"""The HTTP surface over raw ASGI: routes, ids, limits, errors, CORS, disconnects, keep-alives."""

import asyncio
import json

import pytest

from dataplane import connection, server
from dataplane.catalogue import Catalogue
from dataplane.errors import Kind, Limited, Unauthenticated
from dataplane.network import Origins, Proxies
from dataplane.pages import Pages
from dataplane.ports import Ending, ModelFacts
from dataplane.server import Server
from dataplane.windows import Window, Windows
from tests.dataplane.fakes import FakeControl, FakeDialect, FakeTransport, line

GOOD = (200, [b"t Hel\n", b"t lo\nu 2\n", b"f stop\n"])
KEY = (b"x-api-key", b"key")


class Answer:
    def __init__(self, messages):
        self.messages = messages
        start = messages[0]
        self.status = start["status"]
        self.lines = [(name.decode(), value.decode()) for name, value in start["headers"]]
        self.headers = dict(self.lines)
        exposing = [value.split(", ") for name, value in self.lines if name == "access-control-expose-headers"]
        self.exposed = {name for names in exposing for name in names}
        self.body = b"".join(each.get("body", b"") for each in messages[1:])
        self.complete = bool(messages[1:]) and not messages[-1].get("more_body")


def serve(control=None, *scripts, origins=("*",), limit=1000, trusted=(), **limits):
    control = control or FakeControl()
    dialect = FakeDialect()
    made = Server(
        line(control, FakeTransport(*(scripts or (GOOD,))), **limits),
        lambda _: dialect,
        max_body_bytes=limit,
        origins=Origins(origins),
        proxies=Proxies(trusted),
    )
    catalogue = Catalogue()
    catalogue.replace([ModelFacts("fake", "model-1", "Model", 1000, 100, ("alias",), 1)])
    Pages(control, catalogue, ready=list, console="http://console", openapi=b"{}").install(made)
    made.route("/chat", {"POST": made.converse}, dialect)
    return made


async def call(app, method="POST", path="/chat", headers=(KEY,), body=b'{"stream":true}', pieces=None, leave_after=None, query=b""):
    """Drive one request; `leave_after` disconnects once so many messages were sent."""
    queue = asyncio.Queue()
    pieces = [body] if pieces is None else pieces
    for number, piece in enumerate(pieces, 1):
        queue.put_nowait({"type": "http.request", "body": piece, "more_body": number < len(pieces)})
    messages = []

    async def send(message):
        messages.append(message)
        if leave_after is not None and len(messages) >= leave_after:
            queue.put_nowait({"type": "http.disconnect"})

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "headers": list(headers),
        "client": ("10.0.0.1", 1234),
    }
    await app(scope, queue.get, send)
    return Answer(messages)


async def test_a_stream_is_answered_with_ids_and_headers():
    answer = await call(serve(), headers=(KEY, (b"x-request-id", b"mine")))
    assert (answer.status, answer.body, answer.complete) == (200, b"<Hel><lo>.", True)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["x-request-id"].startswith("req_")
    assert answer.headers["request-id"] == answer.headers["x-request-id"]
    assert answer.headers["x-client-request-id"] == "mine"
    assert answer.headers["x-headgate-model"] == "fake/model-1"
    assert "x-headgate-account" not in answer.headers


async def test_a_whole_answer_has_its_length():
    answer = await call(serve(), body=b"{}")
    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"<Hel><lo>.", "10")
    assert answer.headers["content-type"] == "application/json"


async def test_explanations_go_to_those_who_ask():
    answer = await call(serve(), headers=(KEY, (b"x-headgate-explain", b"1")))
    assert answer.headers["x-headgate-account"] == "acc-1"
    assert answer.headers["x-headgate-attempts"] == "1"
    assert int(answer.headers["x-headgate-overhead-ms"]) >= 0


@pytest.mark.parametrize("headers", [(), ((b"authorization", b"Basic abc"),), ((b"authorization", b"Bearer "),), ((b"x-api-key", b""),)])
async def test_without_a_key_nothing_is_asked(headers):
    control = FakeControl()
    answer = await call(serve(control), headers=headers)
    assert answer.body == b"unauthenticated"
    assert control.asks == []


async def test_x_api_key_wins_over_bearer():
    control = FakeControl()
    await call(serve(control), headers=((b"authorization", b"Bearer two"), (b"x-api-key", b"one")))
    assert control.asks[0].caller.credential == "one"
    assert "one" not in repr(control.asks[0].caller)


async def test_for_whom_a_request_is_goes_on_to_the_control_plane():
    control = FakeControl("acc-1", "acc-2")
    app = serve(control, GOOD, GOOD)
    await call(app, headers=(KEY, (b"x-headgate-for-key", b"key_7"), (b"x-headgate-for-request", b"r" * 1000)))
    await call(app)
    told, plain = (ask.caller for ask in control.asks)
    assert (told.for_key, told.for_request) == ("key_7", "r" * 200)
    assert (plain.for_key, plain.for_request) == ("", "")


async def test_all_headers_of_a_conversation_are_at_hand(monkeypatch):
    seen = []

    async def exchange(_line, _dialect, request, client):
        seen.append(request.sent)
        await client.reply(b"")

    monkeypatch.setattr(server, "exchange", exchange)
    await call(serve(), headers=(KEY, (b"user-agent", b"any/1")))
    assert seen[0][b"user-agent"] == b"any/1"


async def test_a_refusal_is_a_status_in_the_dialects_shape():
    answer = await call(serve(FakeControl(Unauthenticated("no"))))
    assert (answer.status, answer.body) == (502, b"unauthenticated")


async def test_waiting_time_is_a_header():
    answer = await call(serve(FakeControl("acc-1"), (429, [b"throttled"]), attempts=1))
    assert (answer.status, answer.headers["retry-after"]) == (429, "7")


@pytest.mark.parametrize("body", [b"{}", b'{"stream":true}'])
async def test_where_the_limits_of_the_key_stand_is_told_with_the_answer(body):
    windows = Windows(Window(60, 12), Window(1000, 7))
    answer = await call(serve(FakeControl(windows=windows)), body=body)
    assert (answer.status, answer.headers["limit-requests"], answer.headers["limit-tokens"]) == (200, "12/60", "7/1000")
    assert answer.exposed >= {"x-headgate-model", "limit-requests", "limit-tokens"}


async def test_a_refused_key_is_told_where_its_limits_stand_and_when_to_come_back():
    spent = Limited("the day's tokens are spent", kind=Kind.RATE_LIMITED, retry_after=86_400)
    spent.windows = Windows(tokens=Window(1000, 0, 5))
    answer = await call(serve(FakeControl(spent)))
    assert (answer.status, answer.headers["retry-after"], answer.headers["limit-tokens"]) == (429, "86400", "0/1000")


async def test_an_upstreams_failure_tells_the_limits_too():
    control = FakeControl("acc-1", windows=Windows(requests=Window(60, 12)))
    answer = await call(serve(control, (429, [b"throttled"]), attempts=1))
    assert (answer.status, answer.headers["limit-requests"]) == (429, "12/60")


async def test_a_key_without_limits_has_none_of_these_headers():
    answer = await call(serve())
    assert not any(name.startswith("limit-") for name in answer.headers)
    assert [name for name, _ in answer.lines].count("access-control-expose-headers") == 1


@pytest.mark.parametrize(
    ("headers", "pieces"),
    [((KEY, (b"content-length", b"1001")), [b""]), ((KEY,), [b"x" * 600, b"x" * 600])],
)
async def test_a_large_body_is_refused(headers, pieces):
    answer = await call(serve(limit=1000), headers=headers, pieces=pieces)
    assert answer.body == b"too_large"


async def test_a_body_may_come_in_pieces():
    answer = await call(serve(), pieces=[b'{"str', b'eam":', b"true}"])
    assert answer.complete


async def test_an_unknown_path_and_a_wrong_method():
    assert (await call(serve(), path="/v1/embeddings")).body == b"route_not_found"
    answer = await call(serve(), method="GET")
    assert answer.body == b"method_not_allowed"
    assert answer.headers["allow"] == "POST"


async def test_a_defect_of_ours_is_a_500_without_details(caplog):
    answer = await call(serve(None, (200, [ZeroDivisionError("secret detail")])))
    assert answer.body == b"internal"
    assert b"secret" not in answer.body
    assert "request failed" in caplog.text


async def test_a_cut_stream_ends_with_the_error_event_and_no_end():
    answer = await call(serve(None, (200, [b"t Hel\n", b"x unavailable\n"])))
    assert (answer.status, answer.body, answer.complete) == (200, b"<Hel>!upstream_error", False)


async def test_a_client_that_leaves_ends_the_upstream_and_is_settled():
    control = FakeControl()
    waiting = asyncio.Event()

    async def forever():
        waiting.set()
        await asyncio.sleep(30)

    app = serve(control, (200, [b"t Hel\n", forever]))
    await asyncio.wait_for(call(app, leave_after=2), 2)
    assert control.outcomes[0].ending is Ending.CANCELLED
    assert waiting.is_set()


async def test_a_late_stream_is_opened_and_kept_alive(monkeypatch):
    monkeypatch.setattr(connection, "OPEN_SECONDS", 0.02)
    monkeypatch.setattr(connection, "PERIOD_SECONDS", 0.02)

    async def later():
        await asyncio.sleep(0.1)
        return b"t lo\nf stop\n"

    answer = await call(serve(None, (200, [later])))
    assert answer.status == 200
    assert answer.body.startswith(b":ka\n:ka\n")
    assert answer.body.endswith(b"<lo>.")
    after = await call(serve(None, (200, [b"t Hel\n", later])))
    assert after.body.startswith(b"<Hel>:hb\n")


async def test_a_failure_after_opening_is_told_as_an_event(monkeypatch):
    monkeypatch.setattr(connection, "OPEN_SECONDS", 0.01)

    async def later():
        await asyncio.sleep(0.05)
        return b"x bad_request\n"

    answer = await call(serve(None, (200, [later])))
    assert (answer.status, answer.complete) == (200, False)
    assert answer.body.endswith(b"!invalid_request")


async def test_browsers_may_call_where_allowed():
    open_to_all = await call(serve(), method="OPTIONS", headers=((b"access-control-request-headers", b"x-api-key, anthropic-beta"),))
    assert open_to_all.status == 204
    assert open_to_all.headers["access-control-allow-origin"] == "*"
    assert open_to_all.headers["access-control-allow-headers"] == "x-api-key, anthropic-beta"
    strict = serve(origins=("https://app.example",))
    answer = await call(strict, headers=(KEY, (b"origin", b"https://app.example")))
    assert answer.headers["access-control-allow-origin"] == "https://app.example"
    assert "x-headgate-model" in answer.headers["access-control-expose-headers"]
    stranger = await call(serve(origins=("https://app.example",)), headers=(KEY, (b"origin", b"https://evil.example")))
    assert "access-control-allow-origin" not in stranger.headers


async def test_a_redirect_keeps_the_query():
    answer = await call(serve(), "GET", "/admin/%0a", headers=(), query=b"tab=2")
    assert answer.headers["location"] == "http://console/admin/%0a?tab=2"


async def test_what_a_client_names_cannot_break_a_header():
    client = connection.HttpClient(None, FakeDialect(), "req_1")
    client.say("x-headgate-dropped", "a\r\nset-cookie: b,\u4e16,ok")
    assert dict(client._all_headers())[b"x-headgate-dropped"] == b"a%0D%0Aset-cookie: b,%E4%B8%96,ok"


async def test_a_header_can_be_taken_back():
    client = connection.HttpClient(None, FakeDialect(), "req_1")
    client.say("x-headgate-dropped", "top_k")
    client.say("x-headgate-dropped", "")
    assert client._all_headers() == []


async def test_a_keep_alive_never_follows_the_end(monkeypatch):
    monkeypatch.setattr(connection, "OPEN_SECONDS", 0.0)
    monkeypatch.setattr(connection, "PERIOD_SECONDS", 0.0)
    sent = []

    async def send(message):
        sent.append(message)

    client = connection.HttpClient(send, FakeDialect(), "req_1")
    client.prepare(stream=True, fresh=lambda: None)
    await client.reply(b"refused", status=429)
    await asyncio.sleep(0.02)
    client.rest()
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]


async def test_a_client_that_takes_nothing_is_given_up_even_at_the_end(monkeypatch):
    monkeypatch.setattr(connection, "OPEN_SECONDS", 0.01)
    monkeypatch.setattr(connection, "PERIOD_SECONDS", 0.01)
    monkeypatch.setattr(connection, "STUCK_SECONDS", 0.03)
    gone = asyncio.Event()

    async def send(message):
        if message["type"] == "http.response.body":
            await asyncio.sleep(30)

    client = connection.HttpClient(send, FakeDialect(), "req_1")
    client.watch(gone.set)
    client.prepare(stream=True, fresh=lambda: None)
    finishing = asyncio.ensure_future(client.finish(b"the end"))
    await asyncio.wait_for(gone.wait(), 2)
    finishing.cancel()
    client.rest()


async def test_a_stop_is_told_to_whoever_still_waits():
    async def forever():
        await asyncio.sleep(30)

    control = FakeControl()
    task = asyncio.ensure_future(call(serve(control, (200, [b"t Hel\n", forever]))))
    await asyncio.sleep(0.05)
    task.cancel()
    answer = await task
    assert answer.body == b"<Hel>!standby"
    assert not answer.complete
    assert control.outcomes[0].ending is Ending.CANCELLED


async def test_pages():
    app = serve()
    assert (await call(app, "GET", "/v1/models")).body == b"model-1,alias"
    assert (await call(app, "GET", "/v1/models/alias")).body == b"alias"
    assert (await call(app, "GET", "/v1/models/nope")).body == b"model_not_found"
    assert (await call(app, "GET", "/v1/usage")).body == b"{}"
    assert json.loads((await call(app, "GET", "/health", headers=())).body) == {"status": "ok"}
    assert json.loads((await call(app, "GET", "/ready", headers=())).body)["status"] == "ready"
    assert b"headgate_requests" in (await call(app, "GET", "/metrics", headers=())).body
    assert (await call(app, "HEAD", "/", headers=())).status == 200
    for path in ("/", "/docs", "/admin/keys"):
        answer = await call(app, "GET", path, headers=())
        assert (answer.status, answer.headers["location"]) == (307, "http://console" + path)


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "address"),
    [
        ((), "10.0.0.1", "1.2.3.4", "10.0.0.1"),
        (("10.0.0.0/8",), "10.0.0.1", "1.2.3.4", "1.2.3.4"),
        (("10.0.0.0/8",), "10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.2", "1.2.3.4"),
        (("10.0.0.0/8",), "9.9.9.9", "1.2.3.4", "9.9.9.9"),
        (("10.0.0.0/8",), "10.0.0.1", "", "10.0.0.1"),
        (("10.0.0.0/8",), "10.0.0.1", "nonsense", "nonsense"),
        (("10.0.0.0/8",), "", "1.2.3.4", ""),
    ],
)
def test_the_clients_address_behind_proxies(trusted, peer, forwarded, address):
    assert Proxies(trusted).client(peer, forwarded) == address
