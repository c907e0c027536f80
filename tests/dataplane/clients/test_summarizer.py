"""The Summarizer port against a real gRPC server that follows a script; and while that is away."""

import asyncio
import contextlib
import socket

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataplane.clients import summarizer as module
from dataplane.clients.summarizer import Summarizer, pack
from dataplane.conversation.estimate import turn_tokens
from dataplane.conversation.model import Call, Document, Hit, Image, Reasoning, Search, Text, ToolCall, ToolResult, Turn
from dataplane.errors import Kind, NotFound, Unavailable
from dataplane.ports import Policy, Shortened, Shortening
from headgate import rpc
from headgate.api.compression.v1 import compression_service_pb2 as pb
from headgate.api.compression.v1 import conversation_pb2 as wire
from headgate.api.compression.v1 import policy_pb2
from headgate.api.compression.v1.compression_service_pb2_grpc import (
    CompressionServiceServicer,
    add_CompressionServiceServicer_to_server,
)

TOKEN = "shared"
UNAVAILABLE = (None, Shortened("unavailable"))
POLICY = Policy(True, 100, 20, 60.0, policy_pb2.Policy(enabled=True, model="small"))
SYSTEM = wire.Turn(role=wire.ROLE_SYSTEM, parts=[wire.Part(text="what the service thinks was said")])
SUMMARY = wire.Turn(role=wire.ROLE_USER, parts=[wire.Part(text="summary")])
NOTED = wire.Turn(role=wire.ROLE_ASSISTANT, parts=[wire.Part(text="noted")])


class Scripted(CompressionServiceServicer):
    """Gives `answer`, or ends with the status `code`; without `go` it is silent."""

    def __init__(self):
        self.asked, self.originals = [], []
        self.answer = pb.CompressResponse(unchanged=pb.CompressResponse.UNCHANGED_SHORT)
        self.code = None
        self.go, self.reached, self.cancelled = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.go.set()

    async def Compress(self, request, context):
        self.asked.append(request)
        await self.answering(context)
        return self.answer

    async def Original(self, request, context):
        self.originals.append(request)
        await self.answering(context)
        return pb.OriginalResponse(body=b'{"turns":[]}')

    async def answering(self, context):
        self.reached.set()
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        if self.code:
            await context.abort(self.code, "as the script says")


@contextlib.asynccontextmanager
async def served(scripted, port):
    server = rpc.server(f"127.0.0.1:{port}", TOKEN)
    add_CompressionServiceServicer_to_server(scripted, server)
    await server.start()
    try:
        yield server
    finally:
        await server.stop(None)


@contextlib.asynccontextmanager
async def connected(port, token=TOKEN):
    client = Summarizer(f"127.0.0.1:{port}", token)
    try:
        yield client
    finally:
        await client.close()


@pytest.fixture
async def service(free_port):
    scripted = Scripted()
    async with served(scripted, free_port):
        yield scripted


@pytest.fixture
async def summarizer(service, free_port):
    async with connected(free_port) as client:
        yield client


def conversation(count=6):
    turns = [Turn("assistant" if number % 2 else "user", [Text(f"turn {number}")]) for number in range(count)]
    turns.insert(1, Turn("system", [Text("instructions")]))
    return Call("m", turns, "openai")


def ask(seconds=30.0, **more):
    given = {"key_id": "k", "request_id": "req_1", "overhead_tokens": 7, "room_tokens": 900, "only_to_fit": True, "policy": POLICY}
    return Shortening(**{**given, **more}, seconds=seconds)


async def soon(awaitable):
    """Far sooner than anything that is waited for in vain."""
    async with asyncio.timeout(10):
        return await awaitable


async def arrived(client):
    """Who has just come is asked until he answers."""
    async with asyncio.timeout(20):
        while await client.compress(conversation(), ask(600)) == UNAVAILABLE:  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.02)


async def test_what_is_asked(service, summarizer):
    parts = [Text("hi"), ToolResult("c1", [Text("one"), Image("image/png", "AAAA"), Text("two")], is_error=True)]
    call = Call("m", [Turn("user", parts), Turn("assistant", [ToolCall("c2", "run", '{"a":1')])], "openai", system=["stays"])
    await soon(summarizer.compress(call, ask()))
    (asked,) = service.asked
    assert (asked.key_id, asked.request_id, asked.overhead_tokens, asked.room_tokens, asked.only_to_fit) == ("k", "req_1", 7, 900, True)
    assert (asked.policy.enabled, asked.policy.model) == (True, "small")
    first, second = asked.turns
    assert (first.role, first.parts[0].text) == (wire.ROLE_USER, "hi")
    result = first.parts[1].tool_result
    assert (result.call_id, list(result.text), result.is_error, result.opaque[0].kind) == ("c1", ["one", "two"], True, "image")
    assert second.parts[0].tool_call == wire.ToolCall(id="c2", name="run", arguments='{"a":1')
    assert [turn.tokens for turn in asked.turns] == [turn_tokens(turn) for turn in call.turns]


