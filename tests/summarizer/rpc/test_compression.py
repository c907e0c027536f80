"""CompressionService: the wire, with compressing and keeping that are made up."""

import asyncio
import json

import grpc
import pytest
from prometheus_client import CollectorRegistry

from headgate import rpc
from headgate.api.compression.v1 import compression_service_pb2 as pb
from headgate.api.compression.v1 import conversation_pb2, policy_pb2
from headgate.api.compression.v1.compression_service_pb2_grpc import CompressionServiceStub, add_CompressionServiceServicer_to_server
from summarizer.compressing import Passed, Shortened, Source, Why
from summarizer.compression_figures import CompressionFigures
from summarizer.errors import Absent, StoreAway
from summarizer.originals import Keeping
from summarizer.rpc import compression_wire as wire
from summarizer.rpc.compression import Compression, seconds
from summarizer.shortening.assembly import Assembled
from summarizer.shortening.conversation import Call, Opaque, Result, Text
from summarizer.shortening.policy import Policy
from tests.summarizer.conversations import assistant, chat, system, user

PARTS = [
    conversation_pb2.Part(text="hello"),
    conversation_pb2.Part(tool_call=conversation_pb2.ToolCall(id="c", name="Read", arguments="{")),
    conversation_pb2.Part(opaque=conversation_pb2.Opaque(kind="image", digest=b"1")),
]
RESULT = conversation_pb2.ToolResult(
    call_id="c", text=["a", "b"], is_error=True, opaque=[conversation_pb2.Opaque(kind="document", digest=b"2")]
)
TURNS = [
    conversation_pb2.Turn(role=conversation_pb2.ROLE_ASSISTANT, parts=PARTS, tokens=7),
    conversation_pb2.Turn(role=conversation_pb2.ROLE_USER, parts=[conversation_pb2.Part(tool_result=RESULT)], tokens=9),
]
OPENING = [system("be brief"), user("[Summary]"), assistant("Understood.")]
DONE = Shortened(Assembled(OPENING, 5, (1,), 90), ((2, b"n1"), (5, b"n2")), Source.INCREMENTAL, 40, 12)


class Compressing:
    def __init__(self, said=None):
        self.said = said
        self.asked = []

    async def compress(self, errand, conversation, policy, seconds):
        self.asked.append((errand, conversation, policy, seconds))
        return self.said


class Originals:
    def __init__(self):
        self.kept, self.known = [], set()
        self.fails: list[Exception] = []

    async def keep(self, replaced):
        if self.fails:
            raise self.fails.pop(0)
        if not replaced.passages and replaced.passage not in self.known:
            raise Absent("nothing is kept up to there")
        self.known.update(passage.name for passage in replaced.passages)
        self.kept.append(replaced)

    async def find(self, request_id, key_id, now):
        if self.fails:
            raise self.fails.pop(0)
        for replaced in self.kept:
            if replaced.request_id == request_id and key_id in ("", replaced.key_id):
                return replaced
        raise Absent("nothing is kept")


@pytest.fixture
async def world(free_port):
    """The service behind real gRPC; what it was made of, and a stub."""
    compressing, originals = Compressing(), Originals()
    keeping = Keeping(originals, lambda: 1_700_000_000_000)
    server = rpc.server(f"127.0.0.1:{free_port}", None)
    add_CompressionServiceServicer_to_server(Compression(compressing, keeping, CompressionFigures(CollectorRegistry())), server)
    await server.start()
    async with rpc.channel(f"127.0.0.1:{free_port}") as channel:
        yield compressing, originals, keeping, CompressionServiceStub(channel)
    await server.stop(0)


def request(turns=TURNS, **more):
    return pb.CompressRequest(**{"key_id": "k", "request_id": "req_1", "turns": turns, **more})


async def test_what_is_asked_arrives_as_values(world):
    compressing, _, _, stub = world
    compressing.said = Passed(Why.LATE, 3)
    policy = policy_pb2.Policy(enabled=True, turns=100, ratio_thousandths=200, model="m", original_hours=5, seconds=20)
    answer = await stub.Compress(request(overhead_tokens=5, room_tokens=1000, only_to_fit=True, policy=policy), timeout=60)
    assert answer == pb.CompressResponse(unchanged=pb.CompressResponse.UNCHANGED_LATE, spent_tokens=3)
    ((errand, conversation, got, left),) = compressing.asked
    assert (errand.key_id, errand.request_id) == ("k", "req_1")
    assert [(turn.role, turn.parts, turn.tokens) for turn in conversation.turns] == [
        ("assistant", (Text("hello"), Call("c", "Read", "{"), Opaque("image")), 7),
        ("user", (Result("c", "a\nb", True, ("document",)),), 9),
    ]
    assert (conversation.overhead, conversation.room, left) == (5, 1000, 20)
    assert got == Policy(turns=100, ratio=0.2, model="m", original_hours=5, seconds=20, only_to_fit=True)