async def test_figures_and_a_policy_that_the_contract_cannot_hold(service, summarizer):
    await soon(summarizer.compress(conversation(), ask(overhead_tokens=2**40, room_tokens=-1, policy=Policy(enabled=True))))
    (asked,) = service.asked
    assert (asked.overhead_tokens, asked.room_tokens, asked.HasField("policy")) == (2**32 - 1, 0, False)


@pytest.mark.parametrize(
    ("unchanged", "recorded"),
    [
        (pb.CompressResponse.UNCHANGED_SHORT, None),
        (pb.CompressResponse.UNCHANGED_NO_GAIN, Shortened("no-gain", spent_tokens=3)),
        (pb.CompressResponse.UNCHANGED_MODEL_FAILED, Shortened("model-failed", spent_tokens=3)),
        (pb.CompressResponse.UNCHANGED_LATE, Shortened("late", spent_tokens=3)),
        (pb.CompressResponse.UNCHANGED_BUDGET, Shortened("budget", spent_tokens=3)),
        (99, Shortened("unavailable", spent_tokens=3)),
    ],
)
async def test_a_conversation_passes_and_why(service, summarizer, unchanged, recorded):
    service.answer = pb.CompressResponse(unchanged=unchanged, spent_tokens=3)
    assert await soon(summarizer.compress(conversation(), ask())) == (None, recorded)


@pytest.mark.parametrize(
    ("source", "how"),
    [
        (pb.CompressResponse.SOURCE_MODEL, "model"),
        (pb.CompressResponse.SOURCE_INCREMENTAL, "incremental"),
        (pb.CompressResponse.SOURCE_MEMORY, "memory"),
        (pb.CompressResponse.SOURCE_STORE, "store"),
        (99, "model"),
    ],
)
async def test_a_summary_stands_for_what_it_replaces(service, summarizer, source, how):
    service.answer = pb.CompressResponse(
        opening=[SYSTEM, SUMMARY, NOTED], standing=[1], replaced_turns=4, saved_tokens=50, spent_tokens=5, source=source
    )
    call = conversation()
    turns, recorded = await soon(summarizer.compress(call, ask()))
    assert recorded == Shortened(how, 4, 50, 5)
    assert turns == [call.turns[1], Turn("user", [Text("summary")]), Turn("assistant", [Text("noted")]), *call.turns[4:]]
    # What the client sent is not believed anew.
    assert turns[0] is call.turns[1]
    assert all(mine is theirs for mine, theirs in zip(turns[3:], call.turns[4:], strict=True))


@pytest.mark.parametrize(
    "answer",
    [
        pb.CompressResponse(),
        pb.CompressResponse(opening=[SUMMARY]),
        pb.CompressResponse(opening=[SUMMARY], replaced_turns=8),
        pb.CompressResponse(replaced_turns=4),
        # Of the turns that stand, each is there once, in its order, and was replaced.
        pb.CompressResponse(opening=[SYSTEM, SUMMARY], replaced_turns=4),
        pb.CompressResponse(opening=[SUMMARY], standing=[1], replaced_turns=4),
        pb.CompressResponse(opening=[SYSTEM], standing=[1], replaced_turns=4),
        pb.CompressResponse(opening=[SYSTEM, SUMMARY], standing=[4], replaced_turns=4),
        pb.CompressResponse(opening=[SYSTEM, SYSTEM, SUMMARY], standing=[1, 1], replaced_turns=4),
        pb.CompressResponse(opening=[SYSTEM, SYSTEM, SUMMARY], standing=[2, 1], replaced_turns=4),
        # A turn of the summarizer's own is words, and one side's.
        pb.CompressResponse(opening=[wire.Turn(role=wire.ROLE_USER)], replaced_turns=4),
        pb.CompressResponse(opening=[wire.Turn(parts=[wire.Part(text="x")])], replaced_turns=4),
        pb.CompressResponse(opening=[wire.Turn(role=wire.ROLE_USER, parts=[wire.Part(text="")])], replaced_turns=4),
        pb.CompressResponse(
            opening=[wire.Turn(role=wire.ROLE_ASSISTANT, parts=[wire.Part(tool_call=wire.ToolCall(id="c", name="run"))])],
            replaced_turns=4,
        ),
    ],
)
async def test_an_answer_that_cannot_be_is_not_believed(service, summarizer, answer, caplog):
    service.answer = answer
    answer.spent_tokens = 9
    assert await soon(summarizer.compress(conversation(), ask())) == (None, Shortened("unavailable", spent_tokens=9))
    assert "req_1" in caplog.text
    assert "summary" not in caplog.text


async def test_all_of_a_conversation_may_be_replaced(service, summarizer):
    service.answer = pb.CompressResponse(opening=[SUMMARY], replaced_turns=7)
    assert (await soon(summarizer.compress(conversation(), ask())))[0] == [Turn("user", [Text("summary")])]


async def test_half_a_surrogate_pair_can_be_asked_about(service, summarizer):
    call = Call("m", [Turn("user", [Text("a \ud83d b")]), Turn("assistant", [ToolCall("c", "run", "\udc00")])], "openai")
    assert await soon(summarizer.compress(call, ask())) == (None, None)
    assert [service.asked[0].turns[0].parts[0].text, service.asked[0].turns[1].parts[0].tool_call.arguments] == ["a \\ud83d b", "\\udc00"]


# ---- what the summarizer cannot read

FIELD = st.text(max_size=4)
IMAGES = st.builds(Image, FIELD, FIELD, FIELD)
DOCUMENTS = st.builds(Document, FIELD, FIELD, FIELD, FIELD, FIELD)
REASONING = st.builds(Reasoning, FIELD, st.none() | FIELD, st.none() | FIELD)
SEARCHES = st.builds(Search, st.just("id"), FIELD, st.lists(st.builds(Hit, FIELD, FIELD, FIELD, FIELD), max_size=2), FIELD)
OPAQUE = st.one_of(IMAGES, DOCUMENTS, REASONING, SEARCHES)


def packed(part):
    return pack([Turn("user", [part])])[0].parts[0].opaque


@given(OPAQUE, OPAQUE)
def test_parts_that_differ_are_not_taken_for_one(one, other):
    alike = (packed(one).kind, packed(one).digest) == (packed(other).kind, packed(other).digest)
    assert alike == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Image(data="AB"), Image(data="A", url="B")),
        (Document(text="a", url="bc"), Document(text="ab", url="c")),
        (Reasoning("a", signature=""), Reasoning("a")),
        (Search("1", "q", [Hit("a", "b")]), Search("1", "q", [Hit("a", "b"), Hit("", "")])),
    ],
)
def test_where_a_field_ends_matters(one, other):
    assert packed(one).digest != packed(other).digest


def test_where_a_picture_stood_in_the_body_does_not_matter():
    assert packed(Image(data="A", where="messages[1]")).digest == packed(Image(data="A", where="messages[2]")).digest


def test_each_kind_has_its_name():
    kinds = [packed(part).kind for part in (Image(), Document(), Reasoning(), Search("", ""))]
    assert kinds == ["image", "document", "reasoning", "search"]


# ---- when it is away


async def test_nobody_waits_for_a_service_that_is_not_there(free_port):
    async with connected(free_port) as client:
        assert await soon(client.compress(conversation(), ask(600))) == UNAVAILABLE
        assert await soon(client.compress(conversation(), ask(600))) == UNAVAILABLE


async def test_one_that_comes_is_found(free_port):
    async with connected(free_port) as client:
        assert await soon(client.compress(conversation(), ask(600))) == UNAVAILABLE
        async with served(Scripted(), free_port):
            await arrived(client)


async def test_nobody_waits_for_a_host_that_does_not_answer():
    with socket.create_server(("127.0.0.1", 0)) as deaf:  # takes connections, and never says a word
        async with connected(deaf.getsockname()[1]) as client:
            assert await soon(client.compress(conversation(), ask(600))) == UNAVAILABLE
            assert await soon(client.compress(conversation(), ask(600))) == UNAVAILABLE


async def test_a_silent_service_is_left_alone_for_a_while(service, summarizer, monkeypatch):
    monkeypatch.setattr(module, "SILENT_SECONDS", 0.1)
    service.go.clear()
    assert await soon(summarizer.compress(conversation(), ask(0.2))) == UNAVAILABLE
    assert await soon(summarizer.compress(conversation(), ask(600))) == UNAVAILABLE
    assert len(service.asked) == 1