def test_a_digest_stands_for_all_of_the_content_and_for_nothing_else():
    def digests(change):
        turns = [conversation_pb2.Turn.FromString(turn.SerializeToString()) for turn in TURNS]
        change(turns)
        return [turn.digest for turn in wire.conversation(request(turns)).turns]

    def opaque(turns):
        turns[0].parts[2].opaque.digest = b"x"

    def nested(turns):
        turns[1].parts[0].tool_result.opaque[0].digest = b"x"

    def role(turns):
        turns[0].role = conversation_pb2.ROLE_USER

    def texts(turns):
        turns[1].parts[0].tool_result.text[:] = ["a\nb"]

    def tokens(turns):
        turns[0].tokens = 1000

    same = digests(lambda _: None)
    assert digests(tokens) == same
    for change in (opaque, nested, role, texts):
        assert digests(change) != same, change


@pytest.mark.parametrize(
    "wrong",
    [{"key_id": ""}, {"request_id": ""}, {"turns": [conversation_pb2.Turn(parts=PARTS)]}, {"turns": [conversation_pb2.Turn(role=9)]}],
)
async def test_what_cannot_be_meant_is_refused(world, wrong):
    with pytest.raises(grpc.aio.AioRpcError) as told:
        await world[3].Compress(request(**wrong))
    assert told.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_a_policy_stays_within_its_ranges():
    wild = policy_pb2.Policy(tokens=1, turns=1, keep_turns=1000, batch_turns=1000, ratio_thousandths=999, life_minutes=99, seconds=1)
    assert wire.policy(request(policy=wild)) == Policy(
        tokens=10_000, turns=20, keep_turns=100, batch_turns=20, ratio=0.5, life_minutes=60, seconds=5, original_hours=0
    )


def test_what_the_data_plane_takes_for_long_comes_first_however_short():
    policy = policy_pb2.Policy(tokens=20_000)
    assert wire.policy(request(policy=policy)).tokens == 20_000
    assert wire.policy(request(policy=policy, threshold_tokens=4_000)).tokens == 4_000


@pytest.mark.parametrize(("policy", "left", "expected"), [(60, None, 60), (60, 30, 29.5), (20, 30, 20), (60, 0.1, 0.25)])
def test_an_answer_is_ready_before_nobody_waits_any_more(policy, left, expected):
    assert seconds(policy, left) == expected


@pytest.mark.parametrize("why", list(Why))
async def test_every_reason_has_a_name(world, why):
    world[0].said = Passed(why)
    answer = await world[3].Compress(request())
    assert pb.CompressResponse.Unchanged.Name(answer.unchanged) == f"UNCHANGED_{why.name}"


async def test_what_is_shortened_is_answered_and_kept(world):
    compressing, originals, keeping, stub = world
    compressing.said = DONE
    answer = await stub.Compress(request(list(map(spelled, chat(3)))[:6], policy=policy_pb2.Policy(original_hours=2)))
    assert [(turn.role, [part.text for part in turn.parts]) for turn in answer.opening] == [
        (conversation_pb2.ROLE_SYSTEM, ["be brief"]),
        (conversation_pb2.ROLE_USER, ["[Summary]"]),
        (conversation_pb2.ROLE_ASSISTANT, ["Understood."]),
    ]
    figures = (answer.replaced_turns, answer.saved_tokens, answer.spent_tokens, list(answer.standing))
    assert figures == (5, 40, 12, [1])
    assert answer.source == pb.CompressResponse.SOURCE_INCREMENTAL
    await keeping.drain()
    (replaced,) = originals.kept
    assert [(part.name, part.previous, part.first, len(json.loads(part.turns))) for part in replaced.passages] == [
        (b"n1", b"", 0, 2),
        (b"n2", b"n1", 2, 3),
    ]
    found = json.loads((await stub.Original(pb.OriginalRequest(request_id="req_1", key_id="k"))).body)
    assert [turn["parts"][0]["text"] for turn in found["turns"]] == ["question 0", "answer 0", "question 1", "answer 1", "question 2"]
    assert [turn["role"] for turn in found["replacedBy"]] == ["system", "user", "assistant"]
    assert {name: found[name] for name in ("requestId", "replacedTurns", "savedTokens", "spentTokens", "source", "at", "expiresAt")} == {
        "requestId": "req_1",
        "replacedTurns": 5,
        "savedTokens": 40,
        "spentTokens": 12,
        "source": "incremental",
        "at": "2023-11-14T22:13:20Z",
        "expiresAt": "2023-11-15T00:13:20Z",
    }
    assert json.loads((await stub.Original(pb.OriginalRequest(request_id="req_1"))).body) == found