async def test_who_had_no_time_says_nothing_of_the_service(service, summarizer):
    service.go.clear()
    assert await soon(summarizer.compress(conversation(), ask(0.2))) == UNAVAILABLE
    service.go.set()
    assert await soon(summarizer.compress(conversation(), ask())) == (None, None)


@pytest.mark.parametrize("seconds", [0.0, -1.0])
async def test_without_time_nothing_is_asked(service, summarizer, seconds):
    assert await soon(summarizer.compress(conversation(), ask(seconds))) == (None, Shortened("late"))
    assert service.asked == []


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL, grpc.StatusCode.RESOURCE_EXHAUSTED])
async def test_a_refusal_is_no_reason_to_stay_away(service, summarizer, code):
    service.code = code
    assert await soon(summarizer.compress(conversation(), ask())) == UNAVAILABLE
    service.code = None
    assert await soon(summarizer.compress(conversation(), ask())) == (None, None)


async def test_without_the_shared_secret(service, free_port, caplog):
    async with connected(free_port, "another") as client:
        assert await soon(client.compress(conversation(), ask())) == UNAVAILABLE
    assert service.asked == []
    assert "another" not in caplog.text


async def test_a_request_that_ends_ends_the_call(service, summarizer):
    service.go.clear()
    asking = asyncio.ensure_future(summarizer.compress(conversation(), ask(600)))
    await soon(service.reached.wait())
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await soon(service.cancelled.wait())


async def test_a_request_that_ends_while_connecting_harms_no_other(monkeypatch):
    monkeypatch.setattr(module, "CONNECT_SECONDS", 600)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        async with connected(deaf.getsockname()[1]) as client:
            gone, other = (asyncio.ensure_future(client.compress(conversation(), ask(seconds))) for seconds in (600, 0.5))
            await asyncio.sleep(0)
            gone.cancel()
            with pytest.raises(asyncio.CancelledError):
                await gone
            assert await soon(other) == UNAVAILABLE


async def test_a_service_that_goes_away_leaves_nobody_waiting(free_port):
    scripted = Scripted()
    scripted.go.clear()
    async with connected(free_port) as client:
        async with served(scripted, free_port):
            asking = [asyncio.ensure_future(client.compress(conversation(), ask(600))) for _ in range(50)]
            await soon(scripted.reached.wait())
            asking[7].cancel()
        answers = await soon(asyncio.gather(*asking, return_exceptions=True))
        assert isinstance(answers.pop(7), asyncio.CancelledError)
        assert answers == [UNAVAILABLE] * 49
        async with served(Scripted(), free_port):
            await arrived(client)


async def test_what_was_closed_passes_everything(service, free_port):
    async with connected(free_port) as client:
        await arrived(client)
    assert await soon(client.compress(conversation(), ask())) == UNAVAILABLE


# ---- originals


async def test_an_original_is_the_keys_own(service, summarizer):
    assert await soon(summarizer.original("k", "req_1")) == b'{"turns":[]}'
    assert service.originals == [pb.OriginalRequest(request_id="req_1", key_id="k")]


async def test_without_a_key_nobodys_original_is_asked_for(service, summarizer):
    with pytest.raises(NotFound):
        await soon(summarizer.original("", "req_1"))
    assert service.originals == []


@pytest.mark.parametrize(
    ("code", "error", "kind"),
    [
        (grpc.StatusCode.NOT_FOUND, NotFound, Kind.NOT_KEPT),
        (grpc.StatusCode.INVALID_ARGUMENT, NotFound, Kind.NOT_KEPT),
        (grpc.StatusCode.UNAVAILABLE, Unavailable, Kind.STORE_AWAY),
        (grpc.StatusCode.INTERNAL, Unavailable, Kind.STORE_AWAY),
    ],
)
async def test_an_original_that_cannot_be_had(service, summarizer, code, error, kind):
    service.code = code
    with pytest.raises(error) as caught:
        await soon(summarizer.original("k", "req_1"))
    assert caught.value.kind is kind
    assert "script" not in caught.value.message


async def test_an_original_while_the_service_is_away(free_port):
    async with connected(free_port) as client:
        with pytest.raises(Unavailable) as caught:
            await soon(client.original("k", "req_1"))
    assert (caught.value.kind, caught.value.retry_after) == (Kind.STORE_AWAY, 2)