async def test_what_is_known_to_be_kept_is_not_written_again_unless_it_has_gone(world):
    compressing, originals, keeping, stub = world
    compressing.said = DONE
    asked = request(list(map(spelled, chat(3)))[:6], policy=policy_pb2.Policy(original_hours=2))
    for _ in range(2):
        await stub.Compress(asked)
        await keeping.drain()
    originals.known.clear()
    await stub.Compress(asked)
    await keeping.drain()
    assert [len(replaced.passages) for replaced in originals.kept] == [2, 0, 2]


async def test_nothing_is_kept_where_nobody_wants_it_and_a_store_that_is_away_hurts_nobody(world):
    compressing, originals, keeping, stub = world
    compressing.said = DONE
    await stub.Compress(request(policy=policy_pb2.Policy(original_hours=0)))
    originals.fails = [StoreAway()]
    assert (await stub.Compress(request(policy=policy_pb2.Policy(original_hours=1)))).replaced_turns == 5
    await keeping.drain()
    assert originals.kept == []


@pytest.mark.parametrize(("failure", "code"), [(Absent("nothing"), grpc.StatusCode.NOT_FOUND), (StoreAway(), grpc.StatusCode.UNAVAILABLE)])
async def test_an_original_that_is_not_there(world, failure, code):
    world[1].fails = [failure]
    with pytest.raises(grpc.aio.AioRpcError) as told:
        await world[3].Original(pb.OriginalRequest(request_id="req_9", key_id="k"))
    assert told.value.code() is code


async def test_another_key_finds_nothing(world):
    compressing, _, keeping, stub = world
    compressing.said = DONE
    await stub.Compress(request(policy=policy_pb2.Policy(original_hours=1)))
    await keeping.drain()
    with pytest.raises(grpc.aio.AioRpcError):
        await stub.Original(pb.OriginalRequest(request_id="req_1", key_id="other"))


async def test_a_call_that_is_given_up_ends_the_work(world):
    compressing, _, _, stub = world
    begun, ended = asyncio.Event(), asyncio.Event()

    async def forever(*_):
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    compressing.compress = forever
    call = stub.Compress(request())
    waiting = asyncio.ensure_future(call.code())
    await asyncio.wait_for(begun.wait(), 5)
    call.cancel()
    await asyncio.wait_for(ended.wait(), 5)
    await waiting


async def test_of_a_defect_nobody_is_told_a_word_of_what_was_said(world, caplog):
    defect = ValueError("what nobody else may read")

    async def broken(*_):
        raise defect

    world[0].compress = broken
    world[1].fails = [defect]
    for call in (world[3].Compress(request()), world[3].Original(pb.OriginalRequest(request_id="req_1"))):
        with pytest.raises(grpc.aio.AioRpcError) as told:
            await call
        assert (told.value.code(), told.value.details()) == (grpc.StatusCode.INTERNAL, "a defect of the summarizer")
    assert "failed method=Compress error=ValueError" in caplog.text
    assert "failed method=Original error=ValueError" in caplog.text
    assert "nobody else" not in caplog.text


async def test_a_growing_conversation_is_written_out_once(world):
    compressing, originals, keeping, stub = world
    turns = list(map(spelled, chat(9)))
    for count in (1, 2, 3):
        marks = tuple((2 * at, b"n%d" % at) for at in range(1, count + 1))
        compressing.said = Shortened(Assembled(OPENING, 2 * count, (1,), 90), marks, Source.INCREMENTAL, 40, 12)
        await stub.Compress(request(turns, policy=policy_pb2.Policy(original_hours=2)))
        await keeping.drain()
    assert [[(part.name, part.previous, part.first) for part in replaced.passages] for replaced in originals.kept] == [
        [(b"n1", b"", 0)],
        [(b"n2", b"n1", 2)],
        [(b"n3", b"n2", 4)],
    ]


async def test_what_waits_to_be_kept_is_bounded(world, monkeypatch, caplog):
    compressing, originals, keeping, stub = world
    compressing.said, gate = DONE, asyncio.Event()
    keep = originals.keep

    async def slow(replaced):
        await gate.wait()
        await keep(replaced)

    monkeypatch.setattr(originals, "keep", slow)
    monkeypatch.setattr("summarizer.originals.MOST_WAITING_TOKENS", 2000)
    for _ in range(4):  # of 700 tokens each
        await stub.Compress(request(list(map(spelled, chat(3))), policy=policy_pb2.Policy(original_hours=2)))
    gate.set()
    await keeping.drain()
    assert (len(originals.kept), keeping._waiting_tokens) == (2, 0)
    assert "too much waits to be stored" in caplog.text


def spelled(turn):
    return wire.turn(turn)
